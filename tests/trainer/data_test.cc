#include <cmath>
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/train/csv.h"
#include "core/train/series_data.h"
#include "core/train/split.h"
#include "core/train/text_data.h"
#include "tests/trainer/temporary_folder.h"
#include "trainer/config.h"
#include "trainer/dataset.h"

namespace sequent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string CsvRefusal(const std::string& text) {
  TemporaryFolder folder;
  v1::DataConfig data;
  data.add_path(folder.Write("f.csv", text));
  const Status status = train::ReadSeries(data).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << text;
  return std::string(status.message());
}

v1::TrainConfig ForecastConfig(const std::string& path) {
  v1::TrainConfig config;
  config.set_task("forecast");
  config.mutable_data()->add_path(path);
  EXPECT_TRUE(ApplyDefaults(&config).ok());
  return config;
}

TEST(Csv, ReadsQuotedCells) {
  const auto table = train::ParseCsv("\"Date\",\"a,b\"\r\n\"x\"\"y\", 1 \r\n", "f");
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(table->header, ElementsAre("Date", "a,b"));
  EXPECT_THAT(table->rows[0], ElementsAre("x\"y", "1"));
}

TEST(Csv, RefusesAnEmptyFile) {
  EXPECT_THAT(CsvRefusal(""), HasSubstr("f.csv:1:1: expected a header"));
}

TEST(Csv, RefusesAHeaderAlone) { EXPECT_THAT(CsvRefusal("t,x\n"), HasSubstr("expected rows")); }

TEST(Csv, RefusesARaggedRow) {
  EXPECT_THAT(CsvRefusal("t,x\na,1\nb,2,3\n"), HasSubstr("f.csv:3:3: expected 2 cells"));
}

TEST(Csv, RefusesAQuoteThatDoesNotClose) {
  EXPECT_THAT(CsvRefusal("t,x\na,\"1\n"), HasSubstr("f.csv:2:2: expected a closing quote"));
}

TEST(Csv, RefusesTwoColumnsOfOneName) {
  EXPECT_THAT(CsvRefusal("x,x\n1,2\n"), HasSubstr("f.csv:1:2"));
}

TEST(Series, RefusesAWordAmongNumbers) {
  EXPECT_THAT(CsvRefusal("t,x\na,1\nb,two\n"),
              HasSubstr("f.csv:3:2: expected a number in column 'x', got 'two'"));
}

TEST(Series, RefusesATimeThatComesTwice) {
  EXPECT_THAT(CsvRefusal("t,x\n2020-01-01,1\n2020-01-01,2\n"), HasSubstr("f.csv:3:1"));
}

TEST(Series, RefusesTimesThatGoBack) {
  EXPECT_THAT(CsvRefusal("t,x\n2020-01-02,1\n2020-01-01,2\n"), HasSubstr("times that increase"));
}

TEST(Series, RefusesAFileWithoutNumbers) {
  EXPECT_THAT(CsvRefusal("t,x\na,b\nc,d\n"), HasSubstr("numeric column"));
}

TEST(Series, ReadsMissingCells) {
  TemporaryFolder folder;
  v1::DataConfig data;
  data.add_path(folder.Write("f.csv", "t,x\na,1\nb,NA\nc,\nd,4\n"));
  const auto series = train::ReadSeries(data);
  ASSERT_TRUE(series.ok()) << series.status();
  EXPECT_TRUE(std::isnan(series->values[1]) && std::isnan(series->values[2]));
  EXPECT_EQ(series->values[3], 4);
}

TEST(Series, OrdersNumericTimesAsNumbers) {
  TemporaryFolder folder;
  v1::DataConfig data;
  data.set_time("t");
  data.add_path(folder.Write("f.csv", "t,x\n9,1\n10,2\n"));
  EXPECT_TRUE(train::ReadSeries(data).ok());
}

TEST(Series, NamesTheNearestColumn) {
  TemporaryFolder folder;
  v1::DataConfig data;
  data.add_targets("Tem");
  data.add_path(folder.Write("f.csv", "t,Temp\na,1\n"));
  EXPECT_THAT(std::string(train::ReadSeries(data).status().message()),
              HasSubstr("did you mean 'Temp'?"));
}

// Two series, one behind the other; "b" begins later.
constexpr const char* kTwoSeries =
    "where,t,x\na,2001-01-01,1\na,2001-01-02,2\na,2001-01-03,3\nb,2001-01-02,20\nb,2001-01-04,40\n";

StatusOr<train::SeriesTable> TwoSeries(const TemporaryFolder& folder,
                                       const std::vector<std::string>& known = {}) {
  v1::DataConfig data;
  data.add_path(folder.Write("f.csv", kTwoSeries));
  data.set_series("where");
  return train::ReadSeries(data, known);
}

TEST(SeveralSeries, ArePutInOrderOfTime) {
  TemporaryFolder folder;
  const auto table = TwoSeries(folder);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(table->series, ElementsAre("a", "b"));
  EXPECT_THAT(table->columns, ElementsAre("x", "where"));
  EXPECT_EQ(table->targets, 1u);
  EXPECT_THAT(table->series_of, ElementsAre(0, 0, 1, 0, 1));
  EXPECT_THAT(table->values, ElementsAre(1, 0, 2, 0, 20, 1, 3, 0, 40, 1));
  EXPECT_EQ(table->unix_ms[1] - table->unix_ms[0], 86'400'000);
}

TEST(SeveralSeries, AreCutApart) {
  TemporaryFolder folder;
  const auto table = TwoSeries(folder);
  ASSERT_TRUE(table.ok()) << table.status();
  const auto parts = train::CutSeries(*table, {3, 5}, {0, 2});
  ASSERT_EQ(parts.size(), 2u);
  EXPECT_EQ(parts[0].name, "a");
  EXPECT_THAT(parts[0].values, ElementsAre(1, 0, 2, 0, 3, 0));
  EXPECT_EQ(parts[0].context, 2u);
  EXPECT_EQ(parts[0].training, 2u);
  EXPECT_THAT(parts[1].values, ElementsAre(20, 1, 40, 1));
  EXPECT_EQ(parts[1].context, 1u);
  EXPECT_EQ(parts[1].training, 0u);
  EXPECT_EQ(train::CutSeries(*table, {3, 4}, {0, 2}).size(), 1u);
}

TEST(SeveralSeries, OneThatAModelDoesNotKnowHasNoIndex) {
  TemporaryFolder folder;
  const auto table = TwoSeries(folder, {"b", "c"});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(table->series, ElementsAre("b", "c", "a"));
  EXPECT_TRUE(std::isnan(table->values[1]));
  EXPECT_EQ(table->values[5], 0);
}

TEST(SeveralSeries, MayShareTimesButNotWithinOne) {
  TemporaryFolder folder;
  v1::DataConfig data;
  data.add_path(
      folder.Write("f.csv", "w,t,x\na,2001-01,1\nb,2001-01,2\na,2001-02,1\nb,2001-01,3\n"));
  data.set_series("w");
  EXPECT_THAT(std::string(train::ReadSeries(data).status().message()),
              HasSubstr("f.csv:5:2: expected each time once in column 't', got '2001-01' again"));
}

TEST(SeveralSeries, NeedANameEach) {
  TemporaryFolder folder;
  v1::DataConfig data;
  data.add_path(folder.Write("f.csv", "w,t,x\na,2001,1\n,2002,2\n"));
  data.set_series("w");
  EXPECT_THAT(std::string(train::ReadSeries(data).status().message()),
              HasSubstr("f.csv:3:1: expected a series"));
}

TEST(Text, SaysWhichByteIsNotUtf8) {
  TemporaryFolder folder;
  const auto text = train::ReadText({folder.Write("f.txt", "ab\nc\xFFz")});
  EXPECT_EQ(text.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(text.status().message()), HasSubstr("at byte 4 (line 2)"));
}

TEST(Text, RefusesAnEmptyFile) {
  TemporaryFolder folder;
  EXPECT_EQ(train::ReadText({folder.Write("f.txt", "")}).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST(Text, CutsBetweenCodePoints) {
  EXPECT_EQ(train::TextPart("aäöb", {1, 3}), "äö");
  EXPECT_EQ(train::CountCodePoints("aäöb"), 4u);
}

TEST(Text, CutsBetweenLines) {
  EXPECT_EQ(train::CountLines("a\n\nbc\n"), 3u);
  EXPECT_EQ(train::CountLines("a\nb"), 2u);
  EXPECT_EQ(train::LinePart("a\n\nbc\nd", {1, 3}), "\nbc\n");
  EXPECT_EQ(train::LinePart("a\n\nbc\nd", {2, 4}), "bc\nd");
  EXPECT_EQ(train::LinePart("a\nb\n", {0, 2}), "a\nb\n");
}

TEST(Split, CutsFractionsInOrder) {
  v1::Split split;
  split.set_train(0.9);
  split.set_validation(0.1);
  const auto parts = train::SplitRows(split, 1115394);
  ASSERT_TRUE(parts.ok());
  EXPECT_EQ(parts->train.end, 1003854u);
  EXPECT_EQ(parts->validation.end, 1115394u);
}

TEST(Split, GivesTrainingWhatCountsLeave) {
  v1::Split split;
  split.set_validation(365);
  split.set_test(365);
  const auto parts = train::SplitRows(split, 3650);
  EXPECT_EQ(parts->train.size(), 2920u);
  EXPECT_EQ(parts->test.begin, 3285u);
}

TEST(Split, RefusesMoreThanThereIs) {
  v1::Split split;
  split.set_train(10);
  split.set_validation(5);
  EXPECT_EQ(train::SplitRows(split, 12).status().code(), absl::StatusCode::kInvalidArgument);
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
  auto config = ForecastConfig(folder.Write("f.csv", kTwoSeries));
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
