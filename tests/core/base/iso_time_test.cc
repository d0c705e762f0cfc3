#include "core/base/iso_time.h"

#include <gtest/gtest.h>

namespace sequent {
namespace {

int64_t At(const char* time) { return ParseIsoTime(time).value(); }

TEST(ParseIsoTime, CountsFrom1970) {
  EXPECT_EQ(At("1970"), 0);
  EXPECT_EQ(At("1970-01-02"), 86'400'000);
  EXPECT_EQ(At("1969-12-31"), -86'400'000);
  EXPECT_EQ(At("2000-03-01"), 951'868'800'000);
  EXPECT_EQ(At("2013-01-01T06:00:00Z"), 1'357'020'000'000);
  EXPECT_EQ(At("2013-01-01 06:00"), 1'357'020'000'000);
  EXPECT_EQ(At("2013-01-01T06:00:01.250Z"), 1'357'020'001'250);
}

TEST(ParseIsoTime, TakesNothingElse) {
  for (const char* text : {"", "12", "2013-13", "2013-00", "2013-02-29", "2013-04-31", "2013-1-1",
                           "2013-01-01T", "2013-01-01T24:00", "2013-01-01T06", "2013-01-01x",
                           "2013-01-01T06:00:00.5", "2013-01-01T06:00:00+01:00"}) {
    EXPECT_FALSE(ParseIsoTime(text).has_value()) << text;
  }
  EXPECT_TRUE(ParseIsoTime("2012-02-29").has_value());
}

TEST(FloorDivide, RoundsDown) {
  EXPECT_EQ(FloorDivide(-1, 7), -1);
  EXPECT_EQ(FloorModulo(-1, 7), 6);
  EXPECT_EQ(FloorDivide(-7, 7), -1);
  EXPECT_EQ(FloorModulo(13, 7), 6);
}

}  // namespace
}  // namespace sequent
