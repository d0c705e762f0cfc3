// The server goes on by itself with text: draws, seeds, stops, bounds, sessions left alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/integration/rollouts.h"

namespace sequent::rpc {
namespace {

class TextRollout : public RolloutTest {
 protected:
  void ExpectRefused(const v1::RolloutRequest& request, grpc::StatusCode code) {
    const RolloutResult result = Rollout(request);
    EXPECT_EQ(result.status.error_code(), code) << result.status.error_message();
    EXPECT_EQ(result.steps.size(), 0u);
  }
};

TEST_F(TextRollout, DrawsOnePieceAStepAndThenSaysTheWhole) {
  const RolloutResult result = MustRollout(OfText("hello", 40, 5));
  ASSERT_EQ(result.steps.size(), 40u);
  for (uint32_t i = 0; i < 40; ++i) EXPECT_EQ(result.steps[i].index(), i);
  ASSERT_EQ(result.summary.texts_size(), 1);
  EXPECT_EQ(result.summary.texts(0), result.Pieces());
  EXPECT_EQ(result.summary.stop_reason(), "steps");
  EXPECT_EQ(result.seed, 5u);
}

TEST_F(TextRollout, OneSeedGivesOneTextWhateverElseRuns) {
  const std::string alone = TextOf(OfText("hello", 60, 5));
  std::vector<std::future<std::string>> crowd;
  for (uint64_t i = 0; i < 6; ++i) {
    crowd.push_back(
        std::async(std::launch::async, [&, i] { return TextOf(OfText("hello", 60, i)); }));
  }
  for (uint64_t step = 1; step <= 50; ++step) MustPredict(Text("s", step, "a"));
  std::vector<std::string> texts;
  for (auto& text : crowd) texts.push_back(text.get());
  EXPECT_EQ(texts[5], alone);
  EXPECT_EQ(std::set(texts.begin(), texts.end()).size(), 6u) << "other seeds, other texts";
}

TEST_F(TextRollout, WithoutASeedTheServerSaysWhichItDrew) {
  auto request = OfText("hello", 30, 0);
  request.mutable_sampling()->clear_seed();
  const RolloutResult first = MustRollout(request), second = MustRollout(request);
  EXPECT_NE(first.seed, second.seed);
  request.mutable_sampling()->set_seed(first.seed);
  EXPECT_EQ(TextOf(request), first.summary.texts(0));
}

TEST_F(TextRollout, TheMostProbableOfOneIsTheSameForEverySeed) {
  auto one = OfText("hello", 30, 1), other = OfText("hello", 30, 2);
  one.mutable_sampling()->set_top_k(1);
  other.mutable_sampling()->set_top_k(1);
  const std::string greedy = TextOf(one);
  EXPECT_EQ(TextOf(other), greedy);
  auto nucleus = OfText("hello", 30, 3);
  nucleus.mutable_sampling()->set_top_p(1e-6f);
  EXPECT_EQ(TextOf(nucleus), greedy);
  auto cold = OfText("hello", 30, 4);
  cold.mutable_sampling()->set_temperature(1e-4f);
  EXPECT_EQ(TextOf(cold), greedy);
}

TEST_F(TextRollout, GreedyTextIsWhatTheStepsCallMostProbable) {
  auto request = OfText("hello", 10, 1);
  request.mutable_sampling()->set_top_k(1);
  std::string expected;
  auto answer = MustPredict(Text("s", 1, "hello"));
  for (int i = 0; i < 10; ++i) {
    const auto& steps = answer.heads(0).classes().steps();
    const std::string best = steps[steps.size() - 1].scores(0).label();
    expected += best;
    answer = MustPredict(Text("s", answer.next_step(), best));
  }
  EXPECT_EQ(TextOf(request), expected);
}

TEST_F(TextRollout, AStopStringEndsTheTextBeforeIt) {
  const std::string whole = TextOf(OfText("hello", 60, 5));
  const std::string stop = whole.substr(20, 3);
  auto request = OfText("hello", 60, 5);
  request.add_stop("never said by anyone");
  request.add_stop(stop);
  const RolloutResult result = MustRollout(request);
  EXPECT_EQ(result.summary.texts(0), whole.substr(0, whole.find(stop)));
  EXPECT_EQ(result.summary.stop_reason(), "stop");
  EXPECT_LT(result.steps.size(), 60u);
}

TEST_F(TextRollout, SamplesAreDifferentPathsAndTheFirstIsTheOnlyOne) {
  auto request = OfText("hello", 30, 5);
  const std::string only = TextOf(request);
  request.set_samples(4);
  const RolloutResult result = MustRollout(request);
  EXPECT_EQ(result.steps.size(), 120u);
  ASSERT_EQ(result.summary.texts_size(), 4);
  EXPECT_EQ(result.summary.texts(0), only);
  std::set<std::string> different;
  for (uint32_t sample = 0; sample < 4; ++sample) {
    EXPECT_EQ(result.summary.texts(static_cast<int>(sample)), result.Pieces(sample));
    different.insert(result.Pieces(sample));
  }
  EXPECT_EQ(different.size(), 4u);
}

TEST_F(TextRollout, OfASessionGoesOnBehindItsTextAndLeavesItAlone) {
  MustPredict(Text("s", 1, "hello"));
  MustPredict(Text("undisturbed", 1, "hello"));
  auto request = OfText("", 30, 5);
  request.set_session_id("s");
  const std::string text = TextOf(request);
  EXPECT_EQ(text, TextOf(OfText("hello", 30, 5)));
  EXPECT_EQ(TextOf(request), text);
  EXPECT_EQ(NextStep("s"), 6u);
  EXPECT_EQ(Bits(Flat(MustPredict(Text("s", 6, " you")))),
            Bits(Flat(MustPredict(Text("undisturbed", 6, " you")))));
}

TEST_F(TextRollout, OfASessionMayHaveAPromptOfItsOwn) {
  MustPredict(Text("s", 1, "hel"));
  auto request = OfText("lo", 30, 5);
  request.set_session_id("s");
  request.clear_model();
  EXPECT_EQ(TextOf(request), TextOf(OfText("hello", 30, 5)));
  EXPECT_EQ(NextStep("s"), 4u);
}

TEST_F(TextRollout, ThatCommitsMovesTheSessionOnByWhatWasDrawn) {
  MustPredict(Text("s", 1, "hello"));
  MustPredict(Text("by_hand", 1, "hello"));
  auto request = OfText("", 12, 5);
  request.set_session_id("s");
  request.set_step(6);
  request.set_commit(true);
  const std::string text = TextOf(request);
  MustPredict(Text("by_hand", 6, text));
  const uint64_t next = 6 + text.size();
  EXPECT_EQ(NextStep("s"), next);
  EXPECT_EQ(Bits(Flat(MustPredict(Text("s", next, "a")))),
            Bits(Flat(MustPredict(Text("by_hand", next, "a")))));
}

TEST_F(TextRollout, ThatCommitsNeedsTheStepAndASinglePath) {
  MustPredict(Text("s", 1, "hello"));
  auto request = OfText("", 12, 5);
  request.set_session_id("s");
  request.set_commit(true);
  ExpectRefused(request, grpc::INVALID_ARGUMENT);
  request.set_step(6);
  request.set_samples(2);
  ExpectRefused(request, grpc::INVALID_ARGUMENT);
  request.set_samples(1);
  request.set_step(9);
  ExpectRefused(request, grpc::OUT_OF_RANGE);
  EXPECT_EQ(NextStep("s"), 6u);
}

TEST_F(TextRollout, WithoutAStepOrAPromptHasNothingToGoOnFrom) {
  ExpectRefused(OfText("", 10, 1), grpc::FAILED_PRECONDITION);
  MustPredict(Text("s", 1, "\xc3"));  // half a character: no step yet
  auto request = OfText("", 10, 1);
  request.set_session_id("s");
  ExpectRefused(request, grpc::FAILED_PRECONDITION);
}

TEST_F(TextRollout, OfAnUnknownSessionOrModelIsRefused) {
  auto request = OfText("a", 10, 1);
  request.set_session_id("ghost");
  EXPECT_EQ(ReasonOf(Rollout(request).status), Reason::kSessionUnknown);
  request.clear_session_id();
  request.set_model("unheard-of");
  EXPECT_EQ(ReasonOf(Rollout(request).status), Reason::kModelUnknown);
}

TEST_F(TextRollout, OfAModelThatDoesNotFeedItselfIsRefused) {
  MustPredict(PlainRows("s", 1, 1));
  v1::RolloutRequest request;
  request.set_session_id("s");
  request.set_steps(3);
  EXPECT_FALSE(Rollout(request).status.ok());
  EXPECT_EQ(NextStep("s"), 2u);
}

TEST_F(TextRollout, BeyondItsBoundsIsRefused) {
  options.engine.max_rollout_steps = 50;
  options.engine.max_rollout_samples = 3;
  ExpectRefused(OfText("a", 0, 1), grpc::INVALID_ARGUMENT);
  EXPECT_FALSE(Rollout(OfText("a", 51, 1)).status.ok());
  auto request = OfText("a", 50, 1);
  request.set_samples(4);
  EXPECT_FALSE(Rollout(request).status.ok());
  request.set_samples(3);
  EXPECT_EQ(MustRollout(request).steps.size(), 150u);
}

TEST_F(TextRollout, WithOptionsThatMeanNothingIsRefused) {
  auto request = OfText("a", 5, 1);
  request.mutable_sampling()->set_temperature(-1);
  ExpectRefused(request, grpc::INVALID_ARGUMENT);
  request.mutable_sampling()->set_temperature(1);
  request.mutable_sampling()->set_top_p(1.5f);
  ExpectRefused(request, grpc::INVALID_ARGUMENT);
  request.mutable_sampling()->set_top_p(1);
  request.add_quantiles(1.5f);
  ExpectRefused(request, grpc::INVALID_ARGUMENT);
}

TEST_F(TextRollout, ReadLateIsCompleteAndInOrder) {
  options.engine.max_rollout_steps = 20'000;
  const auto context = NewContext();
  const auto reader = predictor()->Rollout(context.get(), OfText("a", 20'000, 1));
  for (uint64_t step = 1; step <= 20; ++step) MustPredict(PlainRows("other", step, 1));
  v1::RolloutResponse response;
  uint32_t next = 0;
  while (reader->Read(&response) && response.has_step()) {
    EXPECT_EQ(response.step().index(), next++);
  }
  EXPECT_EQ(next, 20'000u);
  EXPECT_TRUE(response.has_summary());
  EXPECT_TRUE(reader->Finish().ok());
}

TEST_F(TextRollout, GivenUpByItsReaderStops) {
  options.engine.max_rollout_steps = 1'000'000;
  options.engine.max_reply_bytes = 64 << 20;
  const auto context = NewContext();
  const auto reader = predictor()->Rollout(context.get(), OfText("a", 1'000'000, 1));
  v1::RolloutResponse response;
  ASSERT_TRUE(reader->Read(&response));
  context->TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::CANCELLED);
  EXPECT_TRUE(ArriveInFlight(0));
  EXPECT_EQ(MustPredict(PlainRows("s", 1, 1)).next_step(), 2u);
}

}  // namespace
}  // namespace sequent::rpc
