#include "core/kernels/winograd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "core/kernels/cells.h"
#include "core/kernels/lanes.h"
#include "core/kernels/product.h"
#include "core/kernels/third_level.h"
#include "tests/core/kernels/oracle.h"
#include "tests/core/kernels/rows.h"
#include "tests/core/kernels/winograd_testing.h"

namespace sequent::kernels {
namespace {

constexpr size_t kMaxRows = 40;

class WinogradTest : public OnEveryTarget {
 protected:
  const oracle::MultiplyAdd multiply_add_;
};

// The sum of one column, as winograd.h words it.
float SumOf(const oracle::MultiplyAdd& multiply_add, const PackedMatrix& w, size_t column,
            const float* row, float start) {
  const RowLayout at(w.inputs());
  const size_t panel = column / w.panel_width(), m = at.triples;
  const size_t columns = w.panel_columns(panel), within = column % w.panel_width();
  // Panels of four vectors stand in two halves.
  const size_t step = columns == 4 * Lanes() ? 2 * Lanes() : columns;
  const float* const weights =
      w.panel<float>(panel) + within / step * w.half_stride() + within % step;
  const auto weight = [&](size_t k) { return weights[k * step]; };
  const float correction = w.corrections()[column] + row[at.correction()];
  float sum =
      w.scales_rows() ? multiply_add(start, row[at.scale()], correction) : start + correction;
  for (size_t j = 0; j < m; ++j) {
    const float a = row[j], b = row[at.part + j];
    sum = multiply_add(a + weight(3 * j + 1), b + weight(3 * j), sum);
    sum = multiply_add(row[2 * at.part + j], weight(3 * j + 2), sum);
  }
  for (size_t k = 3 * m; k < w.inputs(); ++k) {
    sum = multiply_add(row[2 * at.part + k - 2 * m], weight(k), sum);
  }
  return w.scales_rows() ? sum * row[at.inverse()] : sum;
}

TEST_P(WinogradTest, AProductIsItsSumsInOrderForEveryShapeBatchAndStart) {
  struct Shape {
    size_t outputs, inputs;
  };
  for (const auto& [outputs, inputs] : {Shape{1, 24}, {17, 25}, {65, 26}, {130, 64}, {63, 513}}) {
    const std::vector<float> w = RandomVector(outputs * inputs, 1);
    const Rows x = Rows::Random(kMaxRows, inputs, 2), y = Rows::Random(kMaxRows, outputs, 3);
    for (const Arithmetic arithmetic : kBothWinograds) {
      const PackedMatrix packed =
          PackedMatrix::Pack(w.data(), outputs, inputs, Precision::kFp32, arithmetic);
      ASSERT_EQ(packed.triples(), inputs / 3);
      const AlignedVector<float> bias = packed.PackVector(RandomVector(outputs, 4).data());
      const PreparedRows rows(packed, kMaxRows, x.in());
      for (const Start start : {Start::kZero, Start::kBias, Start::kAccumulate}) {
        Rows expected = y;
        for (size_t r = 0; r < kMaxRows; ++r) {
          for (size_t o = 0; o < outputs; ++o) {
            const float from = start == Start::kZero   ? 0
                               : start == Start::kBias ? bias[o]
                                                       : y[r][o];
            expected[r][o] = SumOf(multiply_add_, packed, o, rows.in()[r], from);
          }
        }
        for (size_t count = 1; count <= kMaxRows; ++count) {
          Rows got = y.First(count);
          Product(packed, count, rows.in(), start, start == Start::kBias ? bias.data() : nullptr,
                  got.out());
          ASSERT_TRUE(got.GuardsHold());
          ASSERT_TRUE(SameBits(got, expected.First(count))) << outputs << " x " << inputs;
        }
      }
    }
  }
}

// One step of each cell, over prepared rows, with the input half ready or worked out on the way.
struct Cell {
  Cell(size_t gates, size_t units, size_t inputs, size_t rows)
      : gates(gates),
        units(units),
        w(RandomVector(gates * units * inputs, 20, 1 / std::sqrt(static_cast<float>(inputs)))),
        u(RandomVector(gates * units * units, 21, 1 / std::sqrt(static_cast<float>(units)))),
        packed_w(PackedMatrix::PackGates(w.data(), gates, units, inputs, Precision::kFp32,
                                         Arithmetic::kWinograd)),
        packed_u(PackedMatrix::PackGates(u.data(), gates, units, units, Precision::kFp32,
                                         Arithmetic::kWinogradStates)),
        bias_of_units(RandomVector(gates * units, 22)),
        bias(packed_w.PackVector(bias_of_units.data())),
        x(Rows::Random(rows, inputs, 23)),
        h(Rows::Random(rows, units, 24)),
        c(Rows::Random(rows, units, 25)),
        half(rows, packed_w.packed_width()) {
    for (size_t r = 0; r < rows; ++r) {
      for (float& value : h[r]) value = std::tanh(value);
    }
    state_bias = RandomVector(units, 26);
    state_bias.resize(RoundUp(units, kMaxLanes));
    Product(packed_w, rows, PreparedRows(packed_w, rows, x.in()).in(), Start::kBias, bias.data(),
            half.out());
  }

  // h', and whatever else the kernel puts out.
  std::vector<Rows> Step(size_t first, size_t count, bool ready, const PanelWalk& walk = {}) const {
    const PreparedRows prepared_x(packed_w, count, x.in(first)),
        prepared_h(packed_u, count, h.in(first));
    const StepInput input = ready ? StepInput::Ready(half.in(first))
                                  : StepInput::Of(&packed_w, bias.data(), prepared_x.in());
    Rows out(count, units), other(count, units);
    if (gates == 1) {
      RnnStep(packed_u, Function::kTanh, count, input, prepared_h.in(), out.out(), walk);
    } else if (gates == 2) {
      GruBeforeGates(packed_u, count, input, prepared_h.in(), h.in(first), other.out(), out.out(),
                     walk);
    } else if (gates == 3) {
      GruAfterStep(packed_u, state_bias.data(), UpdateGate::kKeepOld, count, input, prepared_h.in(),
                   h.in(first), out.out(), walk);
    } else {
      LstmStep(packed_u, count, input, prepared_h.in(), c.in(first), other.out(), out.out(), walk);
    }
    EXPECT_TRUE(out.GuardsHold() && other.GuardsHold());
    return {out, other};
  }

  size_t gates, units;
  std::vector<float> w, u;
  PackedMatrix packed_w, packed_u;
  std::vector<float> bias_of_units, state_bias;
  AlignedVector<float> bias;
  Rows x, h, c, half;
};

oracle::Doubles ToDoubles(std::span<const float> row) { return {row.begin(), row.end()}; }

TEST_P(WinogradTest, LstmAndGruEqualTheOracle) {
  for (const size_t units : {24, 33, 70}) {
    const Cell lstm(4, units, 40, kMaxRows), gru(3, units, 40, kMaxRows);
    for (size_t r = 0; r < kMaxRows; ++r) {
      const auto input_of = [&](const Cell& cell) {
        const oracle::Doubles sums =
            oracle::Affine(cell.bias_of_units, cell.w, ToDoubles(cell.x[r]));
        return std::vector<float>(sums.begin(), sums.end());
      };
      const oracle::Doubles h =
          oracle::LstmStep(input_of(lstm), lstm.u, ToDoubles(lstm.h[r]), ToDoubles(lstm.c[r])).h;
      const std::span<const float> state_bias = std::span(gru.state_bias).first(units);
      const oracle::Doubles g = oracle::GruAfterStep(input_of(gru), gru.u, state_bias,
                                                     UpdateGate::kKeepOld, ToDoubles(gru.h[r]))
                                    .h;
      for (const bool ready : {true, false}) {
        const Rows of_lstm = lstm.Step(r, 1, ready)[0], of_gru = gru.Step(r, 1, ready)[0];
        for (size_t i = 0; i < units; ++i) {
          ASSERT_NEAR(of_lstm[0][i], h[i], 4e-6);
          ASSERT_NEAR(of_gru[0][i], g[i], 4e-6);
        }
      }
    }
  }
}

TEST_P(WinogradTest, StatesFarOutsideOfWhatIsExpectedStayFinite) {
  Cell cell(4, 70, 40, 5);
  for (size_t r = 0; r < 5; ++r) {
    for (float& x : cell.h[r]) x *= 1e6f;
  }
  const Rows next = cell.Step(0, 5, false)[0];
  for (size_t r = 0; r < 5; ++r) {
    for (const float x : next[r]) EXPECT_LE(std::abs(x), 1.0f);
  }
}

void ExpectSameBitsInEveryBatch(const Cell& cell, size_t rows, std::span<const size_t> counts) {
  std::vector<std::vector<Rows>> alone;
  for (size_t r = 0; r < rows; ++r) alone.push_back(cell.Step(r, 1, true));
  for (const bool ready : {true, false}) {
    for (const size_t count : counts) {
      const std::vector<Rows> together = cell.Step(rows - count, count, ready);
      for (size_t r = 0; r < count; ++r) {
        for (size_t i = 0; i < together.size(); ++i) {
          ASSERT_TRUE(SameBits(together[i][r], alone[rows - count + r][i][0]))
              << "row " << r << " of " << count << ", gates " << cell.gates << ", ready " << ready;
        }
      }
    }
  }
}

TEST_P(WinogradTest, EveryCellHasTheSameBitsAloneAndInACrowd) {
  std::vector<size_t> counts = {199};  // over two blocks of rows
  for (size_t count = 1; count <= kMaxRows; ++count) counts.push_back(count);
  for (size_t gates = 1; gates <= 4; ++gates) {
    for (const size_t units : {24, 33, 70}) {
      const Cell cell(gates, units, 31, 200);
      ASSERT_NO_FATAL_FAILURE(ExpectSameBitsInEveryBatch(cell, 200, counts));
    }
  }
}

TEST_P(WinogradTest, FewInputsBesideManyStatesGoInUnprepared) {
  const Cell cell(4, 40, 3, 20);
  EXPECT_EQ(cell.packed_w.triples(), 0u);
  EXPECT_EQ(cell.packed_u.triples(), 13u);
  ExpectSameBitsInEveryBatch(cell, 20, std::vector<size_t>{1, 2, 7, 20});
}

TEST_P(WinogradTest, StepsThatStreamTheirWeightsHaveTheSameBitsAloneAndInACrowd) {
  for (const size_t gates : {3, 4}) {
    const Cell cell(gates, 420, 1700, 27);
    for (const bool keeps_up : {true, false}) {
      SetThirdLevelKeepsUp(keeps_up);
      ASSERT_NO_FATAL_FAILURE(
          ExpectSameBitsInEveryBatch(cell, 27, std::vector<size_t>{4, 7, 12, 24, 27}));
    }
  }
}

TEST_P(WinogradTest, HowAStepWalksOverItsPanelsMakesNoDifference) {
  const Cell cell(3, 150, 50, 31);
  for (const size_t count : {1, 2, 31}) {
    const Rows whole = cell.Step(0, count, true)[0];
    for (const PanelWalk& walk : {PanelWalk{.begin = 3, .backwards = true},
                                  PanelWalk{.begin = 1, .end = 3}, PanelWalk{.end = 1}}) {
      const Rows part = cell.Step(0, count, false, walk)[0];
      const size_t width = cell.packed_u.panel_width() / cell.gates;
      const size_t begin = walk.begin * width, end = std::min<size_t>(150, walk.end * width);
      if (walk.end == SIZE_MAX) continue;
      for (size_t r = 0; r < count; ++r) {
        EXPECT_TRUE(
            SameBits(part[r].subspan(begin, end - begin), whole[r].subspan(begin, end - begin)));
      }
    }
  }
}

SEQUENT_WHERE_WINOGRAD_FITS(WinogradTest);

class WinogradOnEveryTargetTest : public OnEveryTarget {};

TEST_P(WinogradOnEveryTargetTest, WhereItDoesNotFitRowsGoInUnprepared) {
  const PackedMatrix packed = PackedMatrix::Pack(RandomVector(48 * 256, 5).data(), 48, 256,
                                                 Precision::kFp32, Arithmetic::kWinograd);
  EXPECT_EQ(packed.winograd(), WinogradFits());
  EXPECT_EQ(packed.triples() > 0, WinogradFits());
}

SEQUENT_ON_EVERY_TARGET(WinogradOnEveryTargetTest);

TEST(WinogradPays, IsWhatWasLastSet) {
  const bool here = WinogradPays();
  SetWinogradPays(!here);
  EXPECT_EQ(WinogradPays(), !here);
  SetWinogradPays(here);
}

}  // namespace
}  // namespace sequent::kernels
