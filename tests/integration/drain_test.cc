// How a server goes down: in this process, and the real program told by signals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <atomic>
#include <future>
#include <map>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/integration/server_fixture.h"
#include "tests/integration/server_process.h"
#include "tests/integration/wire.h"

namespace sequent::rpc {
namespace {

using testing::HasSubstr;

using HealthResponse = grpc::health::v1::HealthCheckResponse;

class Drain : public ServerTest {
 protected:
  HealthResponse::ServingStatus Health(const std::string& service) {
    const auto stub = grpc::health::v1::Health::NewStub(channel());
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(service);
    HealthResponse response;
    EXPECT_TRUE(stub->Check(NewContext().get(), request, &response).ok());
    return response.status();
  }
  // Waits to the end, without skipping; seconds by the fake clock.
  double DrainSeconds() {
    const int64_t begin = clock.Nanos();
    server()->BeginDrain();
    server()->WaitDrained([this](double seconds) {
      clock.AdvanceSeconds(seconds);
      std::this_thread::yield();
      return false;
    });
    return static_cast<double>(clock.Nanos() - begin) * 1e-9;
  }
};

TEST_F(Drain, NewSessionsAreRefusedAndLiveOnesGoOn) {
  MustPredict(PlainRows("live", 1, 1));
  StreamClient stream(predictor());
  EXPECT_EQ(stream.Ask(PlainRows("live_too", 1, 1)).status().code(), 0);
  server()->BeginDrain();
  v1::PredictResponse response;
  const grpc::Status refused = Predict(PlainRows("new", 1, 1), &response);
  EXPECT_EQ(refused.error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(ReasonOf(refused), Reason::kDraining);
  EXPECT_EQ(stream.Ask(PlainRows("new", 1, 1)).status().reason(), v1::DRAINING);
  EXPECT_EQ(MustPredict(PlainRows("live", 2, 1)).next_step(), 3u);
  EXPECT_EQ(stream.Ask(PlainRows("live_too", 2, 1)).next_step(), 3u);
}

TEST_F(Drain, EveryStreamGetsANotice) {
  StreamClient before(predictor());
  EXPECT_EQ(before.Ask(PlainRows("s", 1, 1)).status().code(), 0);
  server()->BeginDrain();
  StreamClient after(predictor());
  for (StreamClient* stream : {&before, &after}) {
    stream->WritesDone();
    EXPECT_TRUE(stream->Finish().ok());
    ASSERT_EQ(stream->notices().size(), 1u);
    EXPECT_EQ(stream->notices()[0].code(), grpc::UNAVAILABLE);
    EXPECT_EQ(stream->notices()[0].reason(), v1::DRAINING);
  }
}

TEST_F(Drain, HealthTurnsNotServing) {
  server();
  EXPECT_EQ(Health(""), HealthResponse::SERVING);
  EXPECT_EQ(Health("plain"), HealthResponse::SERVING);
  EXPECT_EQ(HttpGet(server()->metrics_port(), "/readyz").code, 200);
  server()->BeginDrain();
  EXPECT_EQ(Health(""), HealthResponse::NOT_SERVING);
  EXPECT_EQ(Health("plain"), HealthResponse::NOT_SERVING);
  EXPECT_EQ(HttpGet(server()->metrics_port(), "/readyz").code, 503);
  EXPECT_EQ(HttpGet(server()->metrics_port(), "/healthz").code, 200);
}

TEST_F(Drain, ImportsAreRefused) {
  MustPredict(PlainRows("s", 1, 1));
  v1::ExportSessionRequest request;
  request.set_session_id("s");
  v1::ImportSessionRequest import;
  server()->BeginDrain();
  ASSERT_TRUE(predictor()->ExportSession(NewContext().get(), request, import.mutable_state()).ok());
  import.set_session_id("t");
  v1::SessionInfo info;
  EXPECT_EQ(ReasonOf(predictor()->ImportSession(NewContext().get(), import, &info)),
            Reason::kDraining);
}

TEST_F(Drain, IsOverOnceNothingHasBeenInFlightForAWhile) {
  options.clock = &clock;
  // The fake clock may run far before the last answer's bookkeeping is done.
  options.drain_timeout_seconds = 1e8;
  StreamClient idle(predictor());
  EXPECT_EQ(idle.Ask(PlainRows("s", 1, 1)).status().code(), 0);
  EXPECT_LT(DrainSeconds(), 1e7);
}

TEST_F(Drain, IsOverWhenItHasTakenTooLong) {
  Pause();
  options.drain_timeout_seconds = 8;
  StreamClient stream(predictor());
  Queue(&stream, {PlainRows("s", 1, 1)});
  EXPECT_NEAR(DrainSeconds(), 8, 0.1);
  auto refused = std::async(std::launch::async, [&] { return stream.Next(); });
  server()->Shutdown();
  EXPECT_EQ(refused.get().value_or(v1::PredictResponse()).status().reason(), v1::DRAINING);
}

TEST_F(Drain, IsOverWhenItsWaitIsSkipped) {
  options.drain_timeout_seconds = 3600;
  MustPredict(PlainRows("s", 1, 1));
  server()->BeginDrain();
  server()->WaitDrained([](double) { return true; });
}

TEST_F(Drain, AtItsEndStreamsEndUnavailable) {
  StreamClient stream(predictor());
  EXPECT_EQ(stream.Ask(PlainRows("s", 1, 1)).status().code(), 0);
  server()->BeginDrain();
  auto end = std::async(std::launch::async, [&] { return stream.Finish(); });
  server()->Shutdown();
  EXPECT_EQ(end.get().error_code(), grpc::UNAVAILABLE);
}

// One stream of the load: steps its sessions until it is refused or the stream ends, and keeps
// what was answered.
struct Load {
  std::map<std::string, std::vector<v1::PredictResponse>> answers;
  std::vector<std::string> errors;
  grpc::Status end;
  bool noticed = false, refused = false;

  std::atomic<uint64_t> rounds{0};

  void Run(v1::Predictor::Stub* stub, int number) {
    StreamClient stream(stub);
    for (uint64_t step = 1; Round(&stream, number, step); ++step) rounds.store(step);
    end = stream.Finish();
    noticed = !stream.notices().empty();
  }

  // Every session's step `step` in one message.
  bool Round(StreamClient* stream, int number, uint64_t step) {
    constexpr int kSessions = 8;
    std::vector<v1::PredictRequest> requests;
    for (int i = 0; i < kSessions; ++i) {
      requests.push_back(PlainRows(absl::StrCat("load/", number, "/", i), step, 1));
    }
    if (!stream->Send(requests)) return false;
    for (int i = 0; i < kSessions; ++i) {
      const auto answer = stream->Next();
      if (!answer.has_value()) return false;
      if (answer->status().code() == 0) {
        answers[answer->session_id()].push_back(*answer);
      } else if (answer->status().reason() == v1::DRAINING) {
        refused = true;
      } else {
        errors.push_back(answer->status().message());
      }
    }
    return !refused && errors.empty();
  }
};

class Program : public ServerTest {
 protected:
  // Loads the server over four streams; gives it `signals` once it is busy, the second one after a
  // stream has been told of the first.
  void SignalUnderLoad(ServerProcess* process, int signals) {
    std::vector<std::unique_ptr<v1::Predictor::Stub>> stubs;
    std::vector<std::future<void>> running;
    for (size_t i = 0; i < loads_.size(); ++i) {
      stubs.push_back(process->NewStub());
      running.push_back(std::async(std::launch::async, [this, i, stub = stubs.back().get()] {
        loads_[i].Run(stub, static_cast<int>(i));
      }));
    }
    for (const Load& load : loads_) {
      ASSERT_TRUE(Eventually([&] { return load.rounds.load() > 20; }));
    }
    const auto idle_stub = process->NewStub();
    StreamClient idle(idle_stub.get());
    EXPECT_EQ(idle.Ask(PlainRows("idle", 1, 1)).status().code(), 0);
    process->Signal(SIGTERM);
    if (signals > 1) {
      // New sessions are refused from the moment the drain begins.
      while (idle.Ask(PlainRows("", 0, 1)).status().code() == 0 && idle.notices().empty()) {
      }
      process->Signal(SIGTERM);
    }
    for (auto& load : running) load.get();
  }

  // Each acknowledged step is there once, in order, and says what an undisturbed server says.
  void ExpectNothingLostOrDoubled() {
    for (const Load& load : loads_) {
      EXPECT_EQ(load.errors, std::vector<std::string>());
      EXPECT_EQ(load.end.error_code(), grpc::UNAVAILABLE) << load.end.error_message();
      EXPECT_TRUE(load.noticed);
      EXPECT_EQ(load.answers.size(), 8u);
      for (const auto& [session, answers] : load.answers) ExpectUndisturbed(session, answers);
    }
  }
  void ExpectUndisturbed(const std::string& session,
                         const std::vector<v1::PredictResponse>& answers) {
    const auto rows = static_cast<uint32_t>(answers.size());
    std::vector<float> said;
    for (uint32_t i = 0; i < rows; ++i) {
      ASSERT_EQ(answers[i].step(), i + 1) << session;
      ASSERT_EQ(answers[i].next_step(), i + 2) << session;
      for (const float value : Flat(answers[i])) said.push_back(value);
    }
    auto whole = PlainRows("", 1, rows);
    whole.set_step(0);
    EXPECT_EQ(Bits(said), Bits(Flat(MustPredict(whole)))) << session;
  }

  std::array<Load, 4> loads_;
};

TEST_F(Program, ToldToEndUnderLoadKeepsEveryAcknowledgedStepAndExitsWith0) {
  ServerProcess process({"--repository=" + repository.path(), "--drain-timeout=600ms"});
  ASSERT_GT(process.port(), 0) << process.log();
  SignalUnderLoad(&process, 1);
  EXPECT_EQ(process.Wait(), 0) << process.log();
  EXPECT_THAT(process.log(), HasSubstr("draining"));
  EXPECT_THAT(process.log(), HasSubstr("stopped"));
  ExpectNothingLostOrDoubled();
}

TEST_F(Program, ToldTwiceDoesNotWait) {
  ServerProcess process({"--repository=" + repository.path(), "--drain-timeout=1h"});
  ASSERT_GT(process.port(), 0) << process.log();
  SignalUnderLoad(&process, 2);
  EXPECT_EQ(process.Wait(), 0) << process.log();
  ExpectNothingLostOrDoubled();
}

TEST_F(Program, ToldToEndWhileIdleExitsWith0) {
  ServerProcess process({"--repository=" + repository.path()});
  ASSERT_GT(process.port(), 0) << process.log();
  process.Signal(SIGINT);
  EXPECT_EQ(process.Wait(), 0) << process.log();
}

TEST_F(Program, WithoutARepositoryItCanReadCannotStart) {
  ServerProcess process({"--repository=" + repository.path() + "/nothing-here"});
  EXPECT_EQ(process.port(), 0);
  EXPECT_EQ(process.Wait(), 3);
  EXPECT_THAT(process.log(), HasSubstr("nothing-here"));
}

TEST_F(Program, OnATakenPortCannotStart) {
  ServerProcess process({"--repository=" + repository.path(),
                         "--listen=127.0.0.1:" + std::to_string(server()->port())});
  EXPECT_EQ(process.port(), 0);
  EXPECT_EQ(process.Wait(), 3);
  EXPECT_THAT(process.log(), HasSubstr("cannot listen"));
}

TEST_F(Program, WithABadFlagEndsWith2AndNamesIt) {
  ServerProcess process({"--repository=" + repository.path(), "--session-ttl=soon"});
  EXPECT_EQ(process.Wait(), 2);
  EXPECT_THAT(process.log(), HasSubstr("--session-ttl"));
}

}  // namespace
}  // namespace sequent::rpc
