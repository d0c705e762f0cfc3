#include "core/base/all_finite.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace sequent {
namespace {

using Limits = std::numeric_limits<float>;

TEST(AllFinite, NumbersOfEverySizeAre) {
  const std::vector<float> values = {
      0, -0.0f, 1, -1, Limits::max(), Limits::lowest(), Limits::min(), Limits::denorm_min()};
  EXPECT_TRUE(AllFinite(values.data(), values.size()));
  EXPECT_TRUE(AllFinite(nullptr, 0));
}

TEST(AllFinite, OneThatIsNotIsFoundWhereverItStands) {
  for (const float bad : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()}) {
    for (size_t n = 1; n < 40; ++n) {
      for (size_t i = 0; i < n; ++i) {
        std::vector<float> values(n, 1.0f);
        values[i] = bad;
        EXPECT_FALSE(AllFinite(values.data(), n)) << "element " << i << " of " << n;
      }
    }
  }
}

TEST(AllZero, ZerosOfBothSignsAre) {
  const std::vector<float> values = {0, -0.0f, 0};
  EXPECT_TRUE(AllZero(values.data(), values.size()));
}

TEST(AllZero, TheSmallestNumberIsNot) {
  const std::vector<float> values = {0, 0, Limits::denorm_min()};
  EXPECT_FALSE(AllZero(values.data(), values.size()));
}

}  // namespace
}  // namespace sequent
