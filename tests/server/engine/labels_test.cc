// Heads that name classes: of the whole sequence, answered at the last step of a request, or of
// each step.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "tests/server/engine/engine_harness.h"

namespace sequent::engine {
namespace {

// Heads "kind" (softmax: a, b, c) and "traits" (Bernoulli: x, y), both of the whole sequence, and
// "steps" (softmax: u, v), of each step, if asked for.
ModelContents Classifier(bool with_steps) {
  v1::ModelConfig config = TextConfig("abcdefgh ");
  config.set_task("classify");
  AddEmbedding(&config, "embedding", 5);
  AddGru(&config, "gru", 7);
  v1::Head* kind = AddSoftmax(&config, "kind");
  kind->set_last_step(true);
  for (const char* label : {"a", "b", "c"}) kind->mutable_softmax()->add_labels(label);
  v1::Head* traits = config.add_heads();
  traits->set_name("traits");
  traits->set_last_step(true);
  for (const char* label : {"x", "y"}) traits->mutable_bernoulli()->add_labels(label);
  if (with_steps) {
    v1::Head* steps = AddSoftmax(&config, "steps");
    for (const char* label : {"u", "v"}) steps->mutable_softmax()->add_labels(label);
  }
  return RandomModel(config, 9);
}

class LabelsTest : public testing::Test {
 protected:
  explicit LabelsTest(uint32_t max_tick_steps = 3) : harness_(Options(max_tick_steps)) {
    harness_.Add("whole", Classifier(false));
    harness_.Add("mixed", Classifier(true));
  }
  static EngineOptions Options(uint32_t max_tick_steps) {
    EngineOptions options;
    options.max_tick_steps = max_tick_steps;  // so that a request takes several ticks
    return options;
  }

  std::shared_ptr<const StepReply> Ask(const std::string& model, const std::string& session,
                                       uint64_t step, std::string_view text, bool raw = false) {
    StepRequest request = TextRequest(session, step, text);
    request.model = model;
    request.output.raw = raw;
    auto reply = harness_.Ask(std::move(request));
    EXPECT_TRUE(reply->status.ok()) << reply->status;
    return reply;
  }

  EngineHarness harness_;
};

TEST_F(LabelsTest, OfTheSequenceAreAnsweredOnceARequest) {
  const auto reply = Ask("whole", "", 0, "abcdefgh");
  ASSERT_EQ(reply->heads.size(), 2u);
  EXPECT_EQ(reply->heads[0].classes.size(), 3u);
  EXPECT_EQ(reply->heads[0].classes_per_step, 3u);
  EXPECT_EQ(reply->heads[1].classes.size(), 2u);
  EXPECT_EQ(reply->heads[1].labels[1], "y");
}

// The probabilities are those of the head's biases: 0.5, then twice 0.2, then 0.1 of ids 2, 0,
// 3, 1.
TEST_F(LabelsTest, OfEqualProbabilitiesTheSmallerIdComesFirst) {
  v1::ModelConfig config = TextConfig("abcdefgh ");
  config.set_task("classify");
  AddEmbedding(&config, "embedding", 5);
  v1::Head* kind = AddSoftmax(&config, "kind");
  for (const char* label : {"a", "b", "c", "d"}) kind->mutable_softmax()->add_labels(label);
  ModelContents contents = RandomModel(config, 9);
  std::fill(contents.tensors.at("kind.weight").values.begin(),
            contents.tensors.at("kind.weight").values.end(), 0.0f);
  const float logs[] = {std::log(2.0f), std::log(1.0f), std::log(5.0f), std::log(2.0f)};
  std::copy_n(logs, 4, contents.tensors.at("kind.bias").values.begin());
  harness_.Add("equal", std::move(contents));
  const auto reply = Ask("equal", "", 0, "a");
  ASSERT_EQ(reply->heads[0].classes.size(), 4u);
  const int ids[] = {2, 0, 3, 1};
  for (size_t i = 0; i < 4; ++i) EXPECT_EQ(reply->heads[0].classes[i].id, ids[i]) << "place " << i;
}

TEST_F(LabelsTest, SayTheSameForAnyCutOfTheText) {
  const auto whole = Ask("whole", "", 0, "abcdefgh", /*raw=*/true);
  Ask("whole", "s", 1, "abc");
  Ask("whole", "s", 4, "d");
  const auto last = Ask("whole", "s", 5, "efgh", /*raw=*/true);
  for (size_t h = 0; h < 2; ++h) EXPECT_EQ(last->heads[h].values, whole->heads[h].values);
}

TEST_F(LabelsTest, OfABernoulliHeadHaveProbabilitiesOfTheirOwn) {
  const auto raw = Ask("whole", "", 0, "abcdefgh", /*raw=*/true);
  const auto reply = Ask("whole", "", 0, "abcdefgh");
  for (const HeadResult::Class& one : reply->heads[1].classes) {
    const float logit = raw->heads[1].values[static_cast<size_t>(one.id)];
    EXPECT_NEAR(one.probability, 1 / (1 + std::exp(-logit)), 1e-6);
  }
  EXPECT_GE(reply->heads[1].classes[0].probability, reply->heads[1].classes[1].probability);
}

TEST_F(LabelsTest, OfEachStepStandBesideThoseOfTheSequence) {
  const auto reply = Ask("mixed", "", 0, "abcdefgh", /*raw=*/true);
  EXPECT_EQ(reply->heads[0].values.size(), 3u);
  EXPECT_EQ(reply->heads[1].values.size(), 2u);
  EXPECT_EQ(reply->heads[2].values.size(), 8u * 2u);
}

TEST_F(LabelsTest, OfTheSequenceAreThoseOfItsLastStepBesideOthersToo) {
  StepRequest request = TextRequest("", 0, "abcdefgh");
  request.model = "mixed";
  request.output.raw = true;
  request.output.heads = {"kind"};
  const auto alone = harness_.Ask(std::move(request));
  const auto all = Ask("mixed", "", 0, "abcdefgh", /*raw=*/true);
  EXPECT_EQ(all->heads[0].values, alone->heads[0].values);
}

// The last byte makes no step, so the last step lies in an earlier tick.
TEST_F(LabelsTest, AreThereIfTheTextEndsInTheMiddleOfACharacter) {
  const auto whole = Ask("mixed", "s", 1, "abc", /*raw=*/true);
  const auto cut = Ask("mixed", "t", 1, "abc\xc3", /*raw=*/true);
  for (size_t h = 0; h < 3; ++h) EXPECT_EQ(cut->heads[h].values, whole->heads[h].values) << h;
}

TEST_F(LabelsTest, HaveNoScore) {
  StepRequest request = TextRequest("", 0, "abc");
  request.model = "whole";
  request.output.score = true;
  request.output.heads = {"traits"};
  EXPECT_EQ(harness_.Ask(std::move(request))->status.code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sequent::engine
