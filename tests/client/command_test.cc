#include <cmath>
#include <limits>

#include "client/command/common.h"
#include "client/command/histogram.h"
#include "gtest/gtest.h"

namespace sequent::client {
namespace {

TEST(Histogram, QuantilesAreWithinOnePercentOfTheTrueOnes) {
  Histogram histogram;
  for (int64_t i = 1; i <= 100'000; ++i) histogram.Add(i * 37);
  for (const double fraction : {0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const double truth = std::ceil(fraction * 100'000) * 37;
    EXPECT_NEAR(static_cast<double>(histogram.Quantile(fraction)), truth, truth * 0.01) << fraction;
  }
}

TEST(Histogram, SmallValuesAreExact) {
  Histogram histogram;
  for (int64_t i = 0; i < 200; ++i) histogram.Add(i);
  EXPECT_EQ(histogram.Quantile(0.5), 99);
  EXPECT_EQ(histogram.max(), 199);
}

TEST(Histogram, TakesAnyValueWithoutLosingCount) {
  Histogram histogram;
  histogram.Add(-5);
  histogram.Add(std::numeric_limits<int64_t>::max());
  EXPECT_EQ(histogram.count(), 2u);
  EXPECT_EQ(histogram.Quantile(0.1), 0);
}

TEST(Histogram, MergedHistogramsCountAsOne) {
  Histogram a, b, all;
  for (int64_t i = 0; i < 1000; ++i) {
    (i % 3 == 0 ? a : b).Add(i * 1001);
    all.Add(i * 1001);
  }
  a.Merge(b);
  for (const double fraction : {0.1, 0.5, 0.99}) {
    EXPECT_EQ(a.Quantile(fraction), all.Quantile(fraction));
  }
  EXPECT_EQ(a.mean(), all.mean());
}

TEST(ParseRow, TakesNumbersAndMissingValues) {
  const auto row = ParseRow("1, -2.5,NA,,nan");
  ASSERT_TRUE(row.ok()) << row.status();
  ASSERT_EQ(row->size(), 5u);
  EXPECT_EQ((*row)[1], -2.5f);
  EXPECT_TRUE(std::isnan((*row)[2]) && std::isnan((*row)[3]) && std::isnan((*row)[4]));
}

TEST(ParseRow, NamesTheCellThatIsNoNumber) {
  EXPECT_EQ(ParseRow("1,zwei").status().message(), "expected a number, got 'zwei'");
}

TEST(InputFlags, RowsMustBeAsWideAsTheFirst) {
  InputFlags flags;
  flags.values = "1,2;3,4;5";
  EXPECT_EQ(flags.Read("features").status().message(),
            "row 3: expected 2 values like the rows before it, got 1");
}

TEST(ParseRows, TakesADateInFrontForTheTime) {
  const auto rows = ParseRows("1970-01-02,1,-2;1970-01-03T00:00:01Z,3,4", ';');
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->width(), 2u);
  ASSERT_EQ(rows->unix_ms_size(), 2);
  EXPECT_EQ(rows->unix_ms(1), 2 * 86'400'000 + 1000);
  EXPECT_EQ(ParseRows("1970-01-02;1970-01-03", ';')->unix_ms_size(), 2);
}

TEST(ParseRows, TakesNumbersForNumbers) {
  const auto rows = ParseRows("1990,1e-5;-5,2", ';');
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->unix_ms_size(), 0);
  EXPECT_EQ(rows->values(0), 1990);
}

TEST(InputFlags, RowsBecomeOneInput) {
  InputFlags flags;
  flags.values = "1,2;3,4";
  const auto input = flags.Read("features");
  ASSERT_TRUE(input.ok()) << input.status();
  EXPECT_EQ(input->units(), 2u);
}

}  // namespace
}  // namespace sequent::client
