#include "core/kernels/winograd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "core/kernels/cells.h"
#include "core/kernels/lanes.h"
#include "core/kernels/product.h"
#include "core/kernels/third_level.h"
#include "tests/core/kernels/oracle.h"
#include "tests/core/kernels/rows.h"

namespace sequent::kernels {
namespace {

constexpr Arithmetic kBoth[] = {Arithmetic::kWinograd, Arithmetic::kWinogradStates};
constexpr size_t kMaxRows = 40;

class WinogradTest : public OnEveryTarget {
 protected:
  const oracle::MultiplyAdd multiply_add_;
};

// Rows as a product with `w` takes them.
class PreparedRows {
 public:
  PreparedRows(const PackedMatrix& w, size_t count, const float* const* x)
      : width_(w.triples() > 0 ? RowLayout(w.inputs()).floats() : 0), values_(count * width_) {
    for (size_t r = 0; r < count; ++r) rows_.push_back(values_.data() + r * width_);
    if (w.triples() > 0) {
      PrepareRows(w, count, x, rows_.data());
    } else {
      for (size_t r = 0; r < count; ++r) rows_[r] = const_cast<float*>(x[r]);
    }
  }

  const float* const* in(size_t first = 0) const { return rows_.data() + first; }

 private:
  size_t width_;
  AlignedVector<float> values_;
  std::vector<float*> rows_;
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
    for (const Arithmetic arithmetic : kBoth) {
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

// Root mean square errors of one product, against double.
struct Errors {
  double plain = 0, winograd = 0;
};
Errors ErrorsOf(const std::vector<float>& w, size_t outputs, const Rows& x, Arithmetic arithmetic) {
  const size_t inputs = x.width();
  Errors errors;
  const auto square_error = [&](const PackedMatrix& packed) {
    Rows y(x.count(), outputs);
    Product(packed, x.count(), PreparedRows(packed, x.count(), x.in()).in(), Start::kZero, nullptr,
            y.out());
    double sum = 0;
    for (size_t r = 0; r < x.count(); ++r) {
      const oracle::Doubles exact =
          oracle::Affine(std::vector<float>(outputs), w, oracle::Doubles(x[r].begin(), x[r].end()));
      for (size_t o = 0; o < outputs; ++o) sum += std::pow(y[r][o] - exact[o], 2);
    }
    return std::sqrt(sum / static_cast<double>(x.count() * outputs));
  };
  errors.plain = square_error(PackedMatrix::Pack(w.data(), outputs, inputs));
  errors.winograd =
      square_error(PackedMatrix::Pack(w.data(), outputs, inputs, Precision::kFp32, arithmetic));
  return errors;
}

constexpr size_t kOutputs = 48, kInputs = 256;

std::vector<float> UsualWeights() { return RandomVector(kOutputs * kInputs, 5, 1.0f / 16); }

TEST_P(WinogradTest, StatesOfACellCostLessThanTwiceTheRoundingError) {
  Rows h = Rows::Random(kMaxRows, kInputs, 6);
  for (size_t r = 0; r < kMaxRows; ++r) {
    for (float& x : h[r]) x = std::tanh(x);
  }
  const Errors errors = ErrorsOf(UsualWeights(), kOutputs, h, Arithmetic::kWinogradStates);
  EXPECT_LE(errors.winograd, 2 * errors.plain);
}

TEST_P(WinogradTest, HoweverLargeRowsAreTheErrorIsThatOfMultiplyAdds) {
  for (const float size : {1e-15f, 1e-6f, 1.0f, 1e6f, 1e30f}) {
    Rows x = Rows::Random(kMaxRows, kInputs, 7);
    for (size_t r = 0; r < kMaxRows; ++r) {
      for (float& value : x[r]) value *= size;
    }
    const Errors errors = ErrorsOf(UsualWeights(), kOutputs, x, Arithmetic::kWinograd);
    EXPECT_LE(errors.winograd, 1.5 * errors.plain) << size;
  }
}

// A sensor in pascals beside one in metres, before anybody has scaled them: the weights make up
// for it.
TEST_P(WinogradTest, InputsOfVeryDifferentSizesCostNoAccuracy) {
  std::vector<float> w = UsualWeights();
  Rows x = Rows::Random(kMaxRows, kInputs, 8);
  for (size_t k = 0; k < kInputs; ++k) {
    const float size = std::pow(10.0f, static_cast<float>(k % 13) - 6);
    for (size_t r = 0; r < kMaxRows; ++r) x[r][k] *= size;
    for (size_t o = 0; o < kOutputs; ++o) w[o * kInputs + k] /= size;
  }
  const Errors errors = ErrorsOf(w, kOutputs, x, Arithmetic::kWinograd);
  EXPECT_LE(errors.winograd, 1.5 * errors.plain);
}

TEST_P(WinogradTest, InputsOfOneSignCostUpToFourTimesTheRoundingError) {
  Rows x = Rows::Random(kMaxRows, kInputs, 9);
  for (size_t r = 0; r < kMaxRows; ++r) {
    for (float& value : x[r]) value = std::abs(value);
  }
  const Errors errors = ErrorsOf(UsualWeights(), kOutputs, x, Arithmetic::kWinograd);
  EXPECT_LE(errors.winograd, 4 * errors.plain);
}

TEST_P(WinogradTest, ASingleInputGivesItsWeightsToSixDigits) {
  const std::vector<float> w = UsualWeights();
  for (const Arithmetic arithmetic : kBoth) {
    const PackedMatrix packed =
        PackedMatrix::Pack(w.data(), kOutputs, kInputs, Precision::kFp32, arithmetic);
    for (const size_t k : {size_t{0}, size_t{100}, kInputs - 1}) {
      Rows x(1, kInputs), y(1, kOutputs);
      std::ranges::fill(x[0], 0.0f);
      x[0][k] = 1;
      Product(packed, 1, PreparedRows(packed, 1, x.in()).in(), Start::kZero, nullptr, y.out());
      for (size_t o = 0; o < kOutputs; ++o) EXPECT_NEAR(y[0][o], w[o * kInputs + k], 5e-7);
    }
  }
}

TEST_P(WinogradTest, ARowOfZerosGivesTheBias) {
  const PackedMatrix packed = PackedMatrix::Pack(UsualWeights().data(), kOutputs, kInputs,
                                                 Precision::kFp32, Arithmetic::kWinograd);
  const AlignedVector<float> bias = packed.PackVector(RandomVector(kOutputs, 10).data());
  Rows x(1, kInputs), y(1, kOutputs);
  std::ranges::fill(x[0], 0.0f);
  Product(packed, 1, PreparedRows(packed, 1, x.in()).in(), Start::kBias, bias.data(), y.out());
  EXPECT_TRUE(SameBits(y[0], std::span(bias).first(kOutputs)));
}

TEST_P(WinogradTest, AnInputWithoutWeightsDoesNotMatterHoweverLarge) {
  std::vector<float> w = UsualWeights();
  for (size_t o = 0; o < kOutputs; ++o) w[o * kInputs + 7] = 0;
  for (const Arithmetic arithmetic : kBoth) {
    const PackedMatrix packed =
        PackedMatrix::Pack(w.data(), kOutputs, kInputs, Precision::kFp32, arithmetic);
    Rows x = Rows::Random(1, kInputs, 11), with(1, kOutputs), without(1, kOutputs);
    const auto run = [&](float value, Rows* y) {
      x[0][7] = value;
      Product(packed, 1, PreparedRows(packed, 1, x.in()).in(), Start::kZero, nullptr, y->out());
    };
    run(0, &without);
    run(3e38f, &with);
    EXPECT_TRUE(SameBits(with, without));
  }
}

TEST_P(WinogradTest, ARowThatIsNotFiniteSpoilsNoOther) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const Arithmetic arithmetic : kBoth) {
      const PackedMatrix packed = PackedMatrix::Pack(UsualWeights().data(), kOutputs, kInputs,
                                                     Precision::kFp32, arithmetic);
      Rows x = Rows::Random(9, kInputs, 12), clean(9, kOutputs), y(9, kOutputs);
      Product(packed, 9, PreparedRows(packed, 9, x.in()).in(), Start::kZero, nullptr, clean.out());
      x[4][200] = bad;
      Product(packed, 9, PreparedRows(packed, 9, x.in()).in(), Start::kZero, nullptr, y.out());
      for (size_t r = 0; r < 9; ++r) {
        if (r != 4) EXPECT_TRUE(SameBits(y[r], clean[r])) << r;
      }
      for (const float value : y[4]) EXPECT_FALSE(std::isfinite(value));
    }
  }
}

TEST_P(WinogradTest, WeightsThatAreNotFiniteAreMultipliedAsEver) {
  std::vector<float> w = UsualWeights();
  w[3 * kInputs + 5] = std::numeric_limits<float>::infinity();
  const PackedMatrix packed =
      PackedMatrix::Pack(w.data(), kOutputs, kInputs, Precision::kFp32, Arithmetic::kWinograd);
  EXPECT_EQ(packed.triples(), 0u);
  const Rows x = Rows::Random(6, kInputs, 13);
  Rows y(6, kOutputs), plain(6, kOutputs);
  Product(packed, 6, x.in(), Start::kZero, nullptr, y.out());
  Product(PackedMatrix::Pack(w.data(), kOutputs, kInputs), 6, x.in(), Start::kZero, nullptr,
          plain.out());
  EXPECT_TRUE(SameBits(y, plain));
}

TEST_P(WinogradTest, WeightsOfAnySizeArePackedToTheSameProducts) {
  for (const float size : {1e-15f, 1e-6f, 1e15f}) {
    std::vector<float> w = UsualWeights();
    for (float& x : w) x *= size;
    const Rows x = Rows::Random(kMaxRows, kInputs, 14);
    const Errors errors = ErrorsOf(w, kOutputs, x, Arithmetic::kWinograd);
    EXPECT_LE(errors.winograd, 1.5 * errors.plain) << size;
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

std::vector<std::string> TargetsItFits() {
  std::vector<std::string> targets = OfferedTargets();
  std::erase_if(targets, [](const std::string& target) {
    UseTarget(target);
    return !WinogradFits();
  });
  UseTarget("");
  return targets;
}
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(WinogradTest);
INSTANTIATE_TEST_SUITE_P(Targets, WinogradTest, ::testing::ValuesIn(TargetsItFits()),
                         [](const auto& info) { return info.param; });

class WinogradOnEveryTargetTest : public OnEveryTarget {};

TEST_P(WinogradOnEveryTargetTest, WhereItDoesNotFitRowsGoInUnprepared) {
  const PackedMatrix packed = PackedMatrix::Pack(UsualWeights().data(), kOutputs, kInputs,
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
