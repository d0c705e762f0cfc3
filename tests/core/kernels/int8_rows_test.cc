#include "core/kernels/int8_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>

#include "tests/core/kernels/int8_testing.h"
#include "tests/core/kernels/oracle.h"

namespace sequent::kernels {
namespace {

class Int8RowsTest : public OnEveryTarget {};
SEQUENT_ON_EVERY_TARGET(Int8RowsTest);

Rows OneRow(std::initializer_list<float> values) {
  Rows rows(1, values.size());
  std::ranges::copy(values, rows[0].begin());
  return rows;
}

TEST_P(Int8RowsTest, RoundsToTheNearestWithTheLargestMagnitudeAt127) {
  for (const size_t width : {1, 3, 4, 7, 8, 15, 16, 17, 63, 64, 65, 200}) {
    const Rows x = Rows::Random(9, width, 1);
    const QuantizedRows quantized(x);
    for (size_t r = 0; r < x.count(); ++r) {
      float max = 0;
      for (const float value : x[r]) max = std::max(max, std::fabs(value));
      ASSERT_EQ(quantized.scale(r), max / 127) << width;
      for (size_t k = 0; k < width; ++k) {
        const float wanted = std::nearbyint(x[r][k] * (127 / max));
        ASSERT_EQ(static_cast<float>(quantized.q(r, k)), wanted) << width << " " << k;
        ASSERT_LE(std::abs(quantized.q(r, k)), 127);
      }
    }
  }
}

TEST_P(Int8RowsTest, TiesGoToTheEvenNumber) {
  const QuantizedRows quantized(OneRow({127, 0.5f, 1.5f, -0.5f, -2.5f}));
  EXPECT_EQ(quantized.q(0, 1), 0);
  EXPECT_EQ(quantized.q(0, 2), 2);
  EXPECT_EQ(quantized.q(0, 3), 0);
  EXPECT_EQ(quantized.q(0, 4), -2);
}

TEST_P(Int8RowsTest, PadsWithZeros) {
  const QuantizedRows quantized(Rows::Random(2, 5, 2));
  for (size_t k = 5; k < Int8Stride(5); ++k) {
    EXPECT_EQ(quantized.q(0, k), 0);
    EXPECT_EQ(quantized.q(1, k), 0);
  }
}

TEST_P(Int8RowsTest, AZeroRowHasScaleZero) {
  const QuantizedRows quantized(OneRow({0, -0.0f, 0}));
  EXPECT_EQ(quantized.scale(0), 0);
  for (size_t k = 0; k < 3; ++k) EXPECT_EQ(quantized.q(0, k), 0);
}

TEST_P(Int8RowsTest, TinyRowsCountAsZeroAndHugeOnesStayInRange) {
  const QuantizedRows tiny(OneRow({1e-31f, -1e-38f, 1e-45f}));
  EXPECT_EQ(tiny.scale(0), 0);
  const QuantizedRows huge(OneRow({FLT_MAX, -FLT_MAX, 1}));
  EXPECT_EQ(huge.scale(0), FLT_MAX / 127);
  EXPECT_EQ(huge.q(0, 0), 127);
  EXPECT_EQ(huge.q(0, 1), -127);
  EXPECT_EQ(huge.q(0, 2), 0);
}

TEST_P(Int8RowsTest, ARowThatIsNotFiniteHasScaleNan) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const float bad : {std::nanf(""), -std::nanf(""), infinity, -infinity}) {
    for (size_t at = 0; at < 20; ++at) {
      Rows x = Rows::Random(1, 20, 3);
      x[0][at] = bad;
      const QuantizedRows quantized(x);
      ASSERT_TRUE(std::isnan(quantized.scale(0))) << bad << " at " << at;
    }
  }
}

}  // namespace
}  // namespace sequent::kernels
