#include "tests/bench/session/crowd.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "core/base/random.h"
#include "core/base/status.h"

namespace sequent::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Stream = grpc::ClientReaderWriter<v1::PredictStreamRequest, v1::PredictStreamResponse>;

// Twice this is under --max-inflight-per-stream: what has been answered just now may still count.
constexpr size_t kRequestsAtOnce = 120;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "session_bench: %s\n", what.c_str());
  std::exit(1);
}

void CheckOk(const v1::PredictResponse& response) {
  if (response.status().code() != 0) Die("a request failed: " + response.status().message());
}

// 36 characters, as a UUID has.
std::string IdOf(size_t session) {
  const RandomStream random(1, 0, 0);
  const uint64_t high = random.Bits(2 * session), low = random.Bits(2 * session + 1);
  char id[37];
  std::snprintf(id, sizeof id, "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16 & 0xffff), static_cast<unsigned>(high & 0xffff),
                static_cast<unsigned>(low >> 48),
                static_cast<unsigned long long>(low & 0xffff'ffff'ffff));
  return id;
}

}  // namespace

Crowd::Crowd(const std::string& repository) : server_({"--repository=" + repository}) {
  if (server_.port() == 0) Die("the server did not start:\n" + server_.log());
  stub_ = server_.NewStub();
}

v1::PredictRequest Crowd::Request(size_t session) const {
  v1::PredictRequest request;
  request.set_session_id(IdOf(session));
  return request;
}

v1::PredictRequest Crowd::StepOf(size_t session) const {
  v1::PredictRequest request = Request(session);
  const uint32_t step = next_steps_[session];
  if (step == 1) request.set_model("gru");
  request.set_step(step);
  request.set_acked_step(step - 1);
  request.mutable_floats()->set_width(1);
  request.mutable_floats()->add_values(static_cast<float>(session % 100) / 100);
  return request;
}

template <typename MakeRequest>
void Crowd::AskAll(size_t first, size_t end, MakeRequest make) {
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = stub_->PredictStream(&context);
  for (size_t session = first; session < end;) {
    v1::PredictStreamRequest message;
    for (size_t i = 0; i < kRequestsAtOnce && session < end; ++i) {
      *message.add_requests() = make(session++);
    }
    if (!stream->Write(message)) break;
    v1::PredictStreamResponse answers;
    for (int answered = 0; answered < message.requests_size() && stream->Read(&answers);) {
      for (const auto& response : answers.responses()) CheckOk(response);
      answered += answers.responses_size();
    }
  }
  stream->WritesDone();
  if (const grpc::Status status = stream->Finish(); !status.ok()) Die(status.error_message());
}

void Crowd::GrowTo(size_t count, size_t acked_at_once) {
  size_t first = size();
  next_steps_.resize(count, 1);
  while (first < count) {
    const size_t end = std::min(count, first + acked_at_once);
    AskAll(first, end, [&](size_t session) { return StepOf(session); });
    AskAll(first, end, [&](size_t session) {
      v1::PredictRequest request = Request(session);
      request.set_acked_step(next_steps_[session]++);
      return request;
    });
    first = end;
  }
}

void Crowd::Close() {
  AskAll(0, size(), [&](size_t session) {
    v1::PredictRequest request = Request(session);
    request.set_end(true);
    return request;
  });
  next_steps_.clear();
}

std::vector<double> Crowd::Step(double rate, double seconds, uint64_t seed) {
  const auto count = static_cast<size_t>(rate * seconds);
  const RandomStream random(seed, 0, 0);
  std::vector<SteadyClock::time_point> sent(count);
  std::vector<double> latencies(count);
  grpc::ClientContext context;
  const std::unique_ptr<Stream> stream = stub_->PredictStream(&context);
  std::thread reader([&] {
    v1::PredictStreamResponse answers;
    while (stream->Read(&answers)) {
      const SteadyClock::time_point now = SteadyClock::now();
      for (const auto& response : answers.responses()) {
        CheckOk(response);
        const size_t i = std::strtoull(response.request_id().c_str(), nullptr, 10);
        latencies[i] = std::chrono::duration<double>(now - sent[i]).count();
      }
    }
  });
  const SteadyClock::time_point start = SteadyClock::now();
  for (size_t i = 0; i < count; ++i) {
    v1::PredictStreamRequest message;
    const size_t session = random.Bits(i) % size();
    *message.add_requests() = StepOf(session);
    message.mutable_requests(0)->set_request_id(std::to_string(i));
    ++next_steps_[session];
    std::this_thread::sleep_until(start + std::chrono::duration_cast<SteadyClock::duration>(
                                              std::chrono::duration<double>(double(i) / rate)));
    sent[i] = SteadyClock::now();
    stream->Write(message);
  }
  stream->WritesDone();
  reader.join();
  if (const grpc::Status end = stream->Finish(); !end.ok()) Die(end.error_message());
  return latencies;
}

Resident Crowd::resident() const {
  std::ifstream status("/proc/" + std::to_string(server_.pid()) + "/status");
  Resident resident;
  for (std::string line; std::getline(status, line);) {
    const auto kib = [&] { return std::strtoull(line.c_str() + line.find(':') + 1, nullptr, 10); };
    if (line.rfind("VmRSS:", 0) == 0) resident.now = kib() * 1024;
    if (line.rfind("VmHWM:", 0) == 0) resident.peak = kib() * 1024;
  }
  return resident;
}

}  // namespace sequent::bench
