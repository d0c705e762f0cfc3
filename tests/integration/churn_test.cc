// Clients that do anything to the same few sessions at once: nothing is lost, nothing stays behind.
#include <gtest/gtest.h>

#include <set>

#include "core/base/random.h"
#include "tests/integration/rollouts.h"
#include "tests/integration/wire.h"

namespace sequent::rpc {
namespace {

// One client: draws what it does next, and keeps the reasons it was refused for.
class Client {
 public:
  Client(v1::Predictor::Stub* stub, uint64_t seed) : stub_(stub), random_(seed, 0, 0) {}

  void Run(int operations) {
    auto stream = std::make_unique<StreamClient>(stub_);
    for (int i = 0; i < operations; ++i) {
      switch (Draw(12)) {
        case 0:
          return_codes.insert(Close());
          break;
        case 1:
          return_codes.insert(Fork());
          break;
        case 2:
          return_codes.insert(Move());
          break;
        case 3:
          return_codes.insert(RollOut());
          break;
        case 4:  // drops the stream with requests under way
          stream->Send({Step(), Step(), Step()});
          stream->Cancel();
          stream = std::make_unique<StreamClient>(stub_);
          break;
        default:
          AskAtOnce(stream.get(), 1 + Draw(6));
      }
    }
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
  }

  std::set<int> return_codes;
  uint64_t answered = 0;

 private:
  size_t Draw(size_t n) { return static_cast<size_t>(random_.Uniform(next_++) * double(n)); }
  std::string Id() { return StrCat("s", Draw(6)); }

  v1::PredictRequest Step() {
    const std::string id = Id();
    auto request = Draw(3) == 0 ? Text(id, 0, "caf\xc3") : PlainRows(id, 0, 1 + uint32_t(Draw(4)));
    request.set_step(Draw(4) == 0 ? Draw(8) : 0);
    request.set_start(Draw(3) == 0);
    request.set_end(Draw(10) == 0);
    request.set_epoch(Draw(4));
    if (Draw(6) == 0) request.set_timeout_ms(1);
    if (Draw(20) == 0) request.set_model("no-such-model");
    return request;
  }

  // Sends so many in one message; every one is answered.
  void AskAtOnce(StreamClient* stream, size_t count) {
    std::vector<v1::PredictRequest> requests(count);
    for (auto& request : requests) request = Step();
    ASSERT_TRUE(stream->Send(requests));
    for (size_t i = 0; i < count; ++i) {
      const auto answer = stream->Next();
      ASSERT_TRUE(answer.has_value());
      return_codes.insert(answer->status().code());
      ++answered;
    }
  }
  int Close() {
    v1::CloseSessionRequest request;
    request.set_session_id(Id());
    v1::CloseSessionResponse response;
    return stub_->CloseSession(NewContext().get(), request, &response).error_code();
  }
  int Fork() {
    v1::ForkSessionRequest request;
    request.set_session_id(Id());
    request.set_new_session_id(Id());
    v1::SessionInfo info;
    return stub_->ForkSession(NewContext().get(), request, &info).error_code();
  }
  int Move() {
    v1::ExportSessionRequest request;
    request.set_session_id(Id());
    request.set_close(Draw(2) == 0);
    v1::ImportSessionRequest import;
    import.set_session_id(Id());
    const auto status = stub_->ExportSession(NewContext().get(), request, import.mutable_state());
    if (!status.ok()) return status.error_code();
    v1::SessionInfo info;
    return stub_->ImportSession(NewContext().get(), import, &info).error_code();
  }
  // Reads some of it, all of it, or nothing.
  int RollOut() {
    v1::RolloutRequest request;
    request.set_session_id(Id());
    request.set_text("a");
    request.set_steps(200);
    request.set_commit(Draw(3) == 0);
    request.set_step(request.commit() ? 1 + Draw(8) : 0);
    const auto context = NewContext();
    const auto reader = stub_->Rollout(context.get(), request);
    v1::RolloutResponse part;
    const size_t wanted = Draw(400);
    for (size_t i = 0; i < wanted && reader->Read(&part); ++i) {
    }
    context->TryCancel();
    return reader->Finish().error_code();
  }

  v1::Predictor::Stub* const stub_;
  const RandomStream random_;
  uint64_t next_ = 0;
};

class Churn : public ServerTest {
 protected:
  // The values of a gauge, summed over the series that have `label`.
  double Gauge(const std::string& name, const std::string& label = "") {
    const std::string page = StrCat("\n", HttpGet(server()->metrics_port(), "/metrics").body);
    double sum = 0;
    for (size_t at = 0; (at = page.find("\n" + name + "{", at)) != std::string::npos; ++at) {
      const size_t end = page.find("} ", at);
      if (page.substr(at, end - at).find(label) == std::string::npos) continue;
      sum += std::stod(page.substr(end + 2));
    }
    return sum;
  }
};

TEST_F(Churn, LeavesNothingBehind) {
  options.engine.max_session_queue = 4;
  options.engine.max_sessions = 5;
  options.engine.max_tick_steps = 2;
  constexpr uint64_t kClients = 4;
  std::vector<std::unique_ptr<v1::Predictor::Stub>> stubs;
  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::future<void>> running;
  for (uint64_t seed = 0; seed < kClients; ++seed) {
    stubs.push_back(v1::Predictor::NewStub(NewChannel()));
    clients.push_back(std::make_unique<Client>(stubs.back().get(), seed));
    running.push_back(
        std::async(std::launch::async, [client = clients.back().get()] { client->Run(250); }));
  }
  for (auto& client : running) client.get();
  EXPECT_TRUE(ArriveInFlight(0));
  for (const auto& client : clients) {
    EXPECT_GT(client->answered, 100u);
    EXPECT_EQ(client->return_codes.count(grpc::OK), 1u);
    EXPECT_EQ(client->return_codes.count(grpc::INTERNAL), 0u);
    EXPECT_EQ(client->return_codes.count(grpc::UNKNOWN), 0u);
    EXPECT_EQ(client->return_codes.count(grpc::UNAVAILABLE), 0u);
  }
  v1::ListSessionsResponse live;
  ASSERT_TRUE(predictor()->ListSessions(NewContext().get(), {}, &live).ok());
  EXPECT_EQ(Gauge("sequent_sessions_active"), live.sessions_size());
  for (const auto& session : live.sessions()) {
    EXPECT_EQ(session.queued_requests(), 0u);
    EXPECT_TRUE(CloseSession(session.session_id()).ok());
  }
  EXPECT_EQ(Gauge("sequent_sessions_active"), 0);
  EXPECT_EQ(Gauge("sequent_ready_sessions"), 0);
  EXPECT_TRUE(
      Eventually([&] { return Gauge("sequent_session_state_bytes", "tier=\"memory\"") == 0; }));
  for (int i = 0; i < 5; ++i) MustPredict(PlainRows(StrCat("room/", i), 1, 1));
}

}  // namespace
}  // namespace sequent::rpc
