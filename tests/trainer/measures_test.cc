#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/tensor_table.h"
#include "core/train/measure.h"
#include "core/train/series_measures.h"
#include "trainer/scoring.h"
#include "trainer/training_record.h"

namespace sequent {
namespace {

using ::testing::DoubleNear;
using ::testing::HasSubstr;

// A model that forecasts, whatever comes, `values` in model units (offset 10, factor 2), of as many
// next steps.
std::shared_ptr<const Model> ConstantModel(const std::string& distribution,
                                           const std::vector<float>& values) {
  ModelContents contents;
  contents.config.set_name("m");
  contents.config.set_task("forecast");
  v1::Input* input = contents.config.add_inputs();
  input->set_name("input");
  v1::SeriesColumn* column = input->mutable_features()->add_columns();
  column->set_name("x");
  column->mutable_scale()->set_kind(v1::Scale::STANDARD);
  column->mutable_scale()->set_offset(10);
  column->mutable_scale()->set_factor(2);
  v1::Layer* layer = contents.config.add_layers();
  layer->set_name("gru");
  layer->mutable_gru()->set_units(3);
  v1::Head* head = contents.config.add_heads();
  head->set_name("forecast");
  head->mutable_regression()->set_distribution(distribution);
  head->mutable_regression()->set_horizon(static_cast<uint32_t>(values.size()));
  if (values.size() == 1) contents.config.mutable_feedback()->set_head("forecast");
  const auto graph = ResolveGraph(contents.config);
  EXPECT_TRUE(graph.ok()) << graph.status();
  for (const TensorSpec& spec : TensorTable(*graph)) {
    Tensor tensor;
    tensor.shape = spec.shape;
    size_t size = 1;
    for (const size_t n : spec.shape) size *= n;
    tensor.values.assign(size, 0);
    if (spec.name == "forecast.bias") {
      std::copy(values.begin(), values.end(), tensor.values.begin());
    }
    contents.tensors[spec.name] = tensor;
  }
  auto model = Model::Create(std::move(contents));
  EXPECT_TRUE(model.ok()) << model.status();
  return *model;
}

std::shared_ptr<const Model> ConstantModel(const std::string& distribution, float value) {
  return ConstantModel(distribution, std::vector<float>{value});
}

// One series of one column, of which the first `context` rows are known and fitted on.
StatusOr<train::Measures> MeasureRows(const Model& model, std::vector<float> rows, size_t context,
                                      const train::MeasureOptions& options = {}) {
  const train::SeriesPart part{"", 1, std::move(rows), {}, context, context};
  return train::MeasureSeries(model, {&part, 1}, options, nullptr);
}

TEST(MeasureSeries, ComparesWithTheNaiveForecast) {
  const std::vector<float> rows = {10, 12, 11, 15};
  const auto measures = MeasureRows(*ConstantModel("point", 1), rows, 2);
  ASSERT_TRUE(measures.ok()) << measures.status();
  // Forecasts 12 and 12 of 11 and 15; persistence 12 and 11.
  EXPECT_THAT(measures->at("rmse"), DoubleNear(std::sqrt(5.0), 1e-6));
  EXPECT_THAT(measures->at("mae"), DoubleNear(2, 1e-6));
  EXPECT_THAT(measures->at("rmse_persistence"), DoubleNear(std::sqrt(8.5), 1e-6));
  EXPECT_THAT(measures->at("mase"), DoubleNear(1, 1e-6));
  EXPECT_THAT(measures->at("loss"), DoubleNear(1.25, 1e-6));
}

TEST(MeasureSeries, ScoresAGaussianInTheUsersUnits) {
  const std::vector<float> rows = {10, 12, 12};
  const auto measures = MeasureRows(*ConstantModel("gaussian", 1), rows, 2);
  ASSERT_TRUE(measures.ok()) << measures.status();
  const double scale = 2 * (std::log(2.0) + 1e-6);
  EXPECT_THAT(measures->at("nll"), DoubleNear(std::log(scale * std::sqrt(2 * M_PI)), 1e-5));
  EXPECT_THAT(measures->at("crps"),
              DoubleNear(scale * (std::sqrt(2.0) - 1) / std::sqrt(M_PI), 1e-5));
  EXPECT_EQ(measures->at("coverage95"), 1);
}

TEST(MeasureSeries, NeedsARowBefore) {
  const std::vector<float> rows = {10, 12};
  EXPECT_EQ(MeasureRows(*ConstantModel("point", 1), rows, 0).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(MeasureSeries, MeasuresRelativeErrors) {
  // Forecasts 12 of 10, 0 and 20; of nothing there is no relative error.
  const auto measures = MeasureRows(*ConstantModel("point", 1), {1, 10, 0, 20}, 1);
  ASSERT_TRUE(measures.ok()) << measures.status();
  EXPECT_THAT(measures->at("mape"), DoubleNear((20 + 40) / 2.0, 1e-5));
  EXPECT_THAT(measures->at("smape"), DoubleNear((400.0 / 22 + 200 + 1600.0 / 32) / 3, 1e-5));
}

TEST(MeasureSeries, PutsTheSeasonalNaiveForecastBesideIt) {
  train::MeasureOptions options;
  options.period = 3;
  const auto measures = MeasureRows(*ConstantModel("point", 0), {1, 5, 9, 2, 7, 10}, 4, options);
  ASSERT_TRUE(measures.ok()) << measures.status();
  // 5 and 9 of 7 and 10. Within the context the season changed by 1.
  EXPECT_THAT(measures->at("mae_seasonal"), DoubleNear(1.5, 1e-6));
  EXPECT_THAT(measures->at("mase"), DoubleNear(1.5, 1e-6));
}

TEST(MeasureSeries, PutsALinearAutoregressionBesideIt) {
  // x[t] = 1 + x[t-1] - x[t-2] / 2, which two lags tell exactly.
  std::vector<float> rows = {1, 3};
  for (int t = 2; t < 16; ++t) {
    rows.push_back(1 + rows[rows.size() - 1] - rows[rows.size() - 2] / 2);
  }
  train::MeasureOptions options;
  options.ar_lags = 2;
  const auto measures = MeasureRows(*ConstantModel("point", 0), rows, 10, options);
  ASSERT_TRUE(measures.ok()) << measures.status();
  EXPECT_THAT(measures->at("rmse_ar"), DoubleNear(0, 1e-5));
  EXPECT_GT(measures->at("rmse_persistence"), 0.01);
}

TEST(MeasureSeries, ScoresADistributionBesideNormalChanges) {
  const auto measures = MeasureRows(*ConstantModel("gaussian", 1), {10, 12, 13, 12}, 3);
  ASSERT_TRUE(measures.ok()) << measures.status();
  // Changes of 2 and 1: mean 1.5, deviation 0.5. Then -1, five deviations below.
  EXPECT_THAT(measures->at("nll_constant"),
              DoubleNear(std::log(0.5 * std::sqrt(2 * M_PI)) + 12.5, 1e-5));
}

TEST(MeasureSeries, ScoresQuantilesByWhatLiesBetweenThem) {
  // All quantiles are 10 but the first of them, 12: in order they are 10 ... 12.
  const auto measures = MeasureRows(*ConstantModel("quantiles", 1), {10, 11, 13}, 1);
  ASSERT_TRUE(measures.ok()) << measures.status();
  EXPECT_EQ(measures->at("coverage"), 0.5);
  EXPECT_FALSE(measures->contains("nll"));
  EXPECT_GT(measures->at("crps"), 0);
}

// Rolled out, a model of constants says the same at every step, so what differs is the baselines'
// knowledge.
TEST(MeasureSeries, FromAFixedOriginNobodyKnowsWhatCame) {
  train::MeasureOptions options;
  options.scheme.kind = train::Scheme::Kind::kFixedOrigin;
  options.period = 2;
  const auto measures =
      MeasureRows(*ConstantModel("point", 0), {1, 5, 2, 6, 20, 30, 40}, 4, options);
  ASSERT_TRUE(measures.ok()) << measures.status();
  EXPECT_EQ(measures->at("values"), 3);
  EXPECT_THAT(measures->at("mae_persistence"), DoubleNear((14 + 24 + 34) / 3.0, 1e-5));
  EXPECT_THAT(measures->at("mae_seasonal"), DoubleNear((18 + 24 + 38) / 3.0, 1e-5));
  options.scheme.horizon = 2;
  EXPECT_EQ(
      MeasureRows(*ConstantModel("point", 0), {1, 5, 2, 6, 20, 30, 40}, 4, options)->at("values"),
      2);
}

TEST(MeasureSeries, RollsItsOrigin) {
  train::MeasureOptions options;
  options.scheme.kind = train::Scheme::Kind::kRollingOrigin;
  options.scheme.horizon = 2;
  options.scheme.stride = 2;
  const auto measures = MeasureRows(*ConstantModel("point", 0), {1, 2, 4, 8, 16}, 2, options);
  ASSERT_TRUE(measures.ok()) << measures.status();
  // 2 of 4 and 8; 8 of 16.
  EXPECT_THAT(measures->at("mae_persistence"), DoubleNear((2 + 6 + 8) / 3.0, 1e-5));
}

TEST(MeasureSeries, OfAHeadOfSeveralStepsTakesThemAllFromAnOrigin) {
  train::MeasureOptions options;
  options.scheme.kind = train::Scheme::Kind::kRollingOrigin;
  options.scheme.horizon = 2;
  options.scheme.stride = 2;
  const auto model = ConstantModel("point", {0, 1, 2});
  // 10 and 12 of 11 and 15; 10 of 9.
  const auto measures = MeasureRows(*model, {1, 2, 11, 15, 9}, 2, options);
  ASSERT_TRUE(measures.ok()) << measures.status();
  EXPECT_THAT(measures->at("mae"), DoubleNear((1 + 3 + 1) / 3.0, 1e-5));
  options.scheme.kind = train::Scheme::Kind::kFixedOrigin;
  options.scheme.horizon = 0;
  // 10, 12 and 14, and no more, of 11, 15 and 9.
  const auto fixed = MeasureRows(*model, {1, 2, 11, 15, 9, 7}, 2, options);
  ASSERT_TRUE(fixed.ok()) << fixed.status();
  EXPECT_THAT(fixed->at("mae"), DoubleNear((1 + 3 + 5) / 3.0, 1e-5));
  options.scheme.horizon = 4;
  EXPECT_EQ(MeasureRows(*model, {1, 2, 11, 15, 9, 7}, 2, options).status().message(),
            "horizon: expected at most the 3 steps that head 'forecast' says at once, got 4");
}

TEST(MeasureSeries, OfAHeadOfSeveralStepsIsOneStepAheadTheFirstAndItsLossIsOfAll) {
  const auto measures = MeasureRows(*ConstantModel("point", {0, 1}), {8, 10, 14, 12}, 2);
  ASSERT_TRUE(measures.ok()) << measures.status();
  EXPECT_THAT(measures->at("mae"), DoubleNear((4 + 2) / 2.0, 1e-5));
  // 14 and 12 are 2 and 1 in model units, said to be 0 and 1; then 12, said to be 0.
  EXPECT_THAT(measures->at("loss"), DoubleNear((4 + 0 + 1) / 3.0, 1e-6));
}

TEST(MeasureSeries, ScoresTheDistributionsOfAllStepsThatAreNotFedBack) {
  train::MeasureOptions options;
  options.scheme.kind = train::Scheme::Kind::kFixedOrigin;
  const auto measures = MeasureRows(*ConstantModel("gaussian", {0, 1}), {8, 10, 12}, 1, options);
  ASSERT_TRUE(measures.ok()) << measures.status();
  const double scale = 2 * (std::log(2.0) + 1e-6);
  EXPECT_THAT(measures->at("nll"), DoubleNear(std::log(scale * std::sqrt(2 * M_PI)), 1e-5));
  EXPECT_EQ(measures->at("coverage95"), 1);
  EXPECT_FALSE(measures->contains("nll_constant"));
  const auto fed = MeasureRows(*ConstantModel("gaussian", 0), {8, 10, 12}, 1, options);
  ASSERT_TRUE(fed.ok()) << fed.status();
  EXPECT_FALSE(fed->contains("nll"));
}

TEST(MeasureSeries, SaysHowSureItsSkillIs) {
  train::MeasureOptions options;
  options.interval = true;
  std::vector<float> rows;
  for (int t = 0; t < 100; ++t) rows.push_back(static_cast<float>(12 + (t % 3) - 1));
  const auto measures = MeasureRows(*ConstantModel("point", 1), rows, 10, options);
  ASSERT_TRUE(measures.ok()) << measures.status();
  EXPECT_LT(measures->at("skill_low"), measures->at("skill"));
  EXPECT_GT(measures->at("skill_high"), measures->at("skill"));
  EXPECT_GT(measures->at("skill_low"), 0.3);
}

TEST(MeasureSeries, MeasuresSeveralSeriesTogetherAndApart) {
  const train::SeriesPart parts[] = {{"a", 1, {1, 10}, {}, 1, 1}, {"b", 1, {10, 13, 14}, {}, 2, 2}};
  const auto measures = train::MeasureSeries(*ConstantModel("point", 0), parts, {}, nullptr);
  ASSERT_TRUE(measures.ok()) << measures.status();
  EXPECT_THAT(measures->at("rmse.series.a"), DoubleNear(0, 1e-6));
  EXPECT_THAT(measures->at("rmse.series.b"), DoubleNear(4, 1e-6));
  EXPECT_THAT(measures->at("rmse_persistence.series.a"), DoubleNear(9, 1e-6));
  EXPECT_THAT(measures->at("rmse"), DoubleNear(std::sqrt(8.0), 1e-6));
}

TEST(Score, AveragesTheMeansOfSeveralModels) {
  Dataset dataset;
  dataset.series.columns = {"x"};
  dataset.series.times = {"a", "b"};
  dataset.series.values = {10, 11};
  const auto measures =
      Score({ConstantModel("point", 0), ConstantModel("point", 1)}, dataset, {1, 2}, nullptr);
  ASSERT_TRUE(measures.ok()) << measures.status();
  EXPECT_THAT(measures->at("rmse"), DoubleNear(0, 1e-6));
}

TEST(Score, AveragesOnlyModelsThatSayAsManySteps) {
  Dataset dataset;
  dataset.series.columns = {"x"};
  dataset.series.times = {"a", "b"};
  dataset.series.values = {10, 11};
  EXPECT_EQ(
      Score({ConstantModel("point", {0, 1}), ConstantModel("point", 1)}, dataset, {1, 2}, nullptr)
          .status()
          .message(),
      "expected models that say as many steps at once, got 2 and 1");
}

TEST(DescribeMeasures, SaysWhenTheModelIsNoBetterThanTheNaiveForecast) {
  EXPECT_THAT(DescribeMeasures("test", {{"rmse", 2}, {"rmse_persistence", 1}}),
              HasSubstr("does NOT beat"));
  EXPECT_THAT(DescribeMeasures("test", {{"rmse", 1}, {"rmse_persistence", 2}}),
              ::testing::Not(HasSubstr("NOT")));
}

TEST(DescribeMeasures, ClaimsNoSkillThatIsNotSignificant) {
  train::Measures measures = {{"rmse", 1}, {"skill_low", -0.01}, {"skill_high", 0.2}};
  EXPECT_THAT(DescribeMeasures("test", measures), HasSubstr("no skill against persistence is"));
  measures["skill_low"] = 0.01;
  EXPECT_THAT(DescribeMeasures("test", measures), HasSubstr("better than persistence"));
}

TEST(TrainingRecord, ComesBackAsItWas) {
  TrainingRecord record;
  record.seed = 3;
  record.data.add_path("a.csv");
  record.data.set_series("airport");
  record.forecast.set_evaluation("rolling_origin");
  record.forecast.set_stride(3);
  record.forecast.set_output("direct");
  record.parts.validation = {5, 9};
  record.validation["loss"] = 1.0 / 3;
  const auto again = RecordFromJson(RecordToJson(record));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->parts.validation.end, 9u);
  EXPECT_EQ(again->data.series(), "airport");
  EXPECT_EQ(again->forecast.SerializeAsString(), record.forecast.SerializeAsString());
  EXPECT_EQ(again->validation.at("loss"), 1.0 / 3);
}

TEST(TrainingRecord, RefusesAPartThatEndsBeforeItBegins) {
  TrainingRecord record;
  record.parts.test = {9, 5};
  EXPECT_THAT(std::string(Message(RecordFromJson(RecordToJson(record)).status())),
              HasSubstr("data.test: expected begin <= end, got 9, 5"));
}

TEST(TrainingRecord, RefusesOtherJson) {
  EXPECT_EQ(RecordFromJson("{\"a\": 1}").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(RecordFromJson("no").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sequent
