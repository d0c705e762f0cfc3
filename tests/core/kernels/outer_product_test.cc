// Sums are compared as bits: the order and the roundings are part of the contract.
#include "core/kernels/outer_product.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/core/kernels/oracle.h"
#include "tests/core/kernels/rows.h"

namespace sequent::kernels {
namespace {

struct Shape {
  size_t outputs, inputs;
};
// Around tile and panel widths of every target; the last ones cross the blocks of outputs.
constexpr Shape kShapes[] = {{1, 1},   {3, 2},   {5, 7},   {6, 64},  {15, 16}, {16, 17}, {17, 15},
                             {31, 33}, {63, 64}, {65, 63}, {130, 9}, {2, 150}, {391, 3}};
constexpr size_t kFewRows = 40, kManyRows = 603;  // over three blocks of rows

class OuterProductTest : public OnEveryTarget {
 protected:
  void AddRow(const Rows& dy, const Rows& x, size_t row, std::vector<float>* dw) const {
    for (size_t o = 0; o < dy.width(); ++o) {
      for (size_t i = 0; i < x.width(); ++i) {
        float& sum = (*dw)[o * x.width() + i];
        sum = multiply_add_(dy[row][o], x[row][i], sum);
      }
    }
  }

  const oracle::MultiplyAdd multiply_add_;
};

TEST_P(OuterProductTest, AddsTheRowsInOrderForEveryShapeAndBatch) {
  for (const Shape& shape : kShapes) {
    const Rows dy = Rows::Random(kManyRows, shape.outputs, 7);
    const Rows x = Rows::Random(kManyRows, shape.inputs, 8);
    const std::vector<float> start = RandomVector(shape.outputs * shape.inputs, 9);
    std::vector<float> expected = start;  // after the first `rows` rows
    for (size_t rows = 1; rows <= kManyRows; ++rows) {
      AddRow(dy, x, rows - 1, &expected);
      if (rows > kFewRows && rows < kManyRows) continue;
      std::vector<float> dw = start;
      AccumulateOuter(rows, dy.in(), x.in(), shape.outputs, shape.inputs, dw.data());
      ASSERT_TRUE(SameBits(dw, expected)) << shape.outputs << " x " << shape.inputs << ", " << rows;
    }
  }
}

TEST_P(OuterProductTest, OfNoRowsChangesNothing) {
  std::vector<float> dw = RandomVector(35, 9);
  const std::vector<float> before = dw;
  AccumulateOuter(0, nullptr, nullptr, 5, 7, dw.data());
  EXPECT_TRUE(SameBits(dw, before));
}

SEQUENT_ON_EVERY_TARGET(OuterProductTest);

}  // namespace
}  // namespace sequent::kernels
