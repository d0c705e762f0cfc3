// What a session promises about its steps, through real gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/server_fixture.h"

namespace sequent::rpc {
namespace {

using testing::HasSubstr;

class Steps : public ServerTest {
 protected:
  // The outputs of rows first .. first+rows-1 of a session that was never disturbed.
  std::vector<uint32_t> Undisturbed(uint32_t rows_before, uint32_t rows) {
    if (rows_before > 0) MustPredict(PlainRows("undisturbed", 1, rows_before));
    return Bits(Flat(MustPredict(PlainRows("undisturbed", 1 + rows_before, rows))));
  }
};

TEST_F(Steps, AGapIsRefusedAndSaysTheNextStep) {
  MustPredict(PlainRows("s", 1, 2));
  v1::PredictResponse response;
  const grpc::Status status = Predict(PlainRows("s", 5, 1), &response);
  EXPECT_EQ(status.error_code(), grpc::OUT_OF_RANGE);
  EXPECT_EQ(ReasonOf(status), Reason::kStepGap);
  EXPECT_EQ(NextStepOf(status), "3");
  EXPECT_EQ(NextStep("s"), 3u);
}

TEST_F(Steps, TheSameStartCutDifferentlyIsAnOverlap) {
  MustPredict(PlainRows("s", 1, 4));
  v1::PredictResponse response;
  const grpc::Status status = Predict(PlainRows("s", 1, 2), &response);
  EXPECT_EQ(status.error_code(), grpc::OUT_OF_RANGE);
  EXPECT_EQ(ReasonOf(status), Reason::kStepOverlap);
  EXPECT_EQ(NextStepOf(status), "5");
}

TEST_F(Steps, ARepeatedStepIsAnsweredFromTheCacheAndRunsOnce) {
  const auto first = MustPredict(PlainRows("s", 1, 3));
  const auto again = MustPredict(PlainRows("s", 1, 3));
  EXPECT_FALSE(first.replayed());
  EXPECT_TRUE(again.replayed());
  EXPECT_EQ(Bits(Flat(first)), Bits(Flat(again)));
  EXPECT_EQ(NextStep("s"), 4u);
  EXPECT_EQ(Bits(Flat(MustPredict(PlainRows("s", 4, 2)))), Undisturbed(3, 2));
}

TEST_F(Steps, AnAcknowledgedStepIsTooOld) {
  MustPredict(PlainRows("s", 1, 1));
  auto second = PlainRows("s", 2, 1);
  second.set_acked_step(1);
  MustPredict(second);
  v1::PredictResponse response;
  const grpc::Status status = Predict(PlainRows("s", 1, 1), &response);
  EXPECT_EQ(status.error_code(), grpc::ALREADY_EXISTS);
  EXPECT_EQ(ReasonOf(status), Reason::kStepTooOld);
  EXPECT_EQ(NextStepOf(status), "3");
}

TEST_F(Steps, ARetriedStartResetsNothing) {
  auto start = PlainRows("s", 1, 2);
  start.set_start(true);
  start.set_epoch(7);
  const auto first = MustPredict(start);
  const auto again = MustPredict(start);
  EXPECT_TRUE(first.created());
  EXPECT_TRUE(again.replayed());
  EXPECT_FALSE(again.reset());
  EXPECT_EQ(Bits(Flat(first)), Bits(Flat(again)));
  EXPECT_EQ(NextStep("s"), 3u);
}

TEST_F(Steps, AStartWithAnotherEpochResetsTheSession) {
  auto start = PlainRows("s", 1, 2);
  start.set_start(true);
  start.set_epoch(7);
  MustPredict(start);
  start.set_epoch(8);
  const auto again = MustPredict(start);
  EXPECT_TRUE(again.reset());
  EXPECT_FALSE(again.replayed());
  EXPECT_EQ(again.epoch(), 8u);
}

TEST_F(Steps, ARetriedEndIsAnsweredAfterTheSessionHasGone) {
  MustPredict(PlainRows("s", 1, 2));
  auto end = PlainRows("s", 3, 1);
  end.set_end(true);
  const auto first = MustPredict(end);
  v1::SessionInfo info;
  EXPECT_EQ(GetSession("s", &info).error_code(), grpc::NOT_FOUND);
  const auto again = MustPredict(end);
  EXPECT_TRUE(again.replayed());
  EXPECT_EQ(Bits(Flat(first)), Bits(Flat(again)));
}

TEST_F(Steps, FivePipelinedRequestsWithLostAnswersAreAnsweredAgain) {
  std::vector<v1::PredictRequest> five;
  for (uint64_t step = 1; step <= 5; ++step) five.push_back(PlainRows("s", step, 1));
  {
    StreamClient lost(predictor());
    for (const auto& request : five) ASSERT_TRUE(lost.Send(request));
    v1::SessionInfo info;
    while (!GetSession("s", &info).ok() || info.next_step() < 6) {
    }
  }
  StreamClient stream(predictor());
  ASSERT_TRUE(stream.Send(five));
  std::vector<uint32_t> outputs;
  for (uint64_t step = 1; step <= 5; ++step) {
    const auto answer = stream.Next();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status().code(), 0) << answer->status().message();
    EXPECT_TRUE(answer->replayed());
    EXPECT_EQ(answer->step(), step);
    for (const uint32_t bits : Bits(Flat(*answer))) outputs.push_back(bits);
  }
  EXPECT_EQ(outputs, Undisturbed(0, 5));
  EXPECT_EQ(NextStep("s"), 6u);
}

TEST_F(Steps, AFailureInTheMiddleOfAChunkLeavesTheStateAsItWas) {
  options.engine.max_tick_steps = 2;
  MustPredict(PlainRows("s", 1, 3));
  auto bad = PlainRows("s", 4, 6);
  bad.mutable_floats()->set_values(9, std::nanf(""));
  v1::PredictResponse response;
  const grpc::Status status = Predict(bad, &response);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), Reason::kInputNotFinite);
  EXPECT_EQ(NextStep("s"), 4u);
  EXPECT_EQ(Bits(Flat(MustPredict(PlainRows("s", 4, 6)))), Undisturbed(3, 6));
}

TEST_F(Steps, AnUnnumberedStepAfterAFailedOneIsRefusedOnThatStreamUntilANumberedOneComes) {
  StreamClient stream(predictor());
  stream.Ask(PlainRows("s", 1, 1));
  auto bad = PlainRows("s", 0, 1);
  bad.mutable_floats()->set_width(1);
  auto good = PlainRows("s", 0, 1);
  EXPECT_EQ(stream.Ask(bad).status().reason(), v1::INPUT_WIDTH);
  EXPECT_EQ(stream.Ask(good).status().reason(), v1::PREVIOUS_STEP_FAILED);
  EXPECT_EQ(stream.Ask(PlainRows("s", 2, 1)).status().code(), 0);
  EXPECT_EQ(stream.Ask(good).status().code(), 0);
}

TEST_F(Steps, ARefusalTakesItsPlaceInTheOrder) {
  Pause();
  StreamClient stream(predictor());
  auto bad = PlainRows("s", 2, 1);
  bad.mutable_floats()->set_width(1);
  Queue(&stream, {PlainRows("s", 1, 1), bad, PlainRows("s", 2, 1)});
  Drive();
  EXPECT_EQ(stream.Next()->next_step(), 2u);
  EXPECT_EQ(stream.Next()->status().reason(), v1::INPUT_WIDTH);
  EXPECT_EQ(stream.Next()->next_step(), 3u);
}

TEST_F(Steps, OnlyTheLastRepliesAreKept) {
  options.engine.max_session_queue = 3;
  for (uint64_t step = 1; step <= 5; ++step) MustPredict(PlainRows("s", step, 1));
  v1::PredictResponse response;
  for (uint64_t step = 3; step <= 5; ++step) {
    EXPECT_TRUE(MustPredict(PlainRows("s", step, 1)).replayed());
  }
  EXPECT_EQ(ReasonOf(Predict(PlainRows("s", 2, 1), &response)), Reason::kStepTooOld);
}

TEST_F(Steps, ARequestOfTheWrongSizeForItsNumberIsNoRetry) {
  MustPredict(PlainRows("s", 1, 2));
  MustPredict(PlainRows("s", 3, 2));
  v1::PredictResponse response;
  EXPECT_EQ(ReasonOf(Predict(PlainRows("s", 3, 1), &response)), Reason::kStepOverlap);
  EXPECT_EQ(ReasonOf(Predict(PlainRows("s", 2, 3), &response)), Reason::kStepOverlap);
  EXPECT_EQ(ReasonOf(Predict(PlainRows("s", 4, 5), &response)), Reason::kStepOverlap);
  EXPECT_EQ(NextStep("s"), 5u);
}

TEST_F(Steps, HalfACharacterWaitsForItsOtherHalf) {
  const auto whole = MustPredict(Text("whole", 1, "caf\xc3\xa9 au lait"));
  const auto head = MustPredict(Text("cut", 1, "caf\xc3"));
  const auto tail = MustPredict(Text("cut", 5, "\xa9 au lait"));
  auto joined = Flat(head);
  for (const float value : Flat(tail)) joined.push_back(value);
  EXPECT_EQ(Bits(joined), Bits(Flat(whole)));
  EXPECT_EQ(head.next_step(), 5u);
  EXPECT_EQ(tail.next_step(), whole.next_step());
}

TEST_F(Steps, SessionsOfAnotherStreamAreUnaffectedByADroppedOne) {
  {
    StreamClient dropped(predictor());
    EXPECT_EQ(dropped.Ask(PlainRows("s", 1, 3)).status().code(), 0);
    dropped.Cancel();
  }
  StreamClient stream(predictor());
  const auto answer = stream.Ask(PlainRows("s", 4, 2));
  EXPECT_EQ(answer.status().code(), 0) << answer.status().message();
  EXPECT_EQ(Bits(Flat(answer)), Undisturbed(3, 2));
}

TEST_F(Steps, AForkGoesOnByItself) {
  MustPredict(PlainRows("s", 1, 3));
  v1::ForkSessionRequest fork;
  fork.set_session_id("s");
  fork.set_new_session_id("t");
  v1::SessionInfo info;
  ASSERT_TRUE(predictor()->ForkSession(NewContext().get(), fork, &info).ok());
  EXPECT_EQ(info.session_id(), "t");
  EXPECT_EQ(info.next_step(), 4u);
  const auto original = MustPredict(PlainRows("s", 4, 2));
  const auto copy = MustPredict(PlainRows("t", 4, 2));
  EXPECT_EQ(Bits(Flat(original)), Bits(Flat(copy)));
}

TEST_F(Steps, AnExportedSessionGoesOnWhereItIsImported) {
  MustPredict(PlainRows("s", 1, 3));
  v1::ExportSessionRequest request;
  request.set_session_id("s");
  request.set_close(true);
  v1::ImportSessionRequest import;
  ASSERT_TRUE(predictor()->ExportSession(NewContext().get(), request, import.mutable_state()).ok());
  RestartServer();
  import.set_session_id("moved");
  v1::SessionInfo info;
  const auto status = predictor()->ImportSession(NewContext().get(), import, &info);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(info.next_step(), 4u);
  EXPECT_EQ(Bits(Flat(MustPredict(PlainRows("moved", 4, 2)))), Undisturbed(3, 2));
}

TEST_F(Steps, SessionsAreListedInPages) {
  for (const char* id : {"b", "a", "c"}) MustPredict(PlainRows(id, 1, 1));
  v1::ListSessionsRequest request;
  request.set_page_size(2);
  v1::ListSessionsResponse first, second;
  ASSERT_TRUE(predictor()->ListSessions(NewContext().get(), request, &first).ok());
  ASSERT_EQ(first.sessions_size(), 2);
  EXPECT_EQ(first.sessions(0).session_id(), "a");
  EXPECT_EQ(first.sessions(1).session_id(), "b");
  request.set_page_token(first.next_page_token());
  ASSERT_TRUE(predictor()->ListSessions(NewContext().get(), request, &second).ok());
  ASSERT_EQ(second.sessions_size(), 1);
  EXPECT_EQ(second.sessions(0).session_id(), "c");
  EXPECT_EQ(second.next_page_token(), "");
}

TEST_F(Steps, AClosedSessionIsUnknown) {
  MustPredict(PlainRows("s", 1, 1));
  v1::CloseSessionRequest close;
  close.set_session_id("s");
  v1::CloseSessionResponse closed;
  ASSERT_TRUE(predictor()->CloseSession(NewContext().get(), close, &closed).ok());
  v1::PredictResponse response;
  EXPECT_EQ(ReasonOf(Predict(PlainRows("s", 2, 1), &response)), Reason::kSessionUnknown);
}

}  // namespace
}  // namespace sequent::rpc
