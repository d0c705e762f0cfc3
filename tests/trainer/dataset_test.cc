// From files to a model's configuration and training data.
#include <cmath>
#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer/temporary_folder.h"
#include "trainer/config.h"
#include "trainer/dataset.h"

namespace sequent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::TrainConfig ForecastConfig(const std::string& path) {
  v1::TrainConfig config;
  config.set_task("forecast");
  config.mutable_data()->add_path(path);
  EXPECT_TRUE(ApplyDefaults(&config).ok());
  return config;
}

TEST(Dataset, FitsTheScaleOnTheTrainingPartOnly) {
  TemporaryFolder folder;
  std::string csv = "t,x\n", other = "t,x\n";
  for (int i = 0; i < 100; ++i) {
    csv += StrCat(i, ",", i % 7, "\n");
    other += StrCat(i, ",", i < 90 ? i % 7 : 1000, "\n");
  }
  std::string fitted[2];
  for (int k = 0; k < 2; ++k) {
    auto config = ForecastConfig(folder.Write(StrCat("f", k, ".csv"), k == 0 ? csv : other));
    config.mutable_data()->set_time("t");
    const auto dataset = LoadDataset("forecast", config.data());
    ASSERT_TRUE(dataset.ok()) << dataset.status();
    const auto model = BuildModelConfig(config, *dataset, {0, 90});
    ASSERT_TRUE(model.ok()) << model.status();
    fitted[k] = model->SerializeAsString();
  }
  EXPECT_EQ(fitted[0], fitted[1]);
}

TEST(Dataset, LearnsTheVocabularyOfTheTrainingPartOnly) {
  TemporaryFolder folder;
  v1::TrainConfig config;
  config.set_task("language_model");
  config.mutable_data()->add_path(folder.Write("f.txt", "abababababz"));
  ASSERT_TRUE(ApplyDefaults(&config).ok());
  const auto dataset = LoadDataset("language_model", config.data());
  const auto model = BuildModelConfig(config, *dataset, {0, 10});
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(model->inputs(0).tokens().vocabulary(), ElementsAre("<unk>", "a", "b"));
}

// A language model over `text`, with `spec` for its tokens.
StatusOr<v1::ModelConfig> TextModel(const std::string& text, const v1::TokenSpec& spec,
                                    const std::string& unit, const train::Part& training) {
  TemporaryFolder folder;
  v1::TrainConfig config;
  config.set_task("language_model");
  config.mutable_data()->add_path(folder.Write("f.txt", text));
  config.mutable_data()->set_unit(unit);
  *config.mutable_model()->add_input()->mutable_tokens() = spec;
  SEQ_RETURN_IF_ERROR(ApplyDefaults(&config));
  SEQ_ASSIGN_OR_RETURN(const Dataset dataset, LoadDataset("language_model", config.data()));
  return BuildModelConfig(config, dataset, training);
}

TEST(Dataset, LearnsTheWordsOfTheTrainingLinesOnly) {
  v1::TokenSpec spec;
  spec.set_codec("words");
  spec.set_line_ends(true);
  spec.set_lowercase(true);
  const auto model = TextModel("A b.\nb a\nc c\n", spec, "lines", {0, 2});
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(model->inputs(0).tokens().vocabulary(),
              ElementsAre("<pad>", "<unk>", "<bos>", "<eos>", "a", "b", "."));
  EXPECT_TRUE(model->inputs(0).tokens().line_ends());
}

TEST(Dataset, LeavesRareWordsOut) {
  v1::TokenSpec spec;
  spec.set_codec("words");
  spec.set_min_count(2);
  const auto rare = TextModel("a b c a b a", spec, "", {0, 11});
  ASSERT_TRUE(rare.ok()) << rare.status();
  EXPECT_EQ(rare->inputs(0).tokens().vocabulary_size(), 6);
  spec.set_max_vocabulary(5);
  const auto few = TextModel("a b c a b a", spec, "", {0, 11});
  ASSERT_TRUE(few.ok()) << few.status();
  EXPECT_EQ(few->inputs(0).tokens().vocabulary_size(), 5);
}

TEST(Dataset, RefusesOptionsThatTheCodecDoesNotRead) {
  const auto refusal = [](const std::function<void(v1::TokenSpec*)>& edit) {
    v1::TokenSpec spec;
    edit(&spec);
    return std::string(Message(TextModel("abc\n", spec, "", {0, 4}).status()));
  };
  EXPECT_THAT(refusal([](auto* s) { s->set_lowercase(true); }),
              HasSubstr("model.input[0].tokens.lowercase: expected none with codec characters"));
  EXPECT_THAT(refusal([](auto* s) { s->set_line_ends(true); }), HasSubstr("tokens.line_ends"));
  EXPECT_THAT(refusal([](auto* s) { s->set_max_vocabulary(9); }),
              HasSubstr("tokens.max_vocabulary: expected none with codec characters, got 9"));
  EXPECT_THAT(refusal([](auto* s) {
                s->set_codec("words");
                s->set_max_vocabulary(4);
              }),
              HasSubstr("tokens.max_vocabulary: expected 0 or more than 4, got 4"));
  EXPECT_THAT(refusal([](auto* s) { s->set_codec("word"); }), HasSubstr("did you mean 'words'?"));
}

TEST(Dataset, RefusesAnUnknownUnit) {
  EXPECT_THAT(std::string(Message(TextModel("abc\n", {}, "line", {0, 4}).status())),
              HasSubstr("data.unit: expected characters | lines, got 'line'"));
}

TEST(Dataset, RefusesAConstantColumn) {
  TemporaryFolder folder;
  const auto config = ForecastConfig(folder.Write("f.csv", "t,x\na,1\nb,1\nc,1\n"));
  const auto dataset = LoadDataset("forecast", config.data());
  ASSERT_TRUE(dataset.ok());
  const Status status = BuildModelConfig(config, *dataset, {0, 3}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("x"));
}

TEST(Dataset, RefusesGapsThatNothingFills) {
  TemporaryFolder folder;
  const auto config = ForecastConfig(folder.Write("f.csv", "t,x\na,1\nb,NA\nc,3\n"));
  const auto dataset = LoadDataset("forecast", config.data());
  EXPECT_THAT(std::string(BuildModelConfig(config, *dataset, {0, 3}).status().message()),
              HasSubstr("impute"));
}

TEST(Dataset, BuildsTransformsAndCalendar) {
  TemporaryFolder folder;
  auto config = ForecastConfig(
      folder.Write("f.csv", "t,x,y\n2001-01,1,1\n2001-02,2,NA\n2001-03,4,3\n2001-04,7,2\n"));
  v1::FeatureSpec* spec = config.mutable_model()->mutable_input(0)->mutable_features();
  spec->mutable_calendar()->set_month(0);
  spec->set_log(true);
  spec->set_scale("min_max");
  v1::FeatureSpec& y = (*spec->mutable_columns())["y"];
  y.set_impute("seasonal_mean");
  y.mutable_season()->set_period(12);
  y.mutable_season()->set_clock("months");
  y.set_scope("per_window");
  y.set_window(7);
  const auto dataset = LoadDataset("forecast", config.data());
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const auto model = BuildModelConfig(config, *dataset, {0, 4});
  ASSERT_TRUE(model.ok()) << model.status();
  const v1::FeatureInput& input = model->inputs(0).features();
  EXPECT_TRUE(input.calendar().has_month());
  EXPECT_TRUE(input.columns(0).log());
  EXPECT_EQ(input.columns(0).scale().kind(), v1::Scale::MIN_MAX);
  EXPECT_DOUBLE_EQ(input.columns(0).scale().factor(), std::log(7.0f));
  EXPECT_EQ(input.columns(1).season().clock(), v1::Season::MONTHS);
  EXPECT_EQ(input.columns(1).impute().seasonal_means_size(), 12);
  EXPECT_EQ(input.columns(1).scale().window(), 7u);
  const auto data = BuildTrainingData(*model, *dataset, {0, 4});
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->series.input_width, 14u);
  EXPECT_EQ(data->series.inputs[14 + 2 + 1], 1);  // the second row is of February
}

TEST(Dataset, TargetsOfAHorizonAreTheNextStepsThatThereAre) {
  TemporaryFolder folder;
  auto config = ForecastConfig(folder.Write("f.csv", "t,x\n1,1\n2,NA\n3,4\n4,8\n"));
  config.mutable_data()->set_time("t");
  v1::FeatureSpec* spec = config.mutable_model()->mutable_input(0)->mutable_features();
  spec->set_scale("none");
  spec->set_impute("last");
  spec->set_difference(1);
  config.mutable_forecast()->set_output("direct");
  config.mutable_forecast()->set_horizon(2);
  ASSERT_TRUE(ApplyDefaults(&config).ok());
  const auto dataset = LoadDataset("forecast", config.data());
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const auto model = BuildModelConfig(config, *dataset, {0, 4});
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_FALSE(model->has_feedback());
  const auto data = BuildTrainingData(*model, *dataset, {0, 4});
  ASSERT_TRUE(data.ok()) << data.status();
  const auto gap = ::testing::NanSensitiveFloatEq(std::numeric_limits<float>::quiet_NaN());
  EXPECT_THAT(data->series.targets[0], ElementsAre(gap, 3, 3, 7, 4, gap, gap, gap));
}

TEST(Dataset, CalendarTermsNeedDates) {
  TemporaryFolder folder;
  auto config = ForecastConfig(folder.Write("f.csv", "t,x\na,1\nb,2\nc,3\n"));
  config.mutable_model()->mutable_input(0)->mutable_features()->mutable_calendar()->set_daily(1);
  const auto dataset = LoadDataset("forecast", config.data());
  const Status status = BuildModelConfig(config, *dataset, {0, 3}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("column 't': expected ISO times"));
}

TEST(Dataset, RefusesTransformsThatAreNone) {
  TemporaryFolder folder;
  const auto config = ForecastConfig(folder.Write("f.csv", "t,x\na,1\nb,2\nc,3\n"));
  const auto dataset = LoadDataset("forecast", config.data());
  const auto refusal = [&](const std::function<void(v1::FeatureSpec*)>& edit) {
    v1::TrainConfig bad = config;
    edit(bad.mutable_model()->mutable_input(0)->mutable_features());
    return std::string(BuildModelConfig(bad, *dataset, {0, 3}).status().message());
  };
  const std::string path = "model.input[0].features";
  EXPECT_THAT(refusal([](auto* f) { f->set_impute("lats"); }),
              HasSubstr(path + ".impute: expected none | last | mean | seasonal_mean, got 'lats'"));
  EXPECT_THAT(refusal([](auto* f) { f->set_scale("minmax"); }),
              HasSubstr(path + ".scale: expected standard | none | min_max | robust"));
  EXPECT_THAT(refusal([](auto* f) { f->set_scope("window"); }),
              HasSubstr(path + ".scope: expected global | per_series | per_window"));
  EXPECT_THAT(refusal([](auto* f) { f->set_window(5); }),
              HasSubstr(path + ".window: expected 0 unless scope is per_window, got 5"));
  EXPECT_THAT(refusal([](auto* f) { f->mutable_season()->set_clock("month"); }),
              HasSubstr(path + ".season.clock: expected steps | minutes"));
  EXPECT_THAT(refusal([](auto* f) { f->set_scope("per_series"); }),
              HasSubstr("scale.scope: expected GLOBAL or PER_WINDOW where no column has labels"));
  EXPECT_THAT(
      refusal([](auto* f) { (*f->mutable_columns())["x"].mutable_calendar()->set_daily(1); }),
      HasSubstr(path + ".columns: expected no calendar in a column"));
}

TEST(Dataset, EachSeriesHasItsScaleAndItsLabel) {
  TemporaryFolder folder;
  auto config =
      ForecastConfig(folder.Write("f.csv",
                                  "where,t,x\na,2001-01-01,1\na,2001-01-02,2\na,2001-01-03,3\n"
                                  "b,2001-01-02,20\nb,2001-01-04,40\n"));
  config.mutable_data()->set_series("where");
  config.mutable_model()->mutable_input(0)->mutable_features()->set_scope("per_series");
  const auto dataset = LoadDataset("forecast", config.data());
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const auto model = BuildModelConfig(config, *dataset, {0, 5});
  ASSERT_TRUE(model.ok()) << model.status();
  EXPECT_THAT(model->inputs(0).features().columns(0).scale().offsets(), ElementsAre(2, 30));
  EXPECT_THAT(model->heads(0).regression().columns(), ElementsAre("x"));
  const auto data = BuildTrainingData(*model, *dataset, {0, 5});
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_THAT(data->series.ends, ElementsAre(3, 5));
  EXPECT_TRUE(std::isnan(data->series.targets[0][2]));
  EXPECT_THAT(std::vector<float>(data->series.inputs.end() - 3, data->series.inputs.end()),
              ElementsAre(1, 0, 1));
}

TEST(Dataset, AimsOneStepAhead) {
  TemporaryFolder folder;
  auto config = ForecastConfig(folder.Write("f.csv", "t,x\na,1\nb,2\nc,4\n"));
  config.mutable_model()->mutable_input(0)->mutable_features()->set_scale("none");
  const auto dataset = LoadDataset("forecast", config.data());
  const auto model = BuildModelConfig(config, *dataset, {0, 3});
  ASSERT_TRUE(model.ok()) << model.status();
  const auto data = BuildTrainingData(*model, *dataset, {0, 3});
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_THAT(data->series.inputs, ElementsAre(1, 2, 4));
  EXPECT_EQ(data->series.targets[0][0], 2);
  EXPECT_EQ(data->series.targets[0][1], 4);
  EXPECT_TRUE(std::isnan(data->series.targets[0][2]));
}

}  // namespace
}  // namespace sequent
