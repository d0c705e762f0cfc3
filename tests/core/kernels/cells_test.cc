#include "core/kernels/cells.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/kernels/product.h"
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
        RnnStep(cell.packed, f, rows, cell.packed_input.in(), h.in(), next.out());
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
      Rows next_h(rows, units), next_c(rows, units), gates(rows, 4 * units);
      LstmStep(cell.packed, rows, cell.packed_input.in(), h.in(), c.in(), next_c.out(),
               next_h.out(), gates.out());
      ASSERT_TRUE(next_h.GuardsHold() && next_c.GuardsHold() && gates.GuardsHold());
      for (size_t r = 0; r < rows; ++r) {
        ASSERT_NO_FATAL_FAILURE(ExpectNear(next_h[r], expected[r].h, "h"));
        ASSERT_NO_FATAL_FAILURE(ExpectNear(next_c[r], expected[r].c, "c"));
        ASSERT_NO_FATAL_FAILURE(ExpectNear(gates[r], expected[r].gates, "gates"));
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
        Rows next(rows, units), gates(rows, 4 * units);
        GruAfterStep(cell.packed, bias.data(), update, rows, cell.packed_input.in(), h.in(),
                     next.out(), gates.out());
        ASSERT_TRUE(next.GuardsHold() && gates.GuardsHold());
        for (size_t r = 0; r < rows; ++r) {
          const oracle::Gru& gru = expected[r];
          const std::span<const float> tape = gates[r];
          ASSERT_NO_FATAL_FAILURE(ExpectNear(next[r], gru.h, "h"));
          ASSERT_NO_FATAL_FAILURE(ExpectNear(tape.first(units), gru.r, "r"));
          ASSERT_NO_FATAL_FAILURE(ExpectNear(tape.subspan(units, units), gru.z, "z"));
          ASSERT_NO_FATAL_FAILURE(ExpectNear(tape.subspan(2 * units, units), gru.n, "n"));
          ASSERT_NO_FATAL_FAILURE(ExpectNear(tape.last(units), gru.state_n, "U h + b'"));
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
        Rows next(rows, units), left_rz(rows, 2 * units), left_rh(rows, units), tape(rows, units);
        GruBeforeStep(rz.packed, n.packed, update, rows, rz.packed_input.in(), n.packed_input.in(),
                      h.in(), left_rz.out(), left_rh.out(), next.out(), tape.out());
        ASSERT_TRUE(next.GuardsHold() && left_rz.GuardsHold() && left_rh.GuardsHold());
        ASSERT_TRUE(tape.GuardsHold());
        for (size_t r = 0; r < rows; ++r) {
          const oracle::Gru& gru = expected[r];
          ASSERT_NO_FATAL_FAILURE(ExpectNear(next[r], gru.h, "h"));
          ASSERT_NO_FATAL_FAILURE(ExpectNear(left_rz[r].first(units), gru.r, "r"));
          ASSERT_NO_FATAL_FAILURE(ExpectNear(left_rz[r].last(units), gru.z, "z"));
          ASSERT_NO_FATAL_FAILURE(ExpectNear(left_rh[r], gru.state_n, "r h"));
          ASSERT_NO_FATAL_FAILURE(ExpectNear(tape[r], gru.n, "n"));
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
      RnnStep(cell.packed, Function::kTanh, count, cell.packed_input.in(first), h.in(first),
              next.out());
      return std::vector<Rows>{next};
    });
  }
}

TEST_P(CellsTest, LstmHasTheSameBitsAloneAndInACrowd) {
  for (const size_t units : {5, 33, 70}) {
    const Cell cell(4, units, kCrowd, 16);
    const Rows h = Rows::Random(kCrowd, units, 17), c = Rows::Random(kCrowd, units, 18);
    ExpectSameBitsInEveryBatch(kCrowd, [&](size_t first, size_t count) {
      Rows next_h(count, units), next_c(count, units), gates(count, 4 * units);
      LstmStep(cell.packed, count, cell.packed_input.in(first), h.in(first), c.in(first),
               next_c.out(), next_h.out(), gates.out());
      return std::vector<Rows>{next_h, next_c, gates};
    });
  }
}

TEST_P(CellsTest, GruWithResetAfterHasTheSameBitsAloneAndInACrowd) {
  for (const size_t units : {5, 33, 70}) {
    const Cell cell(3, units, kCrowd, 19);
    const Rows h = Rows::Random(kCrowd, units, 20);
    const std::vector<float> bias = RandomVector(RoundUp(units, kMaxLanes), 21);
    ExpectSameBitsInEveryBatch(kCrowd, [&](size_t first, size_t count) {
      Rows next(count, units), gates(count, 4 * units);
      GruAfterStep(cell.packed, bias.data(), UpdateGate::kKeepOld, count,
                   cell.packed_input.in(first), h.in(first), next.out(), gates.out());
      return std::vector<Rows>{next, gates};
    });
  }
}

TEST_P(CellsTest, GruWithResetBeforeHasTheSameBitsAloneAndInACrowd) {
  for (const size_t units : {5, 33, 70}) {
    const Cell rz(2, units, kCrowd, 22), n(1, units, kCrowd, 23);
    const Rows h = Rows::Random(kCrowd, units, 24);
    ExpectSameBitsInEveryBatch(kCrowd, [&](size_t first, size_t count) {
      Rows next(count, units), left_rz(count, 2 * units), left_rh(count, units);
      GruBeforeStep(rz.packed, n.packed, UpdateGate::kTakeNew, count, rz.packed_input.in(first),
                    n.packed_input.in(first), h.in(first), left_rz.out(), left_rh.out(), next.out(),
                    nullptr);
      return std::vector<Rows>{next, left_rz, left_rh};
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
    LstmStep(cell.packed, kRows, half.in(), h.in(), c.in(), c_split.out(), h_split.out(), nullptr);

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
    LstmStep(PackedMatrix::PackGates(joined.data(), 4, units, kInputs + units), kRows, start.in(),
             xh.in(), c.in(), c_whole.out(), h_whole.out(), nullptr);
    EXPECT_TRUE(SameBits(h_split, h_whole)) << units;
    EXPECT_TRUE(SameBits(c_split, c_whole)) << units;
  }
}

TEST_P(CellsTest, LstmMayAdvanceItsCellInPlaceAndLeaveOutTheTape) {
  const Cell cell(4, 19, 7, 31);
  const Rows h = Rows::Random(7, 19, 32), c = Rows::Random(7, 19, 33);
  Rows in_place = c, c_apart(7, 19), h_in_place(7, 19), h_apart(7, 19), gates(7, 76);
  LstmStep(cell.packed, 7, cell.packed_input.in(), h.in(), c.in(), c_apart.out(), h_apart.out(),
           gates.out());
  LstmStep(cell.packed, 7, cell.packed_input.in(), h.in(), in_place.in(), in_place.out(),
           h_in_place.out(), nullptr);
  EXPECT_TRUE(SameBits(in_place, c_apart));
  EXPECT_TRUE(SameBits(h_in_place, h_apart));
}

TEST_P(CellsTest, GruWithResetAfterWithoutAStateBiasIsThatWithABiasOfZeros) {
  const Cell cell(3, 19, 7, 34);
  const Rows h = Rows::Random(7, 19, 35);
  const std::vector<float> zeros(RoundUp(19, kMaxLanes));
  Rows with(7, 19), without(7, 19);
  GruAfterStep(cell.packed, zeros.data(), UpdateGate::kKeepOld, 7, cell.packed_input.in(), h.in(),
               with.out(), nullptr);
  GruAfterStep(cell.packed, nullptr, UpdateGate::kKeepOld, 7, cell.packed_input.in(), h.in(),
               without.out(), nullptr);
  EXPECT_TRUE(SameBits(with, without));
}

TEST_P(CellsTest, StatesFarOutStayFinite) {
  const Cell cell(4, 17, 3, 36);
  Rows h = Rows::Random(3, 17, 37), c(3, 17), next_h(3, 17), next_c(3, 17);
  for (size_t r = 0; r < 3; ++r) {
    for (float& x : h[r]) x *= 1e6f;
    std::ranges::fill(c[r], 1e30f);
  }
  LstmStep(cell.packed, 3, cell.packed_input.in(), h.in(), c.in(), next_c.out(), next_h.out(),
           nullptr);
  for (size_t r = 0; r < 3; ++r) {
    for (const float x : next_h[r]) EXPECT_LE(std::abs(x), 1.0f);
    for (const float x : next_c[r]) EXPECT_TRUE(std::isfinite(x));
  }
}

SEQUENT_ON_EVERY_TARGET(CellsTest);

}  // namespace
}  // namespace sequent::kernels
