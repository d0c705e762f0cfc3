#include "core/kernels/finite.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

#include "tests/core/kernels/oracle.h"

namespace sequent::kernels {
namespace {

using Limits = std::numeric_limits<float>;

class FiniteTest : public OnEveryTarget {};

TEST_P(FiniteTest, NumbersOfEverySizeAreFinite) {
  const std::vector<float> numbers = {
      0, -0.0f, 1, -1, Limits::max(), Limits::lowest(), Limits::min(), Limits::denorm_min()};
  std::vector<float> values;
  for (size_t n = 0; n < 100; ++n) {
    EXPECT_TRUE(AllFinite(values.size(), values.data())) << n << " values";
    values.push_back(numbers[n % numbers.size()]);
  }
}

TEST_P(FiniteTest, OneThatIsNotIsFoundWhereverItStands) {
  for (const float bad : {Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()}) {
    for (size_t n = 1; n < 100; ++n) {
      for (size_t i = 0; i < n; ++i) {
        std::vector<float> values(n, 1.0f);
        values[i] = bad;
        EXPECT_FALSE(AllFinite(n, values.data())) << "element " << i << " of " << n;
      }
    }
  }
}

TEST_P(FiniteTest, ZerosOfBothSignsAreZero) {
  std::vector<float> values;
  for (size_t n = 0; n < 100; ++n) {
    EXPECT_TRUE(AllZero(values.size(), values.data())) << n << " values";
    values.push_back(n % 3 == 0 ? -0.0f : 0.0f);
  }
}

TEST_P(FiniteTest, TheSmallestNumberIsNotZeroWhereverItStands) {
  for (size_t n = 1; n < 100; ++n) {
    for (size_t i = 0; i < n; ++i) {
      std::vector<float> values(n, 0.0f);
      values[i] = Limits::denorm_min();
      EXPECT_FALSE(AllZero(n, values.data())) << "element " << i << " of " << n;
    }
  }
}

SEQUENT_ON_EVERY_TARGET(FiniteTest);

}  // namespace
}  // namespace sequent::kernels
