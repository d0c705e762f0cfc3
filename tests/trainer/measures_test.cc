#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/model/tensor_table.h"
#include "core/train/measure.h"
#include "trainer/scoring.h"
#include "trainer/training_record.h"

namespace sequent {
namespace {

using ::testing::DoubleNear;
using ::testing::HasSubstr;

// A model that forecasts, whatever comes, `value` in model units (offset 10, factor 2).
std::shared_ptr<const Model> ConstantModel(const std::string& distribution, float value) {
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
  const auto graph = ResolveGraph(contents.config);
  EXPECT_TRUE(graph.ok()) << graph.status();
  for (const TensorSpec& spec : TensorTable(*graph)) {
    Tensor tensor;
    tensor.shape = spec.shape;
    size_t size = 1;
    for (const size_t n : spec.shape) size *= n;
    tensor.values.assign(size, 0);
    if (spec.name == "forecast.bias") tensor.values[0] = value;
    contents.tensors[spec.name] = tensor;
  }
  auto model = Model::Create(std::move(contents));
  EXPECT_TRUE(model.ok()) << model.status();
  return *model;
}

TEST(MeasureSeries, ComparesWithTheNaiveForecast) {
  const std::vector<float> rows = {10, 12, 11, 15};
  const auto measures = train::MeasureSeries(*ConstantModel("point", 1), rows, 2, nullptr);
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
  const auto measures = train::MeasureSeries(*ConstantModel("gaussian", 1), rows, 2, nullptr);
  ASSERT_TRUE(measures.ok()) << measures.status();
  const double scale = 2 * (std::log(2.0) + 1e-6);
  EXPECT_THAT(measures->at("nll"), DoubleNear(std::log(scale * std::sqrt(2 * M_PI)), 1e-5));
  EXPECT_THAT(measures->at("crps"),
              DoubleNear(scale * (std::sqrt(2.0) - 1) / std::sqrt(M_PI), 1e-5));
  EXPECT_EQ(measures->at("coverage95"), 1);
}

TEST(MeasureSeries, NeedsARowBefore) {
  const std::vector<float> rows = {10, 12};
  EXPECT_EQ(train::MeasureSeries(*ConstantModel("point", 1), rows, 0, nullptr).status().code(),
            absl::StatusCode::kInvalidArgument);
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

TEST(DescribeMeasures, SaysWhenTheModelIsNoBetterThanTheNaiveForecast) {
  EXPECT_THAT(DescribeMeasures("test", {{"rmse", 2}, {"rmse_persistence", 1}}),
              HasSubstr("does NOT beat"));
  EXPECT_THAT(DescribeMeasures("test", {{"rmse", 1}, {"rmse_persistence", 2}}),
              ::testing::Not(HasSubstr("NOT")));
}

TEST(TrainingRecord, ComesBackAsItWas) {
  TrainingRecord record;
  record.seed = 3;
  record.data.add_path("a.csv");
  record.parts.validation = {5, 9};
  record.validation["loss"] = 1.0 / 3;
  const auto again = RecordFromJson(RecordToJson(record));
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->parts.validation.end, 9u);
  EXPECT_EQ(again->validation.at("loss"), 1.0 / 3);
}

TEST(TrainingRecord, RefusesOtherJson) {
  EXPECT_EQ(RecordFromJson("{\"a\": 1}").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(RecordFromJson("no").status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sequent
