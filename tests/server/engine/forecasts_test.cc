// Forecasts of every distribution, under a logarithm too, and models that go by the time of a step.
#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/nn/predictive.h"
#include "tests/server/engine/engine_harness.h"

namespace sequent::engine {
namespace {

using ::testing::HasSubstr;

struct Summed {
  Status status;
  std::vector<RolloutStep> steps;
  RolloutSummary summary;
};

class Sink final : public RolloutSink {
 public:
  explicit Sink(Summed* summed) : summed_(summed) {}
  void OnSeed(uint64_t) override {}
  void OnStep(RolloutStep step) override { summed_->steps.push_back(std::move(step)); }
  void OnEnd(Status status, RolloutSummary summary) override {
    summed_->status = status;
    summed_->summary = std::move(summary);
  }
  bool HasRoom() override { return true; }

 private:
  Summed* const summed_;
};

class ForecastTest : public testing::Test {
 protected:
  // One column under a log and a difference; every weight of the head is 0, so that its bias is
  // what it says.
  std::shared_ptr<const Model> AddConstant(const std::string& distribution, bool log,
                                           const std::vector<float>& bias, bool calendar = false) {
    v1::ModelConfig config = SeriesConfig({"x"});
    v1::FeatureInput* features = config.mutable_inputs(0)->mutable_features();
    features->mutable_columns(0)->set_log(log);
    features->mutable_columns(0)->set_difference(1);
    if (calendar) features->mutable_calendar()->set_daily(1);
    AddRegression(&config, "next", distribution);
    config.mutable_feedback()->set_head("next");
    ModelContents contents = RandomModel(config, 1);
    auto& weight = contents.tensors.at("next.weight").values;
    std::fill(weight.begin(), weight.end(), 0.0f);
    contents.tensors.at("next.bias").values.assign(bias.begin(), bias.end());
    return Add(std::move(contents));
  }

  // The model that requests then name.
  std::shared_ptr<const Model> Add(ModelContents contents) {
    model_ = StrCat("model", ++models_);
    return harness_.Add(model_, std::move(contents));
  }

  StepRequest Request(const std::vector<float>& rows) {
    StepRequest request = RowsRequest("", 0, rows);
    request.model = model_;
    request.input.width = 1;
    return request;
  }

  Summed Roll(const std::vector<float>& prompt, uint32_t steps, uint32_t samples, uint32_t top_k,
              const std::vector<int64_t>& times = {}, const std::vector<int64_t>& known = {}) {
    RolloutRequest request;
    request.model = model_;
    request.prompt = Request(prompt).input;
    request.prompt.unix_ms = times;
    request.steps = steps;
    request.samples = samples;
    request.sampling.top_k = top_k;
    request.seed = 5;
    request.quantiles = {0.5f};
    request.known_times = known;
    Summed summed;
    harness_.engine()->Rollout(std::move(request), std::make_shared<Sink>(&summed));
    harness_.RunTicks();
    return summed;
  }

  EngineHarness harness_;
  std::string model_;
  int models_ = 0;
};

// softplus(r) + 1e-6 = 0.1.
const float kTenth = std::log(std::exp(0.1f - 1e-6f) - 1);

TEST_F(ForecastTest, AGaussianUnderALogIsAnsweredByItsMean) {
  AddConstant("gaussian", true, {0.2f, kTenth});
  const auto reply = harness_.Ask(Request({5}));
  ASSERT_TRUE(reply->status.ok()) << reply->status;
  const double mean = 5 * std::exp(0.2 + 0.005);
  EXPECT_NEAR(reply->heads[0].values[0], mean, 1e-4);
  EXPECT_NEAR(reply->heads[0].scales[0], mean * std::sqrt(std::exp(0.01) - 1), 1e-4);
}

TEST_F(ForecastTest, AStudentIsAnsweredByLocationDeviationAndDegrees) {
  AddConstant("student_t", false, {2, kTenth});
  const auto reply = harness_.Ask(Request({5}));
  ASSERT_TRUE(reply->status.ok()) << reply->status;
  EXPECT_EQ(reply->heads[0].kind, HeadResult::Kind::kDistribution);
  EXPECT_NEAR(reply->heads[0].values[0], 7, 1e-5);
  EXPECT_NEAR(reply->heads[0].scales[0], 0.1 * std::sqrt(5.0 / 3), 1e-5);
  EXPECT_EQ(reply->heads[0].degrees_of_freedom, 5);
}

TEST_F(ForecastTest, QuantilesAreAnsweredInOrderWithTheirLevels) {
  AddConstant("quantiles", false, {0, 1, -1, 2, 3});
  const auto reply = harness_.Ask(Request({5}));
  ASSERT_TRUE(reply->status.ok()) << reply->status;
  EXPECT_THAT(reply->heads[0].quantiles, ::testing::ElementsAre(4, 5, 6, 7, 8));
  EXPECT_EQ(reply->heads[0].levels.size(), 5u);
  EXPECT_EQ(reply->heads[0].values[0], 6);
  EXPECT_TRUE(reply->heads[0].scales.empty());
}

// One column, differenced, and the biases of a head of two steps.
class DirectForecastTest : public ForecastTest {
 protected:
  void AddTwoSteps(const std::string& distribution, const std::vector<float>& bias) {
    v1::ModelConfig config = SeriesConfig({"x"});
    config.mutable_inputs(0)->mutable_features()->mutable_columns(0)->set_difference(1);
    v1::RegressionHead* head = AddRegression(&config, "next", distribution)->mutable_regression();
    head->set_horizon(2);
    if (distribution == "quantiles") {
      for (const double level : {0.25, 0.75}) head->add_levels(level);
    }
    ModelContents contents = RandomModel(config, 1);
    auto& weight = contents.tensors.at("next.weight").values;
    std::fill(weight.begin(), weight.end(), 0.0f);
    contents.tensors.at("next.bias").values.assign(bias.begin(), bias.end());
    Add(std::move(contents));
  }
};

TEST_F(DirectForecastTest, EveryStepIsAnsweredWithAllThatComeNext) {
  AddTwoSteps("point", {2, 3});
  const std::vector<float> rows = {5, 9};
  const auto reply = harness_.Ask(Request(rows));
  ASSERT_TRUE(reply->status.ok()) << reply->status;
  EXPECT_EQ(reply->heads[0].width, 2u);
  EXPECT_THAT(reply->heads[0].values, ::testing::ElementsAre(7, 8, 11, 12));
}

TEST_F(DirectForecastTest, DistributionsAreOfEveryStepToo) {
  AddTwoSteps("gaussian", {2, 3, kTenth, kTenth});
  const std::vector<float> rows = {5};
  const auto gaussian = harness_.Ask(Request(rows));
  ASSERT_TRUE(gaussian->status.ok()) << gaussian->status;
  EXPECT_THAT(gaussian->heads[0].values, ::testing::ElementsAre(7, 8));
  ASSERT_EQ(gaussian->heads[0].scales.size(), 2u);
  EXPECT_NEAR(gaussian->heads[0].scales[1], 0.1, 1e-6);
  AddTwoSteps("quantiles", {-1, 1, 2, 4});
  const auto quantiles = harness_.Ask(Request(rows));
  ASSERT_TRUE(quantiles->status.ok()) << quantiles->status;
  EXPECT_THAT(quantiles->heads[0].quantiles, ::testing::ElementsAre(4, 6, 7, 9));
  EXPECT_THAT(quantiles->heads[0].values, ::testing::ElementsAre(5, 8));
}

TEST_F(DirectForecastTest, ScoresAreOfTheNextStep) {
  AddTwoSteps("gaussian", {2, 3, kTenth, kTenth});
  const std::vector<float> rows = {5, 7.1f};
  StepRequest request = Request(rows);
  request.output.score = true;
  const auto reply = harness_.Ask(request);
  ASSERT_TRUE(reply->status.ok()) << reply->status;
  EXPECT_NEAR(reply->scores[1], std::log(0.1 * std::sqrt(2 * M_PI)) + 0.5, 1e-4);
}

TEST_F(DirectForecastTest, ARolloutIsReferredToPredict) {
  AddTwoSteps("point", {2, 3});
  const Summed summed = Roll({5}, 2, 1, 1);
  EXPECT_EQ(summed.status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Message(summed.status)),
              HasSubstr("Predict answers the 2 next steps that head 'next' says at once"));
}

TEST_F(ForecastTest, MostProbableRolloutsFeedThePoints) {
  for (const char* distribution : {"point", "gaussian", "student_t"}) {
    AddConstant(distribution, false,
                distribution == std::string("point") ? std::vector<float>{2}
                                                     : std::vector<float>{2, kTenth});
    const Summed summed = Roll({5}, 3, 1, 1);
    ASSERT_TRUE(summed.status.ok()) << summed.status;
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_NEAR(summed.summary.forecasts[0].mean[i], 7 + 2 * static_cast<float>(i), 1e-4)
          << distribution;
    }
  }
}

// The spread of the first step's draws, and where they lie.
TEST_F(ForecastTest, RolloutsDrawFromTheDistribution) {
  struct Case {
    const char* distribution;
    std::vector<float> bias;
    double median, deviation;
  };
  const Case cases[] = {{"gaussian", {0.2f, kTenth}, 0.2, 0.1},
                        {"student_t", {0.2f, kTenth}, 0.2, 0.1 * std::sqrt(5.0 / 3)},
                        {"quantiles", {0.1f, 0.15f, 0.2f, 0.25f, 0.3f}, 0.2, 0.061}};
  for (const Case& c : cases) {
    for (const bool log : {false, true}) {
      AddConstant(c.distribution, log, c.bias);
      const Summed summed = Roll({5}, 1, 64, 0);
      ASSERT_TRUE(summed.status.ok()) << summed.status;
      std::vector<double> drawn;
      for (const RolloutStep& step : summed.steps) {
        const double value = step.heads[0].values[0];
        drawn.push_back(log ? std::log(value / 5) : value - 5);
      }
      ASSERT_EQ(drawn.size(), 64u);
      double sum = 0, squares = 0;
      for (const double value : drawn) sum += value;
      for (const double value : drawn) squares += (value - sum / 64) * (value - sum / 64);
      EXPECT_NEAR(sum / 64, c.median, 0.05) << c.distribution << log;
      EXPECT_NEAR(std::sqrt(squares / 64), c.deviation, 0.5 * c.deviation) << c.distribution << log;
    }
  }
}

TEST_F(ForecastTest, AModelOfTimesNeedsOnePerStep) {
  AddConstant("point", false, {2}, /*calendar=*/true);
  const std::vector<float> rows = {5, 6};
  StepRequest request = Request(rows);
  EXPECT_EQ(ReasonOf(harness_.Ask(request)->status), Reason::kInputTime);
  const std::vector<int64_t> back = {1000, 1000}, far = {0, int64_t{1} << 60};
  for (const auto& times : {back, far}) {
    request.input.unix_ms = times;
    EXPECT_EQ(ReasonOf(harness_.Ask(request)->status), Reason::kInputTime);
  }
  const std::vector<int64_t> good = {1000, 2000};
  request.input.unix_ms = good;
  EXPECT_TRUE(harness_.Ask(request)->status.ok());
}

TEST_F(ForecastTest, AModelWithoutTimesTakesNone) {
  AddConstant("point", false, {2});
  const std::vector<float> rows = {5};
  StepRequest request = Request(rows);
  const std::vector<int64_t> times = {1000};
  request.input.unix_ms = times;
  const auto reply = harness_.Ask(request);
  EXPECT_EQ(ReasonOf(reply->status), Reason::kInputTime);
  EXPECT_THAT(std::string(Message(reply->status)), HasSubstr("does not use time"));
}

// What the model sees of the time is what the codec makes of it, chunk after chunk.
TEST_F(ForecastTest, StepsAreEncodedByTheirTimes) {
  v1::ModelConfig config = SeriesConfig({"x"});
  config.mutable_inputs(0)->mutable_features()->mutable_calendar()->set_daily(1);
  AddRegression(&config, "next");
  ModelContents contents = RandomModel(config, 1);
  contents.tensors.at("next.weight").values = {0, 1, 0};  // the sine
  contents.tensors.at("next.bias").values = {0};
  Add(std::move(contents));
  const std::vector<float> rows = {5, 5};
  const std::vector<int64_t> times = {6 * 3'600'000, 18 * 3'600'000};
  StepRequest request = Request(rows);
  request.input.unix_ms = times;
  const auto reply = harness_.Ask(request);
  ASSERT_TRUE(reply->status.ok()) << reply->status;
  EXPECT_NEAR(reply->heads[0].values[0], 1, 1e-6);
  EXPECT_NEAR(reply->heads[0].values[1], -1, 1e-6);
}

TEST_F(ForecastTest, RolloutsTakeTheTimesOfTheirSteps) {
  AddConstant("point", false, {2}, /*calendar=*/true);
  EXPECT_EQ(ReasonOf(Roll({5}, 2, 1, 1, {1000}).status), Reason::kInputTime);
  const Summed summed = Roll({5}, 2, 1, 1, {1000}, {2000, 3000});
  EXPECT_TRUE(summed.status.ok()) << summed.status;
  EXPECT_EQ(summed.steps.size(), 2u);
}

}  // namespace
}  // namespace sequent::engine
