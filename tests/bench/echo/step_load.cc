#include "tests/bench/echo/step_load.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <deque>
#include <thread>

#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "sequent/v1/predictor.grpc.pb.h"

namespace sequent::echo {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;
using google::protobuf::io::CodedOutputStream;
using grpc::ByteBuffer;

constexpr char kIdStart[] = "bench-";
constexpr uint32_t kLengthDelimited = 2;
constexpr uint32_t kRequestsTag = v1::PredictStreamRequest::kRequestsFieldNumber << 3 | 2;
constexpr uint32_t kResponsesTag = v1::PredictStreamResponse::kResponsesFieldNumber << 3 | 2;
constexpr uint32_t kSessionTag = v1::PredictResponse::kSessionIdFieldNumber << 3 | 2;
constexpr uint32_t kStepTag = v1::PredictResponse::kStepFieldNumber << 3;
constexpr uint32_t kStatusTag = v1::PredictResponse::kStatusFieldNumber << 3 | 2;

int64_t Now() { return Clock::Real()->Nanos(); }

struct Session {
  v1::PredictRequest request;  // the next one, but for its numbers
  uint64_t step = 0;           // of the last one sent
  int64_t sent_nanos = 0;
  bool looked_at = false;  // an answer of this run has been parsed whole
};

void SetNext(Session* session, const std::string& model) {
  v1::PredictRequest& request = session->request;
  const uint64_t step = ++session->step;
  request.set_request_id(StrCat("r", step));
  request.set_step(step);
  request.set_acked_step(step - 1);
  request.set_start(step == 1);
  request.set_model(step == 1 ? model : "");
}

ByteBuffer Pack(const std::vector<Session*>& sessions) {
  size_t bytes = 0;
  for (const Session* session : sessions) {
    const size_t size = session->request.ByteSizeLong();
    bytes += 1 + CodedOutputStream::VarintSize32(static_cast<uint32_t>(size)) + size;
  }
  grpc::Slice slice(bytes);
  auto* out = const_cast<uint8_t*>(slice.begin());
  for (const Session* session : sessions) {
    out = CodedOutputStream::WriteTagToArray(kRequestsTag, out);
    out = CodedOutputStream::WriteVarint32ToArray(
        static_cast<uint32_t>(session->request.GetCachedSize()), out);
    out = session->request.SerializeWithCachedSizesToArray(out);
  }
  return ByteBuffer(&slice, 1);
}

// What the load wants to know of an answer.
struct Glimpse {
  std::string_view session_id;
  uint64_t step = 0;
  bool failed = false;  // has a status
};

bool Look(std::string_view bytes, Glimpse* glimpse) {
  CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                      static_cast<int>(bytes.size()));
  while (const uint32_t tag = in.ReadTag()) {
    if (tag == kStepTag) {
      google::protobuf::uint64 step;
      if (!in.ReadVarint64(&step)) return false;
      glimpse->step = step;
      continue;
    }
    if ((tag & 7) != kLengthDelimited) {
      if (!WireFormatLite::SkipField(&in, tag)) return false;
      continue;
    }
    uint32_t size;
    if (!in.ReadVarint32(&size)) return false;
    if (tag == kSessionTag) glimpse->session_id = bytes.substr(in.CurrentPosition(), size);
    if (tag == kStatusTag) glimpse->failed = true;
    if (!in.Skip(static_cast<int>(size))) return false;
  }
  return true;
}

}  // namespace

double LoadResult::Latency(double quantile) const {
  if (latencies.empty()) return 0;
  const auto last = static_cast<double>(latencies.size() - 1);
  return latencies[static_cast<size_t>(quantile * last)];
}

class StepLoad::Impl {
 public:
  class Stream;

  Impl(const std::string& address, const LoadShape& load_shape, const v1::PredictRequest& input,
       std::string model_name)
      : shape(load_shape),
        model(std::move(model_name)),
        sessions(shape.sessions),
        channel(grpc::CreateChannel(address, grpc::InsecureChannelCredentials())),
        stub(channel) {
    static uint64_t epoch = 0;  // of another load the same sessions live another life
    ++epoch;
    for (size_t i = 0; i < sessions.size(); ++i) {
      sessions[i].request = input;
      sessions[i].request.set_session_id(StrCat(kIdStart, i));
      sessions[i].request.set_epoch(epoch);
    }
  }

  StatusOr<LoadResult> Run(double warm_seconds, double seconds, const std::function<void()>& begin,
                           const std::function<void()>& end);

  const LoadShape shape;
  const std::string model;
  std::vector<Session> sessions;
  const std::shared_ptr<grpc::Channel> channel;
  grpc::GenericStub stub;
};

// One call, and the sessions that it carries.
class StepLoad::Impl::Stream final : public grpc::ClientBidiReactor<ByteBuffer, ByteBuffer> {
 public:
  Stream(Impl* load, const std::vector<Session*>& sessions)
      : load_(load), idle_(sessions.begin(), sessions.end()) {
    for (Session* session : idle_) session->looked_at = false;
    load_->stub.PrepareBidiStreamingCall(&context_, "/sequent.v1.Predictor/PredictStream", {},
                                         this);
    StartRead(&read_buffer_);
    StartCall();
    MutexLock lock(&mutex_);
    SendFull();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    MutexLock lock(&mutex_);
    if (Status status = Receive(); !status.ok() && error_.ok()) error_ = std::move(status);
    SendFull();
    StartRead(&read_buffer_);
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(&mutex_);
    writing_ = false;
    if (ok) WriteNext();
  }

  void OnDone(const grpc::Status& status) override {
    MutexLock lock(&mutex_);
    if (error_.ok() && !status.ok()) error_ = absl::UnavailableError(status.error_message());
    over_ = true;
    changed_.NotifyAll();
  }

  // What has been counted so far, and from now on; `latencies` are those since then.
  LoadResult Count() {
    MutexLock lock(&mutex_);
    return std::exchange(counted_, {});
  }

  // Sends no more, waits for the answers and for the call's end.
  Status Stop() {
    MutexLock lock(&mutex_);
    stopping_ = true;
    WriteNext();
    if (!error_.ok()) context_.TryCancel();
    while (!over_) changed_.Wait(&mutex_);
    return error_;
  }

 private:
  void SendFull() SEQ_REQUIRES(mutex_) {
    while (!stopping_ && error_.ok() && idle_.size() >= load_->shape.per_message) {
      std::vector<Session*> sessions;
      for (size_t i = 0; i < load_->shape.per_message; ++i) {
        sessions.push_back(idle_.front());
        idle_.pop_front();
        SetNext(sessions.back(), load_->model);
      }
      unanswered_ += sessions.size();
      outbox_.push_back(std::move(sessions));
    }
    WriteNext();
  }

  void WriteNext() SEQ_REQUIRES(mutex_) {
    if (writing_ || closed_) return;
    if (!outbox_.empty()) {
      write_buffer_ = Pack(outbox_.front());
      writing_ = true;
      const int64_t now = Now();
      for (Session* session : outbox_.front()) session->sent_nanos = now;
      outbox_.pop_front();
      ++counted_.messages;
      StartWrite(&write_buffer_);
    } else if (stopping_ && unanswered_ == 0) {
      closed_ = true;
      StartWritesDone();
    }
  }

  Status Receive() SEQ_REQUIRES(mutex_) {
    grpc::Slice slice;
    if (!read_buffer_.DumpToSingleSlice(&slice).ok()) return absl::InternalError("no bytes");
    const std::string_view bytes(reinterpret_cast<const char*>(slice.begin()), slice.size());
    ++counted_.answers;
    const int64_t now = Now();
    CodedInputStream in(slice.begin(), static_cast<int>(slice.size()));
    while (const uint32_t tag = in.ReadTag()) {
      uint32_t size;
      if (tag != kResponsesTag || !in.ReadVarint32(&size)) return absl::DataLossError("no answer");
      SEQ_RETURN_IF_ERROR(ReceiveOne(bytes.substr(in.CurrentPosition(), size), now));
      in.Skip(static_cast<int>(size));
    }
    return absl::OkStatus();
  }

  Status ReceiveOne(std::string_view bytes, int64_t now) SEQ_REQUIRES(mutex_) {
    Glimpse glimpse;
    if (!Look(bytes, &glimpse)) return absl::DataLossError("an answer that does not parse");
    Session* const session = SessionOf(glimpse.session_id);
    if (session == nullptr) return absl::DataLossError("an answer for nobody");
    if (glimpse.failed || !session->looked_at) SEQ_RETURN_IF_ERROR(LookAt(bytes, session));
    if (glimpse.step != session->step) {
      return absl::DataLossError(
          StrCat("expected the answer of step ", session->step, ", got ", glimpse.step));
    }
    ++counted_.steps;
    counted_.latencies.push_back(static_cast<float>(now - session->sent_nanos) * 1e-3f);
    --unanswered_;
    idle_.push_back(session);
    return absl::OkStatus();
  }

  Session* SessionOf(std::string_view id) {
    size_t index = load_->sessions.size();
    if (id.size() < sizeof kIdStart) return nullptr;
    std::from_chars(id.data() + sizeof kIdStart - 1, id.data() + id.size(), index);
    return index < load_->sessions.size() ? &load_->sessions[index] : nullptr;
  }

  static Status LookAt(std::string_view bytes, Session* session) {
    session->looked_at = true;
    v1::PredictResponse response;
    if (!response.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return absl::DataLossError("an answer that does not parse");
    }
    if (response.status().code() != 0) return absl::InternalError(response.status().message());
    if (response.heads().empty() || response.request_id() != session->request.request_id()) {
      return absl::DataLossError(StrCat("an unexpected answer: ", response.ShortDebugString()));
    }
    return absl::OkStatus();
  }

  Impl* const load_;
  grpc::ClientContext context_;
  ByteBuffer read_buffer_, write_buffer_;
  Mutex mutex_;
  CondVar changed_;
  std::deque<Session*> idle_ SEQ_GUARDED_BY(mutex_);
  std::deque<std::vector<Session*>> outbox_ SEQ_GUARDED_BY(mutex_);
  size_t unanswered_ SEQ_GUARDED_BY(mutex_) = 0;
  LoadResult counted_ SEQ_GUARDED_BY(mutex_);
  Status error_ SEQ_GUARDED_BY(mutex_);
  bool writing_ SEQ_GUARDED_BY(mutex_) = false;
  bool stopping_ SEQ_GUARDED_BY(mutex_) = false;
  bool closed_ SEQ_GUARDED_BY(mutex_) = false;
  bool over_ SEQ_GUARDED_BY(mutex_) = false;
};

StatusOr<LoadResult> StepLoad::Impl::Run(double warm_seconds, double seconds,
                                         const std::function<void()>& begin,
                                         const std::function<void()>& end) {
  std::vector<std::unique_ptr<Stream>> streams;
  const size_t per_stream = shape.sessions / shape.streams;
  for (size_t i = 0; i < shape.streams; ++i) {
    std::vector<Session*> own;
    for (size_t k = 0; k < per_stream; ++k) own.push_back(&sessions[i * per_stream + k]);
    streams.push_back(std::make_unique<Stream>(this, own));
  }
  std::this_thread::sleep_for(std::chrono::duration<double>(warm_seconds));
  for (const auto& stream : streams) stream->Count();
  begin();
  const int64_t began = Now();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  end();
  LoadResult total;
  total.seconds = static_cast<double>(Now() - began) * 1e-9;
  for (const auto& stream : streams) {
    LoadResult part = stream->Count();
    total.steps += part.steps;
    total.messages += part.messages;
    total.answers += part.answers;
    total.latencies.insert(total.latencies.end(), part.latencies.begin(), part.latencies.end());
  }
  Status error;
  for (const auto& stream : streams) {
    if (Status status = stream->Stop(); error.ok()) error = std::move(status);
  }
  SEQ_RETURN_IF_ERROR(error);
  std::sort(total.latencies.begin(), total.latencies.end());
  return total;
}

StepLoad::StepLoad(const std::string& address, const LoadShape& shape,
                   const v1::PredictRequest& input, const std::string& model)
    : impl_(std::make_unique<Impl>(address, shape, input, model)) {}
StepLoad::~StepLoad() = default;

StatusOr<LoadResult> StepLoad::Run(double warm_seconds, double seconds,
                                   const std::function<void()>& begin,
                                   const std::function<void()>& end) {
  return impl_->Run(warm_seconds, seconds, begin, end);
}

StatusOr<v1::PredictResponse> OneAnswer(const std::string& address, const v1::PredictRequest& input,
                                        const std::string& model) {
  const auto stub =
      v1::Predictor::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  v1::PredictResponse response;
  Session session;
  session.request = input;
  session.request.set_session_id("pattern");
  session.request.set_epoch(1);
  for (int i = 0; i < 2; ++i) {
    SetNext(&session, model);
    grpc::ClientContext context;
    const grpc::Status status = stub->Predict(&context, session.request, &response);
    if (!status.ok()) return absl::UnavailableError(status.error_message());
  }
  return response;
}

}  // namespace sequent::echo
