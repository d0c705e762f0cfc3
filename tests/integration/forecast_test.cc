// The server goes on by itself with measurements: forecasts several steps ahead.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/integration/rollouts.h"
#include "tests/support/models.h"

namespace sequent::rpc {
namespace {

// Wide answers, so that a reader's window fills up soon.
ModelContents WideModel() {
  std::vector<std::string> columns;
  for (int i = 0; i < 64; ++i) columns.push_back(StrCat("c", i));
  v1::ModelConfig config = SeriesConfig(columns);
  AddGru(&config, "gru", 8);
  AddRegression(&config, "next");
  config.mutable_feedback()->set_head("next");
  return RandomModel(config, 3);
}

// Column b is never predicted: clients must know it ahead.
ModelContents CovariateModel() {
  v1::ModelConfig config = SeriesConfig({"a", "b"});
  AddLstm(&config, "lstm", 6);
  AddRegression(&config, "next", "point", {"a"});
  config.mutable_feedback()->set_head("next");
  return RandomModel(config, 4);
}

class Forecast : public RolloutTest {
 protected:
  Forecast() {
    WriteModel(repository.path(), "point", 1, TinySeriesModel(HeadKind::kPoint));
    WriteModel(repository.path(), "wide", 1, WideModel());
    WriteModel(repository.path(), "covariate", 1, CovariateModel());
  }

  static v1::PredictRequest Rows(const std::string& model, const std::string& session,
                                 uint64_t step, const std::vector<float>& values,
                                 uint32_t width = 2) {
    v1::PredictRequest request;
    request.set_session_id(session);
    request.set_model(model);
    request.set_step(step);
    request.mutable_floats()->set_width(width);
    request.mutable_floats()->mutable_values()->Add(values.begin(), values.end());
    return request;
  }
  static v1::RolloutRequest Of(const std::string& session, uint32_t steps, uint64_t seed = 1) {
    v1::RolloutRequest request;
    request.set_session_id(session);
    request.set_steps(steps);
    request.mutable_sampling()->set_seed(seed);
    return request;
  }
  static std::vector<float> Values(const v1::FloatSteps& steps) {
    return {steps.values().begin(), steps.values().end()};
  }
};

TEST_F(Forecast, OfAPointModelIsWhatOneGetsByFeedingItByHand) {
  const std::vector<float> rows = {10, 3, 11, 4, 12, 2};
  MustPredict(Rows("point", "s", 1, rows));
  auto answer = MustPredict(Rows("point", "by_hand", 1, rows));
  std::vector<float> expected;
  for (uint64_t i = 0; i < 5; ++i) {
    const auto values = Values(answer.heads(0).values());
    const std::vector<float> last(values.end() - 2, values.end());
    expected.insert(expected.end(), last.begin(), last.end());
    answer = MustPredict(Rows("point", "by_hand", answer.next_step(), last));
  }
  const RolloutResult result = MustRollout(Of("s", 5));
  ASSERT_EQ(result.summary.forecast_size(), 1);
  EXPECT_EQ(result.summary.forecast(0).mean().width(), 2u);
  EXPECT_EQ(Bits(Values(result.summary.forecast(0).mean())), Bits(expected));
  EXPECT_EQ(result.steps.size(), 5u);
}

TEST_F(Forecast, GivesMeanSpreadAndQuantilesOverItsSamples) {
  MustPredict(Rows("series", "s", 1, {10, 3, 11, 4, 12, 2}));
  auto request = Of("s", 6);
  request.set_samples(50);
  for (const float level : {0.1f, 0.5f, 0.9f}) request.add_quantiles(level);
  const RolloutResult result = MustRollout(request);
  ASSERT_EQ(result.summary.forecast_size(), 1);
  const v1::Distribution& forecast = result.summary.forecast(0);
  EXPECT_EQ(forecast.mean().values_size(), 12);
  EXPECT_EQ(forecast.scale().values_size(), 12);
  EXPECT_EQ(forecast.levels_size(), 3);
  EXPECT_EQ(forecast.quantiles().width(), 6u);
  ASSERT_EQ(forecast.quantiles().values_size(), 36);
  for (int cell = 0; cell < 12; ++cell) {
    const float low = forecast.quantiles().values(cell * 3);
    const float middle = forecast.quantiles().values(cell * 3 + 1);
    const float high = forecast.quantiles().values(cell * 3 + 2);
    EXPECT_LT(low, middle);
    EXPECT_LT(middle, high);
    EXPECT_GT(forecast.mean().values(cell), low);
    EXPECT_LT(forecast.mean().values(cell), high);
    EXPECT_GT(forecast.scale().values(cell), 0);
  }
}

TEST_F(Forecast, SpreadsFurtherTheFurtherItLooks) {
  MustPredict(Rows("series", "s", 1, {10, 3, 11, 4, 12, 2}));
  auto request = Of("s", 30);
  request.set_samples(100);
  const RolloutResult result = MustRollout(request);
  const auto scale = Values(result.summary.forecast(0).scale());
  EXPECT_GT(scale[58], scale[0]);  // a differenced column is a walk
}

TEST_F(Forecast, WithOneSeedIsOneForecast) {
  MustPredict(Rows("series", "s", 1, {10, 3, 11, 4, 12, 2}));
  const auto means = [&](uint64_t seed) {
    auto request = Of("s", 8, seed);
    request.set_samples(3);
    return Bits(Values(MustRollout(request).summary.forecast(0).mean()));
  };
  const auto first = means(7);
  EXPECT_EQ(means(7), first);
  EXPECT_NE(means(8), first);
}

TEST_F(Forecast, TakesColumnsThatAreKnownAheadFromTheClient) {
  const std::vector<float> rows = {0.5f, 1, 0.25f, -1};
  const std::vector<float> known = {1, -1, 0.5f, 2};
  MustPredict(Rows("covariate", "s", 1, rows));
  auto answer = MustPredict(Rows("covariate", "by_hand", 1, rows));
  std::vector<float> expected;
  for (const float b : known) {
    const float a = Values(answer.heads(0).values()).back();
    expected.push_back(a);
    answer = MustPredict(Rows("covariate", "by_hand", answer.next_step(), {a, b}));
  }
  auto request = Of("s", 4);
  request.mutable_known_inputs()->set_width(1);
  request.mutable_known_inputs()->mutable_values()->Add(known.begin(), known.end());
  const RolloutResult result = MustRollout(request);
  EXPECT_EQ(Bits(Values(result.summary.forecast(0).mean())), Bits(expected));
}

TEST_F(Forecast, WithoutColumnsItNeedsIsRefused) {
  MustPredict(Rows("covariate", "s", 1, {0.5f, 1}));
  auto request = Of("s", 4);
  EXPECT_EQ(Rollout(request).status.error_code(), grpc::INVALID_ARGUMENT);
  request.mutable_known_inputs()->set_width(1);
  request.mutable_known_inputs()->add_values(1);  // of one step, not four
  EXPECT_EQ(Rollout(request).status.error_code(), grpc::INVALID_ARGUMENT);
  request.mutable_known_inputs()->clear_values();
  for (int i = 0; i < 4; ++i) request.mutable_known_inputs()->add_values(std::nanf(""));
  EXPECT_EQ(Rollout(request).status.error_code(), grpc::INVALID_ARGUMENT);
}

TEST_F(Forecast, BehindAPromptNeedsNoSession) {
  const std::vector<float> rows = {10, 3, 11, 4, 12, 2};
  MustPredict(Rows("point", "s", 1, rows));
  v1::RolloutRequest request = Of("", 5);
  request.set_model("point");
  request.mutable_floats()->set_width(2);
  request.mutable_floats()->mutable_values()->Add(rows.begin(), rows.end());
  EXPECT_EQ(Bits(Values(MustRollout(request).summary.forecast(0).mean())),
            Bits(Values(MustRollout(Of("s", 5)).summary.forecast(0).mean())));
}

TEST_F(Forecast, ForAReaderThatDoesNotReadRests) {
  constexpr uint32_t kSteps = 60'000;
  Pause();
  options.engine.max_rollout_steps = kSteps;
  options.engine.max_reply_bytes = 64 << 20;  // the summary could be as long
  const std::vector<float> row(64, 0.5f);
  WithTicks([&] { return MustPredict(Rows("wide", "s", 1, row, 64)); });
  const auto context = NewContext();
  const auto reader = predictor()->Rollout(context.get(), Of("s", kSteps));
  ASSERT_TRUE(Eventually([&] { return server()->engine()->RunTick(); }));
  // More ticks than the whole rollout has steps.
  for (uint32_t i = 0; i < 2 * kSteps; ++i) server()->engine()->RunTick();
  EXPECT_EQ(server()->engine()->InFlight(), 1u);
  context->TryCancel();
  EXPECT_TRUE(WithTicks([&] { return ArriveInFlight(0); }));
  EXPECT_EQ(reader->Finish().error_code(), grpc::CANCELLED);
  EXPECT_EQ(NextStep("s"), 2u);
}

}  // namespace
}  // namespace sequent::rpc
