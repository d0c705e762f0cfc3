// Sums are compared as bits: the order and the roundings are part of the contract.
#include "core/kernels/product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <vector>

#include "core/kernels/third_level.h"
#include "tests/core/kernels/oracle.h"
#include "tests/core/kernels/rows.h"

namespace sequent::kernels {
namespace {

struct Shape {
  size_t outputs, inputs;
};
// Around vector and panel widths of every target; the last ones cross the blocks of K.
constexpr Shape kShapes[] = {{1, 1},   {3, 2},   {5, 7},   {15, 16}, {16, 17}, {17, 15},
                             {31, 33}, {63, 64}, {65, 63}, {130, 9}, {2, 512}, {7, 1030}};
constexpr size_t kMaxRows = 40;

struct Weights {
  Weights(size_t outputs, size_t inputs)
      : w(RandomVector(outputs * inputs, 11)),
        bias(RandomVector(outputs, 12)),
        packed(PackedMatrix::Pack(w.data(), outputs, inputs)),
        packed_bias(packed.PackVector(bias.data())) {}
  std::span<const float> row(size_t o) const {
    return std::span(w).subspan(o * packed.inputs(), packed.inputs());
  }

  std::vector<float> w, bias;
  PackedMatrix packed;
  AlignedVector<float> packed_bias;
};

class ProductTest : public OnEveryTarget {
 protected:
  Rows Expected(const Weights& weights, const Rows& x, Start start, const Rows& y) const {
    Rows expected(x.count(), weights.packed.outputs());
    for (size_t r = 0; r < x.count(); ++r) {
      for (size_t o = 0; o < expected.width(); ++o) {
        const float from = start == Start::kZero   ? 0
                           : start == Start::kBias ? weights.bias[o]
                                                   : y[r][o];
        expected[r][o] = oracle::Sum(multiply_add_, from, weights.row(o), x[r]);
      }
    }
    return expected;
  }

  Rows Run(const Weights& weights, const Rows& x, Start start, Rows y) const {
    Product(weights.packed, x.count(), x.in(), start,
            start == Start::kBias ? weights.packed_bias.data() : nullptr, y.out());
    EXPECT_TRUE(y.GuardsHold());
    return y;
  }

  const oracle::MultiplyAdd multiply_add_;
};

TEST_P(ProductTest, EqualsTheOracleForEveryShapeBatchAndStart) {
  for (const Shape& shape : kShapes) {
    const Weights weights(shape.outputs, shape.inputs);
    const Rows x = Rows::Random(kMaxRows, shape.inputs, 1);
    const Rows y = Rows::Random(kMaxRows, shape.outputs, 2);
    for (const Start start : {Start::kZero, Start::kBias, Start::kAccumulate}) {
      const Rows expected = Expected(weights, x, start, y);
      for (size_t rows = 1; rows <= kMaxRows; ++rows) {
        ASSERT_TRUE(
            SameBits(Run(weights, x.First(rows), start, y.First(rows)), expected.First(rows)))
            << shape.outputs << " x " << shape.inputs << ", rows " << rows;
      }
    }
  }
}

TEST_P(ProductTest, ARowHasTheSameBitsAloneAndInACrowd) {
  const Weights weights(37, 600);
  const Rows x = Rows::Random(200, 600, 3);  // over two blocks of rows
  const Rows together = Run(weights, x, Start::kBias, Rows(200, 37));
  for (size_t r = 0; r < x.count(); ++r) {
    Rows alone(1, 37);
    Product(weights.packed, 1, x.in(r), Start::kBias, weights.packed_bias.data(), alone.out());
    ASSERT_TRUE(SameBits(alone[0], together[r])) << r;
  }
}

TEST_P(ProductTest, ASumStoredAndContinuedHasTheBitsOfOneNeverInterrupted) {
  const Weights weights(21, 77);
  const Rows x = Rows::Random(13, 77, 4);
  const Rows whole = Run(weights, x, Start::kBias, Rows(13, 21));
  for (size_t cut = 1; cut < 77; ++cut) {
    Rows head(13, cut), tail(13, 77 - cut), y(13, 21);
    std::vector<float> w_head, w_tail;
    for (size_t r = 0; r < 13; ++r) {
      std::ranges::copy(x[r].first(cut), head[r].begin());
      std::ranges::copy(x[r].subspan(cut), tail[r].begin());
    }
    for (size_t o = 0; o < 21; ++o) {
      w_head.insert(w_head.end(), weights.row(o).begin(), weights.row(o).begin() + cut);
      w_tail.insert(w_tail.end(), weights.row(o).begin() + cut, weights.row(o).end());
    }
    const PackedMatrix first = PackedMatrix::Pack(w_head.data(), 21, cut);
    const PackedMatrix second = PackedMatrix::Pack(w_tail.data(), 21, 77 - cut);
    Product(first, 13, head.in(), Start::kBias, weights.packed_bias.data(), y.out());
    Product(second, 13, tail.in(), Start::kAccumulate, nullptr, y.out());
    ASSERT_TRUE(SameBits(y, whole)) << cut;
  }
}

TEST_P(ProductTest, AMatrixInGateOrderGivesThePlainResultInPackedOrder) {
  for (size_t gates = 1; gates <= 4; ++gates) {
    for (const size_t units : {1, 5, 16, 19, 40}) {
      const size_t outputs = gates * units;
      const Weights weights(outputs, 23);
      const PackedMatrix packed = PackedMatrix::PackGates(weights.w.data(), gates, units, 23);
      const Rows x = Rows::Random(9, 23, 5);
      Rows y(9, packed.packed_width());
      Product(packed, 9, x.in(), Start::kBias, packed.PackVector(weights.bias.data()).data(),
              y.out());
      EXPECT_TRUE(y.GuardsHold());
      const Rows plain = Run(weights, x, Start::kBias, Rows(9, outputs));
      for (size_t r = 0; r < 9; ++r) {
        ASSERT_TRUE(SameBits(y[r], packed.PackVector(plain[r].data()))) << gates << " " << units;
      }
    }
  }
}

TEST_P(ProductTest, OfATransposeIsThatOfTheMatrixWrittenOut) {
  const Weights weights(29, 31);
  std::vector<float> transposed(29 * 31);
  for (size_t o = 0; o < 29; ++o) {
    for (size_t i = 0; i < 31; ++i) transposed[i * 29 + o] = weights.w[o * 31 + i];
  }
  const PackedMatrix packed = PackedMatrix::PackTransposed(transposed.data(), 29, 31);
  const Rows x = Rows::Random(8, 31, 6);
  Rows y(8, 29);
  Product(packed, 8, x.in(), Start::kZero, nullptr, y.out());
  EXPECT_TRUE(SameBits(y, Run(weights, x, Start::kZero, Rows(8, 29))));
}

TEST_P(ProductTest, OfNoInputsIsItsStart) {
  const std::vector<float> bias = RandomVector(7, 1);
  const PackedMatrix w = PackedMatrix::Pack(nullptr, 7, 0);
  const Rows x(2, 0);
  Rows y = Rows::Random(2, 7, 2);
  Product(w, 2, x.in(), Start::kBias, w.PackVector(bias.data()).data(), y.out());
  EXPECT_TRUE(SameBits(y[0], bias));
  EXPECT_TRUE(SameBits(y[1], bias));
}

TEST_P(ProductTest, OfNoRowsWritesNothing) {
  const Weights weights(7, 5);
  Product(weights.packed, 0, nullptr, Start::kZero, nullptr, nullptr);
}

// Few rows of a matrix that is streamed pass over short pieces of its panels, many over long ones
// if the panels are long, and of one that comes from far away a single tile asks for what is next;
// unless the third-level cache keeps up.
TEST_P(ProductTest, OfAMatrixThatDoesNotFitTheCacheHasTheSameBitsForEveryBatch) {
  struct Shape {
    size_t outputs, inputs;
  };
  struct Crowd {
    size_t count;
    bool third_level_keeps_up;
  };
  constexpr Crowd kCrowds[] = {{8, true},  {20, true},  {1, false}, {4, false},
                               {9, false}, {17, false}, {24, false}};
  for (const auto& [outputs, inputs] : {Shape{650, 900}, Shape{1450, 3001}}) {
    const Weights weights(outputs, inputs);
    const Rows x = Rows::Random(30, inputs, 7), y = Rows::Random(30, outputs, 8);
    for (const Start start : {Start::kBias, Start::kAccumulate}) {
      const Rows all = Run(weights, x, start, y);
      for (const auto& [count, keeps_up] : kCrowds) {
        SetThirdLevelKeepsUp(keeps_up);
        Rows some = y;
        Product(weights.packed, count, x.in(), start,
                start == Start::kBias ? weights.packed_bias.data() : nullptr, some.out());
        for (size_t r = 0; r < count; ++r) ASSERT_TRUE(SameBits(some[r], all[r])) << r;
      }
    }
  }
}

SEQUENT_ON_EVERY_TARGET(ProductTest);

}  // namespace
}  // namespace sequent::kernels
