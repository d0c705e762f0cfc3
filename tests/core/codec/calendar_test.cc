#include "core/codec/calendar.h"

#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/iso_time.h"
#include "core/model/input_check.h"

namespace sequent {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatNear;
using ::testing::Pointwise;

int64_t At(const char* time) { return ParseIsoTime(time).value(); }

std::vector<float> TermsAt(const v1::Calendar& calendar, const char* time) {
  std::vector<float> terms(CalendarWidth(calendar));
  CalendarTerms(calendar, At(time), terms.data());
  return terms;
}

TEST(PhaseAt, CountsWholeUnitsAlsoBefore1970) {
  EXPECT_EQ(PhaseAt(v1::Season::MONTHS, 12, At("1949-03")), 2u);
  EXPECT_EQ(PhaseAt(v1::Season::MONTHS, 12, At("2024-12-31T23:59")), 11u);
  EXPECT_EQ(PhaseAt(v1::Season::DAYS, 7, At("1970-01-01")), 0u);
  EXPECT_EQ(PhaseAt(v1::Season::DAYS, 7, At("1969-12-31")), 6u);
  EXPECT_EQ(PhaseAt(v1::Season::HOURS, 24, At("2013-05-01T17:30")), 17u);
  EXPECT_EQ(PhaseAt(v1::Season::MINUTES, 60, At("2013-05-01T17:30")), 30u);
  EXPECT_EQ(PhaseAt(v1::Season::WEEKS, 52, At("1970-01-15")), 2u);
}

TEST(CalendarTerms, HarmonicsTurnWithTheCycle) {
  v1::Calendar calendar;
  calendar.set_daily(2);
  EXPECT_THAT(TermsAt(calendar, "2013-05-01T06:00"),
              Pointwise(FloatNear(1e-6f), {1.0f, 0.0f, 0.0f, -1.0f}));
  calendar.Clear();
  calendar.set_weekly(1);
  EXPECT_THAT(TermsAt(calendar, "2013-05-06"),  // a Monday
              Pointwise(FloatNear(1e-6f), {0.0f, 1.0f}));
  calendar.Clear();
  calendar.set_annual(1);
  EXPECT_THAT(TermsAt(calendar, "2012-07-01"), Pointwise(FloatNear(0.03f), {0.0f, -1.0f}));
}

TEST(CalendarTerms, MonthsAreOneHotOrHarmonics) {
  v1::Calendar calendar;
  calendar.set_month(0);
  EXPECT_THAT(TermsAt(calendar, "1950-02-28"), ElementsAre(0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  calendar.set_month(1);
  EXPECT_THAT(TermsAt(calendar, "1950-04"), Pointwise(FloatNear(1e-6f), {1.0f, 0.0f}));
}

TEST(CalendarTerms, TheWeekBeginsOnMonday) {
  v1::Calendar calendar;
  calendar.set_weekday(0);
  EXPECT_THAT(TermsAt(calendar, "2013-05-06"), ElementsAre(1, 0, 0, 0, 0, 0, 0));
  EXPECT_THAT(TermsAt(calendar, "2013-05-05"), ElementsAre(0, 0, 0, 0, 0, 0, 1));
}

TEST(CalendarTerms, StandInTheOrderOfTheirFields) {
  v1::Calendar calendar;
  calendar.set_annual(1);
  calendar.set_weekday(0);
  calendar.set_month(0);
  EXPECT_EQ(CalendarWidth(calendar), 2u + 12 + 7);
  const std::vector<float> terms = TermsAt(calendar, "2013-05-06");
  EXPECT_EQ(terms[2 + 4], 1);
  EXPECT_EQ(terms[2 + 12], 1);
}

}  // namespace
}  // namespace sequent
