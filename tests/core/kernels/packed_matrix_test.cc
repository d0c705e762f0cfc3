#include "core/kernels/packed_matrix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/kernels/lanes.h"
#include "tests/core/kernels/oracle.h"
#include "tests/core/kernels/rows.h"

namespace sequent::kernels {
namespace {

constexpr size_t kSizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 130};

class PackedMatrixTest : public OnEveryTarget {};

// The column-th column of the packed matrix as a vector of w.inputs() weights.
std::vector<float> Column(const PackedMatrix& w, size_t column) {
  std::vector<float> weights;
  const size_t panel = column / w.panel_width();
  const float* at = w.panel<float>(panel) + column % w.panel_width();
  for (size_t k = 0; k < w.inputs(); ++k) weights.push_back(at[k * w.panel_columns(panel)]);
  return weights;
}

std::vector<float> RowOf(const std::vector<float>& w, size_t row, size_t inputs) {
  return {w.begin() + row * inputs, w.begin() + (row + 1) * inputs};
}

TEST_P(PackedMatrixTest, PlainColumnsStandInOrderAndZerosBehindThem) {
  for (const size_t outputs : kSizes) {
    const std::vector<float> w = RandomVector(outputs * 3, outputs);
    const PackedMatrix packed = PackedMatrix::Pack(w.data(), outputs, 3);
    EXPECT_EQ(packed.outputs(), outputs);
    EXPECT_EQ(packed.packed_width(), RoundUp(outputs, Lanes()));
    for (size_t o = 0; o < packed.packed_width(); ++o) {
      EXPECT_EQ(Column(packed, o), o < outputs ? RowOf(w, o, 3) : std::vector<float>(3)) << o;
    }
  }
}

TEST_P(PackedMatrixTest, TheTransposeIsPackedAsIfItHadBeenWrittenOut) {
  for (const size_t outputs : kSizes) {
    const std::vector<float> w = RandomVector(5 * outputs, 2);  // [5, outputs]
    std::vector<float> transposed(w.size());
    for (size_t i = 0; i < 5; ++i) {
      for (size_t o = 0; o < outputs; ++o) transposed[o * 5 + i] = w[i * outputs + o];
    }
    const PackedMatrix a = PackedMatrix::PackTransposed(w.data(), outputs, 5);
    const PackedMatrix b = PackedMatrix::Pack(transposed.data(), outputs, 5);
    ASSERT_EQ(a.packed_width(), b.packed_width());
    for (size_t o = 0; o < a.packed_width(); ++o) EXPECT_EQ(Column(a, o), Column(b, o)) << o;
  }
}

TEST_P(PackedMatrixTest, TheGatesOfOneUnitGroupStandSideBySide) {
  for (size_t gates = 2; gates <= 4; ++gates) {
    for (const size_t units : kSizes) {
      const std::vector<float> w = RandomVector(gates * units * 2, units);
      const PackedMatrix packed = PackedMatrix::PackGates(w.data(), gates, units, 2);
      EXPECT_EQ(packed.units(), units);
      EXPECT_EQ(packed.panel_width(), gates * Lanes());
      for (size_t column = 0; column < packed.packed_width(); ++column) {
        const size_t gate = column % packed.panel_width() / Lanes();
        const size_t unit = column / packed.panel_width() * Lanes() + column % Lanes();
        EXPECT_EQ(Column(packed, column),
                  unit < units ? RowOf(w, gate * units + unit, 2) : std::vector<float>(2));
      }
    }
  }
}

TEST_P(PackedMatrixTest, AVectorIsPackedAsTheColumnsAre) {
  for (size_t gates = 1; gates <= 4; ++gates) {
    for (const size_t units : kSizes) {
      const std::vector<float> v = RandomVector(gates * units, 7);
      // A matrix of one input whose weights are the vector.
      const PackedMatrix packed = PackedMatrix::PackGates(v.data(), gates, units, 1);
      const AlignedVector<float> vector = packed.PackVector(v.data());
      ASSERT_EQ(vector.size(), packed.packed_width());
      for (size_t i = 0; i < vector.size(); ++i) EXPECT_EQ(vector[i], Column(packed, i)[0]);
    }
  }
}

TEST_P(PackedMatrixTest, PanelsStandOnCacheLinesOrLanesAtLeast) {
  const std::vector<float> w = RandomVector(100 * 7, 1);
  const PackedMatrix packed = PackedMatrix::Pack(w.data(), 100, 7);
  for (size_t p = 0; p < packed.panels(); ++p) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(packed.panel<float>(p)) % (Lanes() * sizeof(float)), 0u);
  }
  EXPECT_EQ(packed.bytes(), packed.packed_width() * 7 * sizeof(float));
}

TEST(Bf16, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(ToBf16(1.0f), 0x3f80);
  EXPECT_EQ(FromBf16(0x3f80), 1.0f);
  EXPECT_EQ(ToBf16(1.0f + 0x1p-8f), 0x3f80);             // a tie, down to even
  EXPECT_EQ(ToBf16(1.0f + 0x1p-7f + 0x1p-8f), 0x3f82);   // a tie, up to even
  EXPECT_EQ(ToBf16(1.0f + 0x1p-8f + 0x1p-20f), 0x3f81);  // above the tie
  EXPECT_EQ(ToBf16(-1.0f), 0xbf80);
  EXPECT_TRUE(std::isinf(FromBf16(ToBf16(std::numeric_limits<float>::infinity()))));
  EXPECT_TRUE(std::isnan(FromBf16(ToBf16(std::numeric_limits<float>::quiet_NaN()))));
}

SEQUENT_ON_EVERY_TARGET(PackedMatrixTest);

}  // namespace
}  // namespace sequent::kernels
