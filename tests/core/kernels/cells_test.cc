#include "core/kernels/cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/kernels/product.h"
#include "core/kernels/third_level.h"
#include "tests/core/kernels/oracle.h"
#include "tests/core/kernels/rows.h"

namespace sequent::kernels {
namespace {

constexpr size_t kUnits[] = {1, 3, 4, 7, 8, 15, 16, 17, 33, 65, 70};
constexpr size_t kMaxRows = 40;
// Sums of up to 70 terms of about 1/8 in float, and functions of 2e-7.
constexpr double kTolerance = 4e-6;

oracle::Doubles ToDoubles(std::span<const float> row) { return {row.begin(), row.end()}; }

void ExpectNear(std::span<const float> row, const oracle::Doubles& expected, const char* what) {
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_NEAR(row[i], expected[i], kTolerance) << what << " " << i << " of " << expected.size();
  }
}

// A recurrent matrix and the gate-major input halves of a number of rows.
struct Cell {
  Cell(size_t gates, size_t units, size_t rows, uint64_t seed)
      : u(RandomVector(gates * units * units, seed, 1 / std::sqrt(static_cast<float>(units)))),
        packed(PackedMatrix::PackGates(u.data(), gates, units, units)),
        input(Rows::Random(rows, gates * units, seed + 1)),
        packed_input(rows, packed.packed_width()) {
    for (size_t r = 0; r < rows; ++r) {
      std::ranges::copy(packed.PackVector(input[r].data()), packed_input[r].begin());
    }
  }

  std::vector<float> u;
  PackedMatrix packed;
  Rows input, packed_input;
};

// One kernel on `count` of its rows from `first` on: all that it writes, row by row.
using Step = std::function<std::vector<Rows>(size_t first, size_t count)>;

// Whatever the batch, a row's results are those it has alone.
void ExpectSameBitsInEveryBatch(size_t rows, const Step& step) {
  std::vector<std::vector<Rows>> alone;
  for (size_t r = 0; r < rows; ++r) alone.push_back(step(r, 1));
  const auto expect_same = [&](size_t first, size_t count) {
    const std::vector<Rows> together = step(first, count);
    for (size_t r = 0; r < count; ++r) {
      for (size_t k = 0; k < together.size(); ++k) {
        ASSERT_TRUE(SameBits(together[k][r], alone[first + r][k][0]))
            << "row " << r << " of " << count << ", result " << k;
      }
    }
  };
  for (size_t count = 1; count <= kMaxRows; ++count) expect_same(0, count);
  expect_same(1, rows - 1);
}

class CellsTest : public OnEveryTarget {};

TEST_P(CellsTest, RnnEqualsTheOracle) {
  for (const Function f : {Function::kTanh, Function::kRelu, Function::kLeakyRelu}) {
    for (const size_t units : kUnits) {
      const Cell cell(1, units, kMaxRows, 3);
      const Rows h = Rows::Random(kMaxRows, units, 4);
      for (size_t rows = 1; rows <= kMaxRows; ++rows) {
        Rows next(rows, units);
        RnnStep(cell.packed, f, rows, StepInput::Ready(cell.packed_input.in()), h.in(), next.out());
        ASSERT_TRUE(next.GuardsHold());
        for (size_t r = 0; r < rows; ++r) {
          oracle::Doubles expected = oracle::Affine(cell.input[r], cell.u, ToDoubles(h[r]));
          for (double& x : expected) x = oracle::Apply(f, x);
          ASSERT_NO_FATAL_FAILURE(ExpectNear(next[r], expected, "h"));
        }
      }
    }
  }
}

TEST_P(CellsTest, LstmEqualsTheOracle) {
  for (const size_t units : kUnits) {
    const Cell cell(4, units, kMaxRows, 5);
    const Rows h = Rows::Random(kMaxRows, units, 6), c = Rows::Random(kMaxRows, units, 7);
    std::vector<oracle::Lstm> expected;
    for (size_t r = 0; r < kMaxRows; ++r) {
      expected.push_back(oracle::LstmStep(cell.input[r], cell.u, ToDoubles(h[r]), ToDoubles(c[r])));
    }
    for (size_t rows = 1; rows <= kMaxRows; ++rows) {
      Rows next_h(rows, units), next_c(rows, units);
      LstmStep(cell.packed, rows, StepInput::Ready(cell.packed_input.in()), h.in(), c.in(),
               next_c.out(), next_h.out());
      ASSERT_TRUE(next_h.GuardsHold() && next_c.GuardsHold());
      for (size_t r = 0; r < rows; ++r) {
        ASSERT_NO_FATAL_FAILURE(ExpectNear(next_h[r], expected[r].h, "h"));
        ASSERT_NO_FATAL_FAILURE(ExpectNear(next_c[r], expected[r].c, "c"));
      }
    }
  }
}

TEST_P(CellsTest, GruWithResetAfterEqualsTheOracle) {
  for (const UpdateGate update : {UpdateGate::kKeepOld, UpdateGate::kTakeNew}) {
    for (const size_t units : kUnits) {
      const Cell cell(3, units, kMaxRows, 8);
      const Rows h = Rows::Random(kMaxRows, units, 9);
      std::vector<float> bias = RandomVector(units, 10);
      std::vector<oracle::Gru> expected;
      for (size_t r = 0; r < kMaxRows; ++r) {
        expected.push_back(
            oracle::GruAfterStep(cell.input[r], cell.u, bias, update, ToDoubles(h[r])));
      }
      bias.resize(RoundUp(units, kMaxLanes));
      for (size_t rows = 1; rows <= kMaxRows; ++rows) {
        Rows next(rows, units);
        GruAfterStep(cell.packed, bias.data(), update, rows,
                     StepInput::Ready(cell.packed_input.in()), h.in(), h.in(), next.out());
        ASSERT_TRUE(next.GuardsHold());
        for (size_t r = 0; r < rows; ++r) {
          ASSERT_NO_FATAL_FAILURE(ExpectNear(next[r], expected[r].h, "h"));
        }
      }
    }
  }
}

TEST_P(CellsTest, GruWithResetBeforeEqualsTheOracle) {
  for (const UpdateGate update : {UpdateGate::kKeepOld, UpdateGate::kTakeNew}) {
    for (const size_t units : kUnits) {
      const Cell rz(2, units, kMaxRows, 11), n(1, units, kMaxRows, 12);
      const Rows h = Rows::Random(kMaxRows, units, 13);
      std::vector<oracle::Gru> expected;
      for (size_t r = 0; r < kMaxRows; ++r) {
        expected.push_back(
            oracle::GruBeforeStep(rz.input[r], n.input[r], rz.u, n.u, update, ToDoubles(h[r])));
      }
      for (size_t rows = 1; rows <= kMaxRows; ++rows) {
        Rows next(rows, units), z(rows, units), rh(rows, units);
        GruBeforeGates(rz.packed, rows, StepInput::Ready(rz.packed_input.in()), h.in(), h.in(),
                       z.out(), rh.out());
        GruBeforeState(n.packed, update, rows, StepInput::Ready(n.packed_input.in()), rh.in(),
                       h.in(), z.in(), next.out());
        ASSERT_TRUE(next.GuardsHold() && z.GuardsHold() && rh.GuardsHold());
        for (size_t r = 0; r < rows; ++r) {
          ASSERT_NO_FATAL_FAILURE(ExpectNear(next[r], expected[r].h, "h"));
          ASSERT_NO_FATAL_FAILURE(ExpectNear(rh[r], expected[r].state_n, "r h"));
        }
      }
    }
  }
}

constexpr size_t kCrowd = 200;  // over two blocks of rows

TEST_P(CellsTest, RnnHasTheSameBitsAloneAndInACrowd) {
  for (const size_t units : {5, 33, 70}) {
    const Cell cell(1, units, kCrowd, 14);
    const Rows h = Rows::Random(kCrowd, units, 15);
    ExpectSameBitsInEveryBatch(kCrowd, [&](size_t first, size_t count) {
      Rows next(count, units);
      RnnStep(cell.packed, Function::kTanh, count, StepInput::Ready(cell.packed_input.in(first)),
              h.in(first), next.out());
      return std::vector<Rows>{next};
    });
  }
}

TEST_P(CellsTest, LstmHasTheSameBitsAloneAndInACrowd) {
  for (const size_t units : {5, 33, 70}) {
    const Cell cell(4, units, kCrowd, 16);
    const Rows h = Rows::Random(kCrowd, units, 17), c = Rows::Random(kCrowd, units, 18);
    ExpectSameBitsInEveryBatch(kCrowd, [&](size_t first, size_t count) {
      Rows next_h(count, units), next_c(count, units);
      LstmStep(cell.packed, count, StepInput::Ready(cell.packed_input.in(first)), h.in(first),
               c.in(first), next_c.out(), next_h.out());
      return std::vector<Rows>{next_h, next_c};
    });
  }
}

TEST_P(CellsTest, GruWithResetAfterHasTheSameBitsAloneAndInACrowd) {
  for (const size_t units : {5, 33, 70}) {
    const Cell cell(3, units, kCrowd, 19);
    const Rows h = Rows::Random(kCrowd, units, 20);
    const std::vector<float> bias = RandomVector(RoundUp(units, kMaxLanes), 21);
    ExpectSameBitsInEveryBatch(kCrowd, [&](size_t first, size_t count) {
      Rows next(count, units);
      GruAfterStep(cell.packed, bias.data(), UpdateGate::kKeepOld, count,
                   StepInput::Ready(cell.packed_input.in(first)), h.in(first), h.in(first),
                   next.out());
      return std::vector<Rows>{next};
    });
  }
}

TEST_P(CellsTest, GruWithResetBeforeHasTheSameBitsAloneAndInACrowd) {
  for (const size_t units : {5, 33, 70}) {
    const Cell rz(2, units, kCrowd, 22), n(1, units, kCrowd, 23);
    const Rows h = Rows::Random(kCrowd, units, 24);
    ExpectSameBitsInEveryBatch(kCrowd, [&](size_t first, size_t count) {
      Rows next(count, units), z(count, units), rh(count, units);
      GruBeforeGates(rz.packed, count, StepInput::Ready(rz.packed_input.in(first)), h.in(first),
                     h.in(first), z.out(), rh.out());
      GruBeforeState(n.packed, UpdateGate::kTakeNew, count,
                     StepInput::Ready(n.packed_input.in(first)), rh.in(), h.in(first), z.in(),
                     next.out());
      return std::vector<Rows>{next, z, rh};
    });
  }
}

// W x + b stored and taken up again by the cell, against one matrix [W U] over x and h together
// that starts from b.
TEST_P(CellsTest, TheInputHalfStoredAndReloadedGivesTheBitsOfOneSumOverInputAndState) {
  constexpr size_t kInputs = 13, kRows = 11;
  for (const size_t units : {5, 16, 33}) {
    const std::vector<float> w = RandomVector(4 * units * kInputs, 25, 0.3f);
    const std::vector<float> bias = RandomVector(4 * units, 26);
    const Cell cell(4, units, kRows, 27);
    const Rows x = Rows::Random(kRows, kInputs, 28), h = Rows::Random(kRows, units, 29);
    const Rows c = Rows::Random(kRows, units, 30);

    const PackedMatrix packed_w = PackedMatrix::PackGates(w.data(), 4, units, kInputs);
    const AlignedVector<float> packed_bias = packed_w.PackVector(bias.data());
    Rows half(kRows, packed_w.packed_width()), h_split(kRows, units), c_split(kRows, units);
    Product(packed_w, kRows, x.in(), Start::kBias, packed_bias.data(), half.out());
    LstmStep(cell.packed, kRows, StepInput::Ready(half.in()), h.in(), c.in(), c_split.out(),
             h_split.out());
    Rows h_on_the_way(kRows, units), c_on_the_way(kRows, units);
    LstmStep(cell.packed, kRows, StepInput::Of(&packed_w, packed_bias.data(), x.in()), h.in(),
             c.in(), c_on_the_way.out(), h_on_the_way.out());
    EXPECT_TRUE(SameBits(h_split, h_on_the_way)) << units;
    EXPECT_TRUE(SameBits(c_split, c_on_the_way)) << units;

    std::vector<float> joined;
    for (size_t o = 0; o < 4 * units; ++o) {
      joined.insert(joined.end(), w.begin() + o * kInputs, w.begin() + (o + 1) * kInputs);
      joined.insert(joined.end(), cell.u.begin() + o * units, cell.u.begin() + (o + 1) * units);
    }
    Rows xh(kRows, kInputs + units), start(kRows, packed_w.packed_width());
    for (size_t r = 0; r < kRows; ++r) {
      std::ranges::copy(h[r], std::ranges::copy(x[r], xh[r].begin()).out);
      std::ranges::copy(packed_bias, start[r].begin());
    }
    Rows h_whole(kRows, units), c_whole(kRows, units);
    LstmStep(PackedMatrix::PackGates(joined.data(), 4, units, kInputs + units), kRows,
             StepInput::Ready(start.in()), xh.in(), c.in(), c_whole.out(), h_whole.out());
    EXPECT_TRUE(SameBits(h_split, h_whole)) << units;
    EXPECT_TRUE(SameBits(c_split, c_whole)) << units;
  }
}

TEST_P(CellsTest, LstmMayAdvanceItsCellInPlace) {
  const Cell cell(4, 19, 7, 31);
  const Rows h = Rows::Random(7, 19, 32), c = Rows::Random(7, 19, 33);
  Rows in_place = c, c_apart(7, 19), h_in_place(7, 19), h_apart(7, 19);
  LstmStep(cell.packed, 7, StepInput::Ready(cell.packed_input.in()), h.in(), c.in(), c_apart.out(),
           h_apart.out());
  LstmStep(cell.packed, 7, StepInput::Ready(cell.packed_input.in()), h.in(), in_place.in(),
           in_place.out(), h_in_place.out());
  EXPECT_TRUE(SameBits(in_place, c_apart));
  EXPECT_TRUE(SameBits(h_in_place, h_apart));
}

TEST_P(CellsTest, GruWithResetAfterWithoutAStateBiasIsThatWithABiasOfZeros) {
  const Cell cell(3, 19, 7, 34);
  const Rows h = Rows::Random(7, 19, 35);
  const std::vector<float> zeros(RoundUp(19, kMaxLanes));
  Rows with(7, 19), without(7, 19);
  GruAfterStep(cell.packed, zeros.data(), UpdateGate::kKeepOld, 7,
               StepInput::Ready(cell.packed_input.in()), h.in(), h.in(), with.out());
  GruAfterStep(cell.packed, nullptr, UpdateGate::kKeepOld, 7,
               StepInput::Ready(cell.packed_input.in()), h.in(), h.in(), without.out());
  EXPECT_TRUE(SameBits(with, without));
}

TEST_P(CellsTest, StatesFarOutStayFinite) {
  const Cell cell(4, 17, 3, 36);
  Rows h = Rows::Random(3, 17, 37), c(3, 17), next_h(3, 17), next_c(3, 17);
  for (size_t r = 0; r < 3; ++r) {
    for (float& x : h[r]) x *= 1e6f;
    std::ranges::fill(c[r], 1e30f);
  }
  LstmStep(cell.packed, 3, StepInput::Ready(cell.packed_input.in()), h.in(), c.in(), next_c.out(),
           next_h.out());
  for (size_t r = 0; r < 3; ++r) {
    for (const float x : next_h[r]) EXPECT_LE(std::abs(x), 1.0f);
    for (const float x : next_c[r]) EXPECT_TRUE(std::isfinite(x));
  }
}

// A walk in parts, from either end, and with the input half worked out on the way.
TEST_P(CellsTest, HowAStepWalksOverItsPanelsMakesNoDifference) {
  constexpr size_t kRows = 31, kUnits = 150, kInputs = 21;
  const std::vector<float> w = RandomVector(3 * kUnits * kInputs, 40, 0.3f);
  const std::vector<float> bias = RandomVector(3 * kUnits, 41);
  const PackedMatrix packed_w = PackedMatrix::PackGates(w.data(), 3, kUnits, kInputs);
  const AlignedVector<float> packed_bias = packed_w.PackVector(bias.data());
  const Cell cell(3, kUnits, kRows, 42);
  const Rows x = Rows::Random(kRows, kInputs, 43), h = Rows::Random(kRows, kUnits, 44);
  Rows half(kRows, packed_w.packed_width()), whole(kRows, kUnits);
  Product(packed_w, kRows, x.in(), Start::kBias, packed_bias.data(), half.out());
  GruAfterStep(cell.packed, nullptr, UpdateGate::kKeepOld, kRows, StepInput::Ready(half.in()),
               h.in(), h.in(), whole.out());
  const StepInput on_the_way = StepInput::Of(&packed_w, packed_bias.data(), x.in());
  // One row and two take panels side by side, as far as there are enough of them.
  for (const size_t count : {size_t{1}, size_t{2}, kRows}) {
    Rows parts(count, kUnits);
    for (const PanelWalk& walk : {PanelWalk{.begin = 3, .backwards = true},
                                  PanelWalk{.begin = 1, .end = 3}, PanelWalk{.end = 1}}) {
      GruAfterStep(cell.packed, nullptr, UpdateGate::kKeepOld, count, on_the_way, h.in(), h.in(),
                   parts.out(), walk);
    }
    for (size_t r = 0; r < count; ++r) {
      EXPECT_TRUE(SameBits(parts[r], whole[r])) << "row " << r << " of " << count;
    }
    EXPECT_TRUE(parts.GuardsHold());
  }
}

// Wide enough for both matrices to be streamed: few rows pass over short pieces of the panels then,
// and many over long ones; or not, where the third-level cache keeps up.
TEST_P(CellsTest, StepsThatStreamTheirWeightsHaveTheSameBitsAloneAndInACrowd) {
  constexpr size_t kRows = 27, kUnits = 420, kInputs = 1700;
  for (const size_t gates : {3, 4}) {
    for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
      const std::vector<float> w = RandomVector(gates * kUnits * kInputs, 50, 0.05f);
      const PackedMatrix packed_w =
          PackedMatrix::PackGates(w.data(), gates, kUnits, kInputs, precision);
      const AlignedVector<float> bias =
          packed_w.PackVector(RandomVector(gates * kUnits, 51).data());
      const PackedMatrix packed_u =
          PackedMatrix::PackGates(w.data(), gates, kUnits, kUnits, precision);
      const Rows x = Rows::Random(kRows, kInputs, 52), h = Rows::Random(kRows, kUnits, 53);
      const Rows c = Rows::Random(kRows, kUnits, 54);
      Rows half(kRows, packed_w.packed_width());
      Product(packed_w, kRows, x.in(), Start::kBias, bias.data(), half.out());
      const auto step = [&](size_t first, size_t count, bool ready) {
        Rows out(count, kUnits), other(count, kUnits);
        const StepInput input = ready ? StepInput::Ready(half.in(first))
                                      : StepInput::Of(&packed_w, bias.data(), x.in(first));
        if (gates == 3) {
          GruAfterStep(packed_u, bias.data(), UpdateGate::kKeepOld, count, input, h.in(first),
                       h.in(first), out.out());
        } else {
          LstmStep(packed_u, count, input, h.in(first), c.in(first), other.out(), out.out());
        }
        EXPECT_TRUE(out.GuardsHold() && other.GuardsHold());
        return out;
      };
      const Rows all = step(0, kRows, true);
      for (const size_t count : {1, 4, 7, 12, 24, 26}) {
        for (const bool keeps_up : {true, false}) {
          SetThirdLevelKeepsUp(keeps_up);
          for (const bool ready : {true, false}) {
            const Rows some = step(1, count, ready);
            for (size_t r = 0; r < count; ++r) {
              ASSERT_TRUE(SameBits(some[r], all[1 + r])) << r << " of " << count << ready << gates;
            }
          }
        }
      }
    }
  }
}

TEST_P(CellsTest, InBf16AStepIsTheFp32StepOfTheRoundedWeights) {
  for (const size_t gates : {1, 2, 3, 4}) {
    for (const size_t units : {70, 69}) {
      std::vector<float> u = RandomVector(gates * units * units, 45, 0.2f);
      const PackedMatrix bf16 =
          PackedMatrix::PackGates(u.data(), gates, units, units, Precision::kBf16);
      for (float& x : u) x = FromBf16(ToBf16(x));
      const PackedMatrix fp32 = PackedMatrix::PackGates(u.data(), gates, units, units);
      EXPECT_EQ(bf16.bytes() * 2, fp32.bytes() / units * (units + units % 2));
      for (const size_t rows : {1, 2, 3, 11}) {
        const Rows h = Rows::Random(rows, units, 46), c = Rows::Random(rows, units, 47);
        const Rows sums = Rows::Random(rows, fp32.packed_width(), 48);
        const auto step = [&](const PackedMatrix& matrix) {
          Rows out(rows, units), other(rows, units);
          const StepInput input = StepInput::Ready(sums.in());
          if (gates == 1) RnnStep(matrix, Function::kTanh, rows, input, h.in(), out.out());
          if (gates == 2) {
            GruBeforeGates(matrix, rows, input, h.in(), h.in(), other.out(), out.out());
          }
          if (gates == 3) {
            GruAfterStep(matrix, nullptr, UpdateGate::kTakeNew, rows, input, h.in(), h.in(),
                         out.out());
          }
          if (gates == 4) LstmStep(matrix, rows, input, h.in(), c.in(), other.out(), out.out());
          return out;
        };
        EXPECT_TRUE(SameBits(step(bf16), step(fp32))) << gates << " " << units << " " << rows;
      }
    }
  }
}

SEQUENT_ON_EVERY_TARGET(CellsTest);

}  // namespace
}  // namespace sequent::kernels
