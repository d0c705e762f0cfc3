// What a server does not do without end: queues, sessions, answers, messages, connections, time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "tests/integration/server_fixture.h"
#include "tests/integration/wire.h"

namespace sequent::rpc {
namespace {

using testing::HasSubstr;

class Bounds : public ServerTest {
 protected:
  // Runs ticks until there has been nothing to do for a long while.
  void DriveUntilQuiet() {
    using Clock = std::chrono::steady_clock;
    for (auto busy = Clock::now(); Clock::now() - busy < std::chrono::milliseconds(300);) {
      server()->engine()->RunTick() ? void(busy = Clock::now()) : std::this_thread::yield();
    }
  }
  // A unary call that is refused.
  grpc::Status Refusal(const v1::PredictRequest& request) {
    v1::PredictResponse response;
    return Predict(request, &response);
  }
};

TEST_F(Bounds, AFullSessionQueueRefusesAtOnceAndSaysWhenToComeBack) {
  Pause();
  options.engine.max_session_queue = 3;
  StreamClient stream(predictor());
  Queue(&stream, {PlainRows("s", 1, 1), PlainRows("s", 2, 1), PlainRows("s", 3, 1)});
  const grpc::Status refused = Refusal(PlainRows("s", 4, 1));  // no tick has run
  EXPECT_EQ(refused.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(refused), Reason::kQueueFull);
  EXPECT_GT(RetryDelayOf(refused), 0);
  Drive();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(stream.Next()->status().code(), 0);
  EXPECT_EQ(WithTicks([&] { return MustPredict(PlainRows("s", 4, 1)); }).next_step(), 5u);
}

TEST_F(Bounds, AFullServerRefusesAtOnceWhateverTheSession) {
  Pause();
  options.engine.max_queued_steps = 10;
  StreamClient stream(predictor());
  Queue(&stream, {PlainRows("a", 1, 10)});
  const grpc::Status refused = Refusal(PlainRows("b", 1, 1));
  EXPECT_EQ(refused.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(refused), Reason::kQueueFull);
  EXPECT_GT(RetryDelayOf(refused), 0);
  EXPECT_EQ(SessionGone("b"), Reason::kSessionUnknown);
  Drive();
  EXPECT_EQ(stream.Next()->next_step(), 11u);
  EXPECT_TRUE(WithTicks([&] { return MustPredict(PlainRows("b", 1, 1)); }).created());
}

TEST_F(Bounds, AFullQueueIsAnsweredAtOnceOnAStreamToo) {
  Pause();
  options.engine.max_session_queue = 2;
  StreamClient stream(predictor());
  std::vector<v1::PredictRequest> requests;
  for (uint64_t step = 1; step <= 3; ++step) {
    requests.push_back(PlainRows("s", step, 1));
    requests.back().set_request_id(std::to_string(step));
  }
  ASSERT_TRUE(stream.Send(requests));
  const auto refused = stream.Next();  // no tick has run
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->request_id(), "3");
  EXPECT_EQ(refused->status().reason(), v1::QUEUE_FULL);
  Drive();
  EXPECT_EQ(stream.Next()->request_id(), "1");
  EXPECT_EQ(stream.Next()->request_id(), "2");
}

TEST_F(Bounds, AnUnnumberedRequestBehindOneRefusedForLackOfRoomIsRefusedToo) {
  Pause();
  options.engine.max_session_queue = 2;
  StreamClient stream(predictor());
  const auto unnumbered = PlainRows("s", 0, 1);
  ASSERT_TRUE(stream.Send({PlainRows("s", 1, 1), unnumbered, unnumbered}));
  EXPECT_EQ(stream.Next()->status().reason(), v1::QUEUE_FULL);
  Drive();
  EXPECT_EQ(stream.Next()->next_step(), 2u);
  EXPECT_EQ(stream.Next()->next_step(), 3u);
  const auto ask = [&](const v1::PredictRequest& request) {
    return WithTicks([&] { return stream.Ask(request); });
  };
  EXPECT_EQ(ask(unnumbered).status().reason(), v1::PREVIOUS_STEP_FAILED);
  EXPECT_EQ(ask(PlainRows("s", 3, 1)).next_step(), 4u);
  EXPECT_EQ(ask(unnumbered).next_step(), 5u);
}

TEST_F(Bounds, ARequestOnAStreamThatWaitedTooLongIsNotRun) {
  Pause();
  StreamClient stream(predictor());
  auto request = PlainRows("s", 1, 1);
  request.set_timeout_ms(50);
  Queue(&stream, {request});
  clock.AdvanceSeconds(0.06);
  Drive();
  const auto answer = stream.Next();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status().code(), grpc::DEADLINE_EXCEEDED);
  EXPECT_EQ(answer->status().reason(), v1::DEADLINE);
  EXPECT_EQ(SessionGone("s"), Reason::kSessionUnknown);
}

TEST_F(Bounds, ARequestOnAStreamThatWaitedShortlyIsRun) {
  Pause();
  StreamClient stream(predictor());
  auto request = PlainRows("s", 1, 1);
  request.set_timeout_ms(50);
  Queue(&stream, {request});
  clock.AdvanceSeconds(0.04);
  Drive();
  EXPECT_EQ(stream.Next()->next_step(), 2u);
}

TEST_F(Bounds, ADeadlineThatPassesAfterTheFirstTickChangesNothing) {
  Pause();
  options.engine.max_tick_steps = 2;
  StreamClient stream(predictor());
  auto request = PlainRows("s", 1, 6);
  request.set_timeout_ms(50);
  Queue(&stream, {request});
  ASSERT_TRUE(server()->engine()->RunTick());
  clock.AdvanceSeconds(1);
  Drive();
  EXPECT_EQ(stream.Next()->next_step(), 7u);
}

TEST_F(Bounds, AUnaryCallWhoseDeadlineHasPassedIsNotRun) {
  Pause();
  auto late = PredictLater(PlainRows("s", 1, 1));  // its deadline is a minute ahead
  ASSERT_TRUE(ArriveInFlight(1));
  clock.AdvanceSeconds(61);
  Drive();
  const UnaryAnswer answer = late.get();
  EXPECT_EQ(answer.status.error_code(), grpc::DEADLINE_EXCEEDED);
  EXPECT_EQ(ReasonOf(answer.status), Reason::kDeadline);
  EXPECT_EQ(SessionGone("s"), Reason::kSessionUnknown);
}

TEST_F(Bounds, ACallGivenUpByItsClientIsNotRun) {
  Pause();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(100));
  v1::PredictResponse response;
  const grpc::Status status = predictor()->Predict(&context, PlainRows("s", 1, 1), &response);
  EXPECT_EQ(status.error_code(), grpc::DEADLINE_EXCEEDED);
  clock.AdvanceSeconds(1);
  EXPECT_TRUE(WithTicks([&] { return ArriveInFlight(0); }));
  EXPECT_EQ(SessionGone("s"), Reason::kSessionUnknown);
}

TEST_F(Bounds, ANewSessionBeyondTheLimitIsRefusedAndLiveOnesGoOn) {
  options.engine.max_sessions = 2;
  MustPredict(PlainRows("a", 1, 1));
  MustPredict(PlainRows("b", 1, 1));
  const grpc::Status refused = Refusal(PlainRows("c", 1, 1));
  EXPECT_EQ(refused.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(refused), Reason::kSessionLimit);
  EXPECT_EQ(MustPredict(PlainRows("a", 2, 1)).next_step(), 3u);
  EXPECT_EQ(MustPredict(PlainRows("b", 2, 1)).next_step(), 3u);
  for (int i = 0; i < 50; ++i) {  // the place is free as soon as one has heard so
    ASSERT_TRUE(CloseSession(i == 0 ? "a" : StrCat("c", i)).ok());
    ASSERT_TRUE(MustPredict(PlainRows(StrCat("c", i + 1), 1, 1)).created());
  }
}

TEST_F(Bounds, ANewSessionBeyondTheMemoryOfSessionsIsRefused) {
  options.engine.max_session_bytes = 1;
  MustPredict(PlainRows("a", 1, 1));
  EXPECT_EQ(ReasonOf(Refusal(PlainRows("b", 1, 1))), Reason::kSessionLimit);
  EXPECT_EQ(MustPredict(PlainRows("a", 2, 1)).next_step(), 3u);
}

TEST_F(Bounds, AStatelessRequestNeedsNoPlaceAmongTheSessions) {
  options.engine.max_sessions = 1;
  MustPredict(PlainRows("a", 1, 1));
  EXPECT_EQ(MustPredict(PlainRows("", 0, 3)).steps(), 3u);
}

TEST_F(Bounds, AnAnswerThatCouldGrowTooLongIsRefusedBeforeAnythingRuns) {
  options.engine.max_reply_bytes = 8192;
  auto request = Text("s", 1, std::string(500, 'a'));
  const grpc::Status refused = Refusal(request);
  EXPECT_EQ(refused.error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ReasonOf(refused), Reason::kOutputTooLong);
  EXPECT_THAT(refused.error_message(), HasSubstr("8192"));
  EXPECT_EQ(SessionGone("s"), Reason::kSessionUnknown);
  request.mutable_output()->set_last_step_only(true);
  EXPECT_EQ(MustPredict(request).next_step(), 501u);
}

TEST_F(Bounds, AnswersArePutTogetherUpToTheLargestAnswer) {
  options.engine.max_reply_bytes = 30'000;
  v1::PredictStreamRequest message;
  for (uint64_t i = 0; i < 60; ++i) *message.add_requests() = Text("s", 1 + 10 * i, "abcdefghij");
  const RawStreamResult result =
      RawStream(channel(), "/sequent.v1.Predictor/PredictStream", {message.SerializeAsString()});
  EXPECT_TRUE(result.status.ok());
  int answers = 0;
  for (const std::string& bytes : result.messages) {
    EXPECT_LE(bytes.size(), 30'000u);
    v1::PredictStreamResponse part;
    ASSERT_TRUE(part.ParseFromString(bytes));
    answers += part.responses_size();
  }
  EXPECT_EQ(answers, 60);
}

TEST_F(Bounds, RequestsBeyondTheStreamsShareAreRefusedAtOnce) {
  Pause();
  options.max_inflight_per_stream = 3;
  StreamClient stream(predictor());
  std::vector<v1::PredictRequest> requests;
  for (const char* id : {"a", "b", "c", "d", "e"}) requests.push_back(PlainRows(id, 1, 1));
  ASSERT_TRUE(stream.Send(requests));
  std::set<std::string> refused;
  for (int i = 0; i < 2; ++i) {  // no tick has run
    const auto answer = stream.Next();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status().reason(), v1::QUEUE_FULL);
    refused.insert(answer->session_id());
  }
  EXPECT_EQ(refused, (std::set<std::string>{"d", "e"}));
  Drive();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(stream.Next()->status().code(), 0);
}

TEST_F(Bounds, AFullStreamRestsAndGoesOnWhenItHasBeenAnswered) {
  options.max_inflight_per_stream = 2;
  StreamClient stream(predictor());
  for (uint64_t step = 1; step <= 40; ++step) ASSERT_TRUE(stream.Send(PlainRows("s", step, 1)));
  for (uint64_t step = 1; step <= 40; ++step) {
    const auto answer = stream.Next();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status().code(), 0) << answer->status().message();
    EXPECT_EQ(answer->step(), step);
  }
}

TEST_F(Bounds, AClientThatNeverReadsComesToAHaltAndOthersGoOn) {
  constexpr uint64_t kRequests = 3000, kBytes = 200;  // some 100 kB of classes each
  Pause();
  options.max_inflight_per_stream = 8;
  const auto deaf_stub = v1::Predictor::NewStub(NewChannel());
  StreamClient deaf(deaf_stub.get());
  auto sender = std::async(std::launch::async, [&] {
    for (uint64_t i = 0; i < kRequests; ++i) {
      if (!deaf.Send(Text("deaf", 1 + i * kBytes, std::string(kBytes, 'e')))) return;
    }
  });
  ASSERT_TRUE(ArriveInFlight(8));
  DriveUntilQuiet();
  const uint64_t answered = NextStep("deaf") / kBytes;
  EXPECT_GT(answered, 8u);
  EXPECT_LT(answered, kRequests / 4);
  EXPECT_EQ(server()->engine()->InFlight(), 0u);  // it is not even read any more
  EXPECT_EQ(WithTicks([&] { return MustPredict(PlainRows("other", 1, 1)); }).next_step(), 2u);
  deaf.Cancel();
  sender.get();
}

TEST_F(Bounds, AnOversizedMessageEndsItsStreamAndSessionsLiveOn) {
  options.max_message_bytes = 4096;
  {
    StreamClient stream(predictor());
    EXPECT_EQ(stream.Ask(PlainRows("s", 1, 2)).status().code(), 0);
    stream.Send(PlainRows("s", 3, 1000));
    EXPECT_EQ(stream.Finish().error_code(), grpc::RESOURCE_EXHAUSTED);
  }
  EXPECT_EQ(Refusal(PlainRows("s", 3, 1000)).error_code(), grpc::RESOURCE_EXHAUSTED);
  EXPECT_EQ(MustPredict(PlainRows("s", 3, 1)).next_step(), 4u);
}

TEST_F(Bounds, AConnectionBeyondTheLimitIsClosedAndAFreedPlaceIsTaken) {
  options.max_connections = 2;
  MustPredict(PlainRows("a", 1, 1));  // one connection
  auto second_channel = NewChannel();
  const auto second = v1::Predictor::NewStub(second_channel);
  v1::PredictResponse response;
  ASSERT_TRUE(second->Predict(NewContext().get(), PlainRows("b", 1, 1), &response).ok());
  const auto third = v1::Predictor::NewStub(NewChannel());
  const auto ask_third = [&] {
    return third->Predict(NewContext().get(), PlainRows("", 0, 1), &response);
  };
  EXPECT_EQ(ask_third().error_code(), grpc::UNAVAILABLE);
  EXPECT_EQ(server()->connections(), 2u);
  EXPECT_EQ(MustPredict(PlainRows("a", 2, 1)).next_step(), 3u);
}

TEST_F(Bounds, AClosedConnectionMakesRoomForAnother) {
  options.max_connections = 2;  // the fixture's own and one more
  server();
  v1::PredictResponse response;
  {
    const auto first = v1::Predictor::NewStub(NewChannel());
    ASSERT_TRUE(first->Predict(NewContext().get(), PlainRows("a", 1, 1), &response).ok());
  }
  ASSERT_TRUE(Eventually([&] { return server()->connections() == 1; }));
  const auto second = v1::Predictor::NewStub(NewChannel());
  ASSERT_TRUE(second->Predict(NewContext().get(), PlainRows("a", 2, 1), &response).ok());
  EXPECT_EQ(response.next_step(), 3u);
}

}  // namespace
}  // namespace sequent::rpc
