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

}  // namespace
}  // namespace sequent
