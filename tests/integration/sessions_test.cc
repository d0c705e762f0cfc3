// How sessions begin, live and end; how they are copied, moved and listed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/server_fixture.h"

namespace sequent::rpc {
namespace {

using testing::ElementsAre;

class Sessions : public ServerTest {
 protected:
  static v1::PredictRequest Start(const std::string& id, uint64_t epoch, uint64_t step = 1) {
    auto request = PlainRows(id, step, 2);
    request.set_model("plain");
    request.set_start(true);
    request.set_epoch(epoch);
    return request;
  }
  static v1::PredictRequest End(v1::PredictRequest request) {
    request.set_end(true);
    return request;
  }
  static v1::PredictRequest OfEpoch(v1::PredictRequest request, uint64_t epoch) {
    request.set_epoch(epoch);
    return request;
  }
  Reason RefusalOf(const v1::PredictRequest& request) {
    v1::PredictResponse response;
    return ReasonOf(Predict(request, &response));
  }
  grpc::Status Fork(const std::string& id, const std::string& new_id) {
    v1::ForkSessionRequest request;
    request.set_session_id(id);
    request.set_new_session_id(new_id);
    v1::SessionInfo info;
    return predictor()->ForkSession(NewContext().get(), request, &info);
  }
  grpc::Status Export(const std::string& id, bool close, v1::SessionState* state) {
    v1::ExportSessionRequest request;
    request.set_session_id(id);
    request.set_close(close);
    return predictor()->ExportSession(NewContext().get(), request, state);
  }
  grpc::Status Import(const std::string& id, const v1::SessionState& state) {
    v1::ImportSessionRequest request;
    request.set_session_id(id);
    *request.mutable_state() = state;
    v1::SessionInfo info;
    return predictor()->ImportSession(NewContext().get(), request, &info);
  }
  v1::ListSessionsResponse List(const v1::ListSessionsRequest& request) {
    v1::ListSessionsResponse response;
    const auto status = predictor()->ListSessions(NewContext().get(), request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  static std::vector<std::string> IdsOf(const v1::ListSessionsResponse& response) {
    std::vector<std::string> ids;
    for (const auto& info : response.sessions()) ids.push_back(info.session_id());
    return ids;
  }
};

// ---- beginnings ----

TEST_F(Sessions, TheFirstStepWithAModelBeginsALife) {
  const auto first = MustPredict(PlainRows("s", 1, 1));
  EXPECT_TRUE(first.created());
  EXPECT_FALSE(first.reset());
  EXPECT_EQ(first.model(), "plain");
  EXPECT_EQ(first.version(), 1);
  EXPECT_FALSE(MustPredict(PlainRows("s", 2, 1)).created());
}

TEST_F(Sessions, TheFirstStepWithoutAModelBeginsNothing) {
  auto request = PlainRows("s", 1, 1);
  request.clear_model();
  EXPECT_NE(RefusalOf(request), Reason::kUnspecified);
  EXPECT_EQ(SessionGone("s"), Reason::kSessionUnknown);
}

TEST_F(Sessions, AStartWithoutNumbersBeginsALife) {
  auto request = Start("s", 0);
  request.set_step(0);
  EXPECT_TRUE(MustPredict(request).created());
  EXPECT_EQ(NextStep("s"), 3u);
}

TEST_F(Sessions, AStartWithoutAnEpochResetsALiveSession) {
  const auto first = MustPredict(Start("s", 0));
  MustPredict(PlainRows("s", 3, 2));
  const auto again = MustPredict(Start("s", 0));
  EXPECT_TRUE(again.reset());
  EXPECT_TRUE(again.created());
  EXPECT_EQ(Bits(Flat(again)), Bits(Flat(first)));
  EXPECT_EQ(NextStep("s"), 3u);
}

TEST_F(Sessions, AStartThatIsRefusedLeavesTheLiveSessionAsItWas) {
  MustPredict(PlainRows("s", 1, 3));
  auto bad = Start("s", 4);
  bad.mutable_floats()->set_width(1);
  EXPECT_EQ(RefusalOf(bad), Reason::kInputWidth);
  EXPECT_EQ(NextStep("s"), 4u);
}

TEST_F(Sessions, AStartMayMoveASessionToAnotherModel) {
  MustPredict(PlainRows("s", 1, 3));
  auto request = Text("s", 1, "abc");
  request.set_start(true);
  const auto answer = MustPredict(request);
  EXPECT_TRUE(answer.reset());
  EXPECT_EQ(answer.model(), "text");
  EXPECT_EQ(MustPredict(Text("s", 4, "d")).model(), "text");
}

TEST_F(Sessions, AStatelessRequestKeepsNothing) {
  auto request = PlainRows("", 0, 3);
  const auto first = MustPredict(request);
  EXPECT_EQ(first.session_id(), "");
  EXPECT_EQ(Bits(Flat(MustPredict(request))), Bits(Flat(first)));
  EXPECT_EQ(List({}).sessions_size(), 0);
}

// ---- epochs ----

TEST_F(Sessions, ARequestOfAnotherLifeIsRefused) {
  MustPredict(Start("s", 5));
  EXPECT_EQ(RefusalOf(OfEpoch(PlainRows("s", 3, 1), 4)), Reason::kSessionReplaced);
  EXPECT_EQ(NextStep("s"), 3u);
  const auto answer = MustPredict(OfEpoch(PlainRows("s", 3, 1), 5));
  EXPECT_EQ(answer.epoch(), 5u);
}

TEST_F(Sessions, ARequestThatNamesNoLifeGoesToTheLiveOne) {
  MustPredict(Start("s", 5));
  EXPECT_EQ(MustPredict(PlainRows("s", 3, 1)).epoch(), 5u);
}

TEST_F(Sessions, ARetriedStartFarBehindResetsNothing) {
  const auto first = MustPredict(Start("s", 5));
  MustPredict(OfEpoch(PlainRows("s", 3, 4), 5));
  const auto again = MustPredict(Start("s", 5));
  EXPECT_TRUE(again.replayed());
  EXPECT_EQ(Bits(Flat(again)), Bits(Flat(first)));
  EXPECT_EQ(NextStep("s"), 7u);
}

// ---- ends ----

TEST_F(Sessions, ASessionWithoutRequestsExpires) {
  Pause();
  options.engine.session_ttl_seconds = 100;
  WithTicks([&] { return MustPredict(PlainRows("s", 1, 1)); });
  clock.AdvanceSeconds(99);
  Drive();
  EXPECT_EQ(SessionGone("s"), Reason::kUnspecified);
  clock.AdvanceSeconds(3);
  Drive();
  EXPECT_EQ(SessionGone("s"), Reason::kSessionExpired);
  EXPECT_EQ(List({}).sessions_size(), 0);
}

TEST_F(Sessions, ARequestKeepsASessionAlive) {
  Pause();
  options.engine.session_ttl_seconds = 100;
  WithTicks([&] { return MustPredict(PlainRows("s", 1, 1)); });
  for (uint64_t step = 2; step <= 5; ++step) {
    clock.AdvanceSeconds(60);
    Drive();
    WithTicks([&] { return MustPredict(PlainRows("s", step, 1)); });
  }
  EXPECT_EQ(NextStep("s"), 6u);
}

TEST_F(Sessions, AnExpiredIdIsForgottenAfterAnotherTtl) {
  Pause();
  options.engine.session_ttl_seconds = 100;
  WithTicks([&] { return MustPredict(PlainRows("s", 1, 1)); });
  clock.AdvanceSeconds(102);
  Drive();
  clock.AdvanceSeconds(102);
  Drive();
  EXPECT_EQ(SessionGone("s"), Reason::kSessionUnknown);
}

TEST_F(Sessions, AnExpiredSessionBeginsAnewWithItsFirstStep) {
  Pause();
  options.engine.session_ttl_seconds = 100;
  const auto first = WithTicks([&] { return MustPredict(PlainRows("s", 1, 2)); });
  clock.AdvanceSeconds(102);
  Drive();
  const auto again = WithTicks([&] { return MustPredict(PlainRows("s", 1, 2)); });
  EXPECT_TRUE(again.created());
  EXPECT_FALSE(again.replayed());
  EXPECT_EQ(Bits(Flat(again)), Bits(Flat(first)));
}

TEST_F(Sessions, AnEndsReplyIsForgottenAfterItsRetention) {
  Pause();
  options.engine.reply_retention_seconds = 60;
  WithTicks([&] { return MustPredict(PlainRows("s", 1, 1)); });
  const auto last = End(PlainRows("s", 2, 1));
  WithTicks([&] { return MustPredict(last); });
  clock.AdvanceSeconds(50);
  Drive();
  EXPECT_TRUE(WithTicks([&] { return MustPredict(last); }).replayed());
  clock.AdvanceSeconds(62);
  Drive();
  EXPECT_EQ(WithTicks([&] { return RefusalOf(last); }), Reason::kSessionUnknown);
}

TEST_F(Sessions, AnIdThatEndedBeginsAnew) {
  const auto first = MustPredict(Start("s", 1));
  MustPredict(End(OfEpoch(PlainRows("s", 3, 1), 1)));
  const auto again = MustPredict(Start("s", 2));
  EXPECT_TRUE(again.created());
  EXPECT_FALSE(again.reset());
  EXPECT_EQ(Bits(Flat(again)), Bits(Flat(first)));
}

TEST_F(Sessions, OneRequestMayBeAWholeLife) {
  const auto answer = MustPredict(End(Start("s", 1)));
  EXPECT_TRUE(answer.created());
  EXPECT_EQ(SessionGone("s"), Reason::kSessionUnknown);
}

TEST_F(Sessions, TheEndOfATextFlushesHalfACharacter) {
  const auto head = MustPredict(Text("s", 1, "caf\xc3"));
  EXPECT_EQ(head.heads(0).classes().steps_size(), 3);
  auto end = Text("s", 5, "");
  end.set_end(true);
  EXPECT_EQ(MustPredict(end).heads(0).classes().steps_size(), 1);
}

TEST_F(Sessions, AClosedSessionCannotBeClosedAgain) {
  MustPredict(PlainRows("s", 1, 1));
  EXPECT_TRUE(CloseSession("s").ok());
  const grpc::Status again = CloseSession("s");
  EXPECT_EQ(again.error_code(), grpc::NOT_FOUND);
  EXPECT_EQ(ReasonOf(again), Reason::kSessionUnknown);
}

TEST_F(Sessions, ACloseTakesItsPlaceBehindWhatIsQueued) {
  Pause();
  WithTicks([&] { return MustPredict(PlainRows("s", 1, 2)); });
  StreamClient stream(predictor());
  Queue(&stream, {PlainRows("s", 3, 2)});
  auto closed = std::async(std::launch::async, [&] { return CloseSession("s"); });
  v1::SessionInfo info;
  ASSERT_TRUE(
      Eventually([&] { return GetSession("s", &info).ok() && info.queued_requests() == 2; }));
  Drive();
  EXPECT_EQ(stream.Next()->next_step(), 5u);
  EXPECT_TRUE(closed.get().ok());
  EXPECT_EQ(SessionGone("s"), Reason::kSessionUnknown);
}

// ---- copies ----

TEST_F(Sessions, AForkOfAnUnknownSessionIsRefused) {
  EXPECT_EQ(ReasonOf(Fork("ghost", "t")), Reason::kSessionUnknown);
}

TEST_F(Sessions, AForkNeverReplacesALiveSession) {
  MustPredict(PlainRows("s", 1, 3));
  MustPredict(PlainRows("t", 1, 1));
  const grpc::Status status = Fork("s", "t");
  EXPECT_EQ(status.error_code(), grpc::ALREADY_EXISTS);
  EXPECT_EQ(ReasonOf(status), Reason::kSessionExists);
  EXPECT_EQ(ReasonOf(Fork("s", "s")), Reason::kSessionExists);
  EXPECT_EQ(NextStep("t"), 2u);
}

TEST_F(Sessions, AForkKeepsHalfACharacter) {
  MustPredict(Text("s", 1, "caf\xc3"));
  ASSERT_TRUE(Fork("s", "t").ok());
  EXPECT_EQ(Bits(Flat(MustPredict(Text("t", 5, "\xa9 au")))),
            Bits(Flat(MustPredict(Text("s", 5, "\xa9 au")))));
}

TEST_F(Sessions, AnExportThatClosesEndsTheSession) {
  MustPredict(PlainRows("s", 1, 3));
  v1::SessionState state;
  ASSERT_TRUE(Export("s", false, &state).ok());
  EXPECT_EQ(state.model(), "plain");
  EXPECT_EQ(state.next_step(), 4u);
  EXPECT_EQ(NextStep("s"), 4u);
  ASSERT_TRUE(Export("s", true, &state).ok());
  EXPECT_EQ(SessionGone("s"), Reason::kSessionUnknown);
  EXPECT_EQ(ReasonOf(Export("s", true, &state)), Reason::kSessionUnknown);
}

TEST_F(Sessions, AnImportNeverReplacesALiveSession) {
  MustPredict(PlainRows("s", 1, 3));
  v1::SessionState state;
  ASSERT_TRUE(Export("s", false, &state).ok());
  EXPECT_EQ(ReasonOf(Import("s", state)), Reason::kSessionExists);
  EXPECT_EQ(NextStep("s"), 4u);
}

TEST_F(Sessions, AStateOfOtherWeightsIsRefused) {
  MustPredict(PlainRows("s", 1, 3));
  v1::SessionState state;
  ASSERT_TRUE(Export("s", true, &state).ok());
  v1::SessionState other = state;
  other.set_fingerprint(std::string(64, '0'));
  const grpc::Status status = Import("t", other);
  EXPECT_EQ(status.error_code(), grpc::FAILED_PRECONDITION);
  EXPECT_EQ(ReasonOf(status), Reason::kStateMismatch);
  EXPECT_TRUE(Import("t", state).ok());
}

TEST_F(Sessions, AStateThatWasTamperedWithIsRefused) {
  MustPredict(PlainRows("s", 1, 3));
  v1::SessionState state;
  ASSERT_TRUE(Export("s", true, &state).ok());
  v1::SessionState shorter = state;
  shorter.mutable_state()->pop_back();
  EXPECT_NE(ReasonOf(Import("t", shorter)), Reason::kUnspecified);
  v1::SessionState not_a_number = state;
  not_a_number.set_state(std::string(state.state().size(), '\xff'));
  EXPECT_NE(ReasonOf(Import("t", not_a_number)), Reason::kUnspecified);
  EXPECT_NE(ReasonOf(Import("t", {})), Reason::kUnspecified);
  EXPECT_EQ(SessionGone("t"), Reason::kSessionUnknown);
}

// ---- lists ----

TEST_F(Sessions, AListMayBeOfOneModel) {
  MustPredict(PlainRows("p", 1, 1));
  MustPredict(Text("t", 1, "a"));
  v1::ListSessionsRequest request;
  EXPECT_THAT(IdsOf(List(request)), ElementsAre("p", "t"));
  request.set_model("text");
  EXPECT_THAT(IdsOf(List(request)), ElementsAre("t"));
  request.set_model("unheard-of");
  EXPECT_THAT(IdsOf(List(request)), ElementsAre());
}

TEST_F(Sessions, PagesOfOneModelAreFullAndMissNoSession) {
  std::vector<std::string> expected, listed;
  for (int i = 100; i < 130; ++i) {
    const std::string id = StrCat("s", i);
    if (i % 3 == 0) expected.push_back(id);
    i % 3 == 0 ? MustPredict(Text(id, 1, "a")) : MustPredict(PlainRows(id, 1, 1));
  }
  v1::ListSessionsRequest request;
  request.set_model("text");
  request.set_page_size(4);
  do {
    const auto page = List(request);
    EXPECT_LE(page.sessions_size(), 4);
    for (const std::string& id : IdsOf(page)) listed.push_back(id);
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(listed, expected);
}

TEST_F(Sessions, ASessionSaysHowItIs) {
  Pause();
  WithTicks([&] { return MustPredict(Start("s", 9)); });
  clock.AdvanceSeconds(12);
  v1::SessionInfo info;
  ASSERT_TRUE(GetSession("s", &info).ok());
  EXPECT_EQ(info.model(), "plain");
  EXPECT_EQ(info.version(), 1);
  EXPECT_EQ(info.epoch(), 9u);
  EXPECT_EQ(info.next_step(), 3u);
  EXPECT_NEAR(info.idle_seconds(), 12, 0.01);
  EXPECT_GT(info.state_bytes(), 0u);
  StreamClient stream(predictor());
  Queue(&stream, {PlainRows("s", 3, 1)});
  ASSERT_TRUE(GetSession("s", &info).ok());
  EXPECT_EQ(info.queued_requests(), 1u);
  Drive();
  EXPECT_EQ(stream.Next()->next_step(), 4u);
}

}  // namespace
}  // namespace sequent::rpc
