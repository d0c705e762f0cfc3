// What a request may ask to hear: heads, steps, classes, units, scores.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/integration/server_fixture.h"
#include "tests/support/models.h"

namespace sequent::rpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ModelContents TwoHeads() {
  v1::ModelConfig config = SeriesConfig({"a", "b"});
  AddGru(&config, "gru", 9);
  AddRegression(&config, "level", "gaussian", {"b"});
  v1::Head* weather = AddSoftmax(&config, "weather");
  for (const char* label : {"dry", "rain", "snow"}) weather->mutable_softmax()->add_labels(label);
  return RandomModel(config, 6);
}

ModelContents ManyIds() {
  v1::ModelConfig config = IdsConfig(1200);
  AddEmbedding(&config, "embedding", 3);
  AddSoftmax(&config, "next");
  return RandomModel(config, 8);
}

class Outputs : public ServerTest {
 protected:
  Outputs() {
    WriteModel(repository.path(), "two_heads", 1, TwoHeads());
    WriteModel(repository.path(), "many_ids", 1, ManyIds());
    WriteModel(repository.path(), "point", 1, TinySeriesModel(HeadKind::kPoint));
  }
  static v1::PredictRequest Rows(const std::string& model, uint32_t rows) {
    v1::PredictRequest request = PlainRows("", 1, rows);
    request.set_step(0);
    request.set_model(model);
    return request;
  }
  static v1::PredictRequest Ids(std::vector<int32_t> ids) {
    v1::PredictRequest request;
    request.set_model("many_ids");
    request.mutable_tokens()->mutable_ids()->Add(ids.begin(), ids.end());
    return request;
  }
  static std::vector<std::string> Heads(const v1::PredictResponse& response) {
    std::vector<std::string> names;
    for (const auto& head : response.heads()) names.push_back(head.name());
    return names;
  }
};

TEST_F(Outputs, AllHeadsAnswerUnlessSomeAreNamed) {
  auto request = Rows("two_heads", 2);
  EXPECT_THAT(Heads(MustPredict(request)), ElementsAre("level", "weather"));
  request.mutable_output()->add_heads("weather");
  EXPECT_THAT(Heads(MustPredict(request)), ElementsAre("weather"));
}

TEST_F(Outputs, NamedHeadsAnswerInTheOrderNamed) {
  auto request = Rows("two_heads", 2);
  request.mutable_output()->add_heads("weather");
  request.mutable_output()->add_heads("level");
  EXPECT_THAT(Heads(MustPredict(request)), ElementsAre("weather", "level"));
}

TEST_F(Outputs, OnlyTheLastStepAnswersWhenAskedSo) {
  options.engine.max_tick_steps = 3;  // several ticks
  auto request = Rows("plain", 8);
  const auto all = Flat(MustPredict(request));
  request.mutable_output()->set_last_step_only(true);
  const auto last = MustPredict(request);
  EXPECT_EQ(last.steps(), 8u);
  EXPECT_EQ(Bits(Flat(last)), Bits({all.end() - 2, all.end()}));
}

TEST_F(Outputs, ClassesAreProbabilitiesByFallingOrder) {
  const auto response = MustPredict(Rows("two_heads", 3));
  const auto& classes = response.heads(1).classes();
  ASSERT_EQ(classes.steps_size(), 3);
  for (const auto& step : classes.steps()) {
    ASSERT_EQ(step.scores_size(), 3);
    double sum = 0;
    for (int i = 0; i < 3; ++i) {
      sum += step.scores(i).probability();
      EXPECT_LE(step.scores(i).probability(), step.scores(std::max(i, 1) - 1).probability());
      EXPECT_EQ(step.scores(i).label(),
                (std::vector<std::string>{"dry", "rain", "snow"})[step.scores(i).id()]);
    }
    EXPECT_NEAR(sum, 1, 1e-6);
  }
}

TEST_F(Outputs, TheMostProbableClassesAreTheFirstOfAll) {
  auto request = Rows("two_heads", 1);
  const auto all = MustPredict(request).heads(1).classes().steps(0);
  request.mutable_output()->set_top_k(2);
  const auto two = MustPredict(request).heads(1).classes().steps(0);
  ASSERT_EQ(two.scores_size(), 2);
  EXPECT_EQ(two.scores(0).id(), all.scores(0).id());
  EXPECT_EQ(two.scores(1).id(), all.scores(1).id());
  EXPECT_EQ(two.scores(1).probability(), all.scores(1).probability());
}

TEST_F(Outputs, OfManyClassesTenAnswerUnlessMoreAreAskedFor) {
  auto request = Ids({7});
  EXPECT_EQ(MustPredict(request).heads(0).classes().steps(0).scores_size(), 10);
  request.mutable_output()->set_top_k(1100);
  EXPECT_EQ(MustPredict(request).heads(0).classes().steps(0).scores_size(), 1100);
  request.mutable_output()->set_top_k(5000);
  EXPECT_EQ(MustPredict(request).heads(0).classes().steps(0).scores_size(), 1200);
}

TEST_F(Outputs, RawClassesAreLogits) {
  auto request = Rows("two_heads", 1);
  const auto decoded = MustPredict(request).heads(1).classes().steps(0);
  request.mutable_output()->set_raw(true);
  const auto logits = MustPredict(request).heads(1).values();
  ASSERT_EQ(logits.width(), 3u);
  const auto best = decoded.scores(0).id(), worst = decoded.scores(2).id();
  EXPECT_NEAR(logits.values(best) - logits.values(worst),
              std::log(decoded.scores(0).probability() / decoded.scores(2).probability()), 1e-4);
}

TEST_F(Outputs, RawMeasurementsAreInTheModelsUnits) {
  auto request = Rows("point", 3);
  const auto decoded = MustPredict(request).heads(0).values();
  request.mutable_output()->set_raw(true);
  const auto raw = MustPredict(request).heads(0).values();
  // Column "temperature": difference 1, then (x - 0.01) / 2.7.
  const float last_row = request.floats().values(4);
  EXPECT_NEAR(decoded.values(4), last_row + raw.values(4) * 2.7 + 0.01, 1e-5);
}

TEST_F(Outputs, AScoreSaysHowWellTheStepBeforePredictedEachToken) {
  auto request = Text("s", 1, "abc");
  request.mutable_output()->set_score(true);
  const auto response = MustPredict(request);
  ASSERT_EQ(response.scores_size(), 3);
  EXPECT_TRUE(std::isnan(response.scores(0)));
  const auto& steps = response.heads(0).classes().steps();
  for (int i = 1; i < 3; ++i) {
    const std::string token(1, "abc"[i]);
    for (const auto& score : steps[i - 1].scores()) {
      if (score.label() == token) {
        EXPECT_NEAR(response.scores(i), -std::log(score.probability()), 1e-4);
      }
    }
  }
}

TEST_F(Outputs, AScoreReachesOverRequestsOfASession) {
  auto whole = Text("", 0, "abcd");
  whole.mutable_output()->set_score(true);
  const auto expected = MustPredict(whole);
  for (uint64_t step = 1; step <= 4; ++step) {
    auto request = Text("s", step, std::string(1, "abcd"[step - 1]));
    request.mutable_output()->set_score(true);
    const auto response = MustPredict(request);
    ASSERT_EQ(response.scores_size(), 1);
    const int at = static_cast<int>(step) - 1;
    EXPECT_EQ(Bits({response.scores(0)}), Bits({expected.scores(at)}));
  }
}

TEST_F(Outputs, AScoreWithOnlyTheLastStepIsOfEveryStep) {
  auto request = Text("", 0, "abcd");
  request.mutable_output()->set_score(true);
  const auto all = MustPredict(request);
  request.mutable_output()->set_last_step_only(true);
  const auto last = MustPredict(request);
  EXPECT_EQ(last.heads(0).classes().steps_size(), 1);
  EXPECT_EQ(Bits({last.scores().begin(), last.scores().end()}),
            Bits({all.scores().begin(), all.scores().end()}));
}

TEST_F(Outputs, AScoreOfMeasurementsIsAnErrorOrALikelihood) {
  auto request = Rows("point", 3);
  request.mutable_output()->set_score(true);
  request.mutable_output()->set_raw(true);
  const auto point = MustPredict(request);
  ASSERT_EQ(point.scores_size(), 3);
  EXPECT_TRUE(std::isnan(point.scores(0)));
  EXPECT_GE(point.scores(1), 0);
  request.set_model("series");
  EXPECT_TRUE(std::isfinite(MustPredict(request).scores(2)));
}

TEST_F(Outputs, AScoreOfAHeadThatDoesNotPredictTheInputIsRefused) {
  auto request = Rows("two_heads", 2);
  request.mutable_output()->add_heads("weather");
  request.mutable_output()->set_score(true);
  v1::PredictResponse response;
  const grpc::Status status = Predict(request, &response);
  EXPECT_EQ(ReasonOf(status), Reason::kBadRequest);
  EXPECT_THAT(status.error_message(), HasSubstr("weather"));
}

TEST_F(Outputs, AnAnswerSaysHowItWasMade) {
  const auto response = MustPredict(PlainRows("s", 1, 3));
  EXPECT_GE(response.timing().batch_rows(), 1u);
  EXPECT_EQ(response.step(), 1u);
  EXPECT_EQ(response.steps(), 3u);
  EXPECT_EQ(response.next_step(), 4u);
}

TEST_F(Outputs, ARequestWithoutInputAnswersNothingAndKeepsTheSessionAlive) {
  MustPredict(PlainRows("s", 1, 3));
  v1::PredictRequest request;
  request.set_session_id("s");
  const auto response = MustPredict(request);
  EXPECT_EQ(response.steps(), 0u);
  EXPECT_EQ(response.next_step(), 4u);
  EXPECT_EQ(Flat(response).size(), 0u);
}

}  // namespace
}  // namespace sequent::rpc
