#include "core/search/space.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

namespace sequent::search {
namespace {

TEST(Space, ALogarithmicRangeHasItsMiddleAtTheGeometricMean) {
  const Parameter rate = {.low = 1e-4, .high = 1e-2, .log = true};
  EXPECT_NEAR(FromUnit(rate, 0.5), 1e-3, 1e-12);
  EXPECT_DOUBLE_EQ(FromUnit(rate, 0), 1e-4);
  EXPECT_DOUBLE_EQ(FromUnit(rate, 1), 1e-2);
}

TEST(Space, ValuesComeBackFromTheUnit) {
  for (const Parameter& p :
       {Parameter{.low = -3, .high = 8}, Parameter{.low = 2, .high = 9, .whole = true},
        Parameter{.low = 1, .high = 500, .log = true, .whole = true}, Parameter{.choices = 5}}) {
    for (int i = 0; i <= 20; ++i) {
      const double value = FromUnit(p, i / 20.0);
      EXPECT_NEAR(FromUnit(p, ToUnit(p, value)), value, 1e-9);
    }
  }
}

TEST(Space, WholeNumbersAndChoicesHaveEqualShares) {
  std::map<double, int> whole, choices;
  for (int i = 0; i < 1000; ++i) {
    ++whole[FromUnit({.low = 3, .high = 6, .whole = true}, (i + 0.5) / 1000)];
    ++choices[FromUnit({.choices = 4}, (i + 0.5) / 1000)];
  }
  EXPECT_EQ(whole, (std::map<double, int>{{3, 250}, {4, 250}, {5, 250}, {6, 250}}));
  EXPECT_EQ(choices, (std::map<double, int>{{0, 250}, {1, 250}, {2, 250}, {3, 250}}));
}

TEST(Space, WhatIsBeyondTheUnitIsItsEnd) {
  EXPECT_EQ(FromUnit({.low = 2, .high = 3}, -1), 2);
  EXPECT_EQ(FromUnit({.low = 2, .high = 3}, 7), 3);
}

TEST(Space, CountsItsPoints) {
  EXPECT_EQ(CountPoints({{.choices = 3}, {.low = 1, .high = 4, .whole = true}}, 1000), 12u);
  EXPECT_EQ(CountPoints({{.choices = 3}, {}}, 1000), 1000u);
}

std::string Refusal(const Space& space) { return std::string(CheckSpace(space).message()); }

TEST(Space, RefusesRangesThatAreNone) {
  EXPECT_EQ(Refusal({{}, {.low = 2, .high = 2}}), "[1].max: expected > min, which is 2, got 2");
  EXPECT_EQ(Refusal({{.low = 0, .high = 1, .log = true}}),
            "[0].min: expected > 0 on a logarithmic range, got 0");
  EXPECT_EQ(Refusal({{.low = 0.5, .high = 3, .whole = true}}),
            "[0].min: expected a whole number, got 0.5");
  EXPECT_EQ(Refusal({{.low = std::nan(""), .high = 3}}),
            "[0].min: expected a finite number, got nan");
  EXPECT_EQ(Refusal({}), ": expected a parameter, got none");
}

}  // namespace
}  // namespace sequent::search
