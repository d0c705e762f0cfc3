// Products are compared as bits with their definition, cells with the textbook in double.
#include "core/kernels/int8_product.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include "tests/core/kernels/int8_testing.h"
#include "tests/core/kernels/oracle.h"
#include "tests/core/kernels/rows.h"

namespace sequent::kernels {
namespace {

constexpr size_t kMaxRows = 40;
constexpr size_t kCrowd = 200;  // over two blocks of rows
constexpr size_t kUnits[] = {1, 5, 16, 17, 33, 64, 70};
constexpr double kTolerance = 4e-6;

class Int8ProductTest : public OnEveryInt8Target {
 protected:
  // bias + (sx sw) (sum of whole numbers), rounded as the target rounds.
  Rows Expected(const Int8Weights& weights, std::span<const float> bias, const Rows& x) const {
    const QuantizedRows quantized(x);
    Rows y(x.count(), weights.scales.size());
    for (size_t r = 0; r < x.count(); ++r) {
      for (size_t o = 0; o < y.width(); ++o) {
        int64_t sum = 0;
        for (size_t k = 0; k < x.width(); ++k) {
          sum += quantized.q(r, k) * weights.q[o * x.width() + k];
        }
        const float scale = quantized.scale(r) * weights.scales[o];
        y[r][o] = multiply_add_(scale, static_cast<float>(sum), bias.empty() ? 0 : bias[o]);
      }
    }
    return y;
  }

  const oracle::MultiplyAdd multiply_add_;
};
SEQUENT_ON_EVERY_INT8_TARGET(Int8ProductTest);

Rows RunProduct(const Int8Matrix& matrix, const float* bias, const Rows& x, size_t first,
                size_t count) {
  const QuantizedRows quantized(x);
  Rows y(count, matrix.gates() == 0 ? matrix.outputs() : matrix.packed_width());
  Product(matrix, count, quantized.in(first), bias, y.out());
  EXPECT_TRUE(y.GuardsHold());
  return y;
}

TEST_P(Int8ProductTest, EqualsItsDefinitionBitForBit) {
  struct Shape {
    size_t outputs, inputs;
  };
  for (const auto& [outputs, inputs] : std::initializer_list<Shape>{
           {1, 1}, {3, 2}, {16, 5}, {17, 16}, {63, 64}, {65, 63}, {130, 9}, {5, 1030}}) {
    const Int8Weights weights(outputs, inputs, 1);
    const Int8Matrix matrix =
        Int8Matrix::Pack(weights.w.data(), weights.scales.data(), outputs, inputs);
    const std::vector<float> bias = RandomVector(outputs, 2);
    const AlignedVector<float> packed_bias = matrix.PackVector(bias.data());
    const Rows x = Rows::Random(kMaxRows, inputs, 3);
    const Rows expected = Expected(weights, bias, x);
    for (size_t rows = 1; rows <= kMaxRows; ++rows) {
      ASSERT_TRUE(
          SameBits(RunProduct(matrix, packed_bias.data(), x, 0, rows), expected.First(rows)))
          << outputs << " x " << inputs << ", rows " << rows;
    }
    ASSERT_TRUE(SameBits(RunProduct(matrix, nullptr, x, 0, 3), Expected(weights, {}, x).First(3)));
  }
}

TEST_P(Int8ProductTest, ARowHasTheSameBitsAloneAndInACrowd) {
  const Int8Weights weights(37, 600, 4);
  const Int8Matrix matrix = Int8Matrix::Pack(weights.w.data(), weights.scales.data(), 37, 600);
  const Rows x = Rows::Random(kCrowd, 600, 5);
  const Rows together = RunProduct(matrix, nullptr, x, 0, kCrowd);
  for (size_t r = 0; r < kCrowd; ++r) {
    ASSERT_TRUE(SameBits(RunProduct(matrix, nullptr, x, r, 1)[0], together[r])) << r;
  }
}

TEST_P(Int8ProductTest, PartsOfTheWalkInAnyOrderGiveTheWhole) {
  const Int8Weights weights(300, 20, 6);
  const Int8Matrix matrix = Int8Matrix::Pack(weights.w.data(), weights.scales.data(), 300, 20);
  const Rows x = Rows::Random(7, 20, 7);
  const QuantizedRows quantized(x);
  Rows parts(7, 300);
  Product(matrix, 7, quantized.in(), nullptr, parts.out(), {.begin = 3});
  Product(matrix, 7, quantized.in(), nullptr, parts.out(), {.end = 3, .backwards = true});
  EXPECT_TRUE(SameBits(parts, RunProduct(matrix, nullptr, x, 0, 7)));
}

TEST_P(Int8ProductTest, AnInputThatIsNotFiniteGivesNanInItsRowAlone) {
  const Int8Weights weights(20, 10, 8);
  const Int8Matrix matrix = Int8Matrix::Pack(weights.w.data(), weights.scales.data(), 20, 10);
  Rows x = Rows::Random(3, 10, 9);
  x[1][4] = std::nanf("");
  const Rows y = RunProduct(matrix, nullptr, x, 0, 3);
  for (size_t o = 0; o < 20; ++o) {
    EXPECT_TRUE(std::isnan(y[1][o]));
    EXPECT_TRUE(std::isfinite(y[0][o]) && std::isfinite(y[2][o]));
  }
}

// A cell's matrices in gate order, with their input rows and states.
struct Cell {
  Cell(size_t gates, size_t units, size_t rows, uint64_t seed)
      : w(gates * units, units + 3, seed),
        u(gates * units, units, seed + 1),
        packed_w(Int8Matrix::PackGates(w.w.data(), w.scales.data(), gates, units, units + 3)),
        packed_u(Int8Matrix::PackGates(u.w.data(), u.scales.data(), gates, units, units)),
        bias(RandomVector(gates * units, seed + 2)),
        packed_bias(packed_w.PackVector(bias.data())),
        x(Rows::Random(rows, units + 3, seed + 3)),
        h(Rows::Random(rows, units, seed + 4)),
        c(Rows::Random(rows, units, seed + 5)),
        qx(x),
        qh(h),
        ready(rows, packed_w.packed_width()) {
    Product(packed_w, rows, qx.in(), packed_bias.data(), ready.out());
  }

  Int8StepInput Of(size_t first = 0) const {
    return Int8StepInput::Of(&packed_w, packed_bias.data(), qx.in(first));
  }
  Int8StepInput Ready(size_t first = 0) const { return Int8StepInput::Ready(ready.in(first)); }

  // b + W x + U h of row r, gate-major, from the numbers that the quantised rows stand for.
  oracle::Doubles Input(size_t r) const { return oracle::Affine(bias, w.w, qx.Meant(r)); }
  oracle::Doubles Recurrent(std::span<const double> start, const oracle::Doubles& state) const {
    oracle::Doubles sums(start.begin(), start.end());
    for (size_t o = 0; o < sums.size(); ++o) {
      for (size_t k = 0; k < state.size(); ++k)
        sums[o] += double{u.w[o * state.size() + k]} * state[k];
    }
    return sums;
  }

  Int8Weights w, u;
  Int8Matrix packed_w, packed_u;
  std::vector<float> bias;
  AlignedVector<float> packed_bias;
  Rows x, h, c;
  QuantizedRows qx, qh;
  Rows ready;
};

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double Update(UpdateGate update, double z, double n, double h) {
  return update == UpdateGate::kKeepOld ? (1 - z) * n + z * h : (1 - z) * h + z * n;
}

using Step = std::function<std::vector<Rows>(size_t first, size_t count)>;

// Whatever the batch, a row's results are those it has alone.
void ExpectSameBitsInEveryBatch(const Step& step) {
  std::vector<std::vector<Rows>> alone;
  for (size_t r = 0; r < kCrowd; ++r) alone.push_back(step(r, 1));
  for (const size_t count : {2ul, 3ul, 6ul, 7ul, 11ul, 25ul, kCrowd - 1}) {
    const std::vector<Rows> together = step(1, count);
    for (size_t r = 0; r < count; ++r) {
      for (size_t k = 0; k < together.size(); ++k) {
        ASSERT_TRUE(SameBits(together[k][r], alone[r + 1][k][0])) << r << " of " << count;
      }
    }
  }
}

TEST_P(Int8ProductTest, RnnEqualsTheOracle) {
  for (const size_t units : kUnits) {
    const Cell cell(1, units, 7, 10);
    Rows next(7, units), from_ready(7, units);
    RnnStep(cell.packed_u, Function::kTanh, 7, cell.Of(), cell.qh.in(), next.out());
    RnnStep(cell.packed_u, Function::kTanh, 7, cell.Ready(), cell.qh.in(), from_ready.out());
    ASSERT_TRUE(next.GuardsHold() && SameBits(next, from_ready));
    for (size_t r = 0; r < 7; ++r) {
      const oracle::Doubles sums = cell.Recurrent(cell.Input(r), cell.qh.Meant(r));
      for (size_t i = 0; i < units; ++i) {
        ASSERT_NEAR(next[r][i], std::tanh(sums[i]), kTolerance);
      }
    }
  }
}

TEST_P(Int8ProductTest, LstmEqualsTheOracle) {
  for (const size_t units : kUnits) {
    const Cell cell(4, units, 7, 20);
    Rows h(7, units), c(7, units), ready_h(7, units), ready_c(7, units);
    LstmStep(cell.packed_u, 7, cell.Of(), cell.qh.in(), cell.c.in(), c.out(), h.out());
    LstmStep(cell.packed_u, 7, cell.Ready(), cell.qh.in(), cell.c.in(), ready_c.out(),
             ready_h.out());
    ASSERT_TRUE(h.GuardsHold() && c.GuardsHold());
    ASSERT_TRUE(SameBits(h, ready_h) && SameBits(c, ready_c));
    for (size_t r = 0; r < 7; ++r) {
      const oracle::Doubles sums = cell.Recurrent(cell.Input(r), cell.qh.Meant(r));
      for (size_t i = 0; i < units; ++i) {
        const double next_c = Sigmoid(sums[units + i]) * cell.c[r][i] +
                              Sigmoid(sums[i]) * std::tanh(sums[2 * units + i]);
        ASSERT_NEAR(c[r][i], next_c, kTolerance);
        ASSERT_NEAR(h[r][i], Sigmoid(sums[3 * units + i]) * std::tanh(next_c), kTolerance);
      }
    }
  }
}

TEST_P(Int8ProductTest, GruWithResetAfterEqualsTheOracle) {
  for (const UpdateGate update : {UpdateGate::kKeepOld, UpdateGate::kTakeNew}) {
    for (const size_t units : kUnits) {
      const Cell cell(3, units, 7, 30);
      std::vector<float> bias_n = RandomVector(units, 31);
      bias_n.resize(RoundUp(units, kMaxLanes));
      Rows next(7, units), from_ready(7, units);
      GruAfterStep(cell.packed_u, bias_n.data(), update, 7, cell.Of(), cell.qh.in(), cell.h.in(),
                   next.out());
      GruAfterStep(cell.packed_u, bias_n.data(), update, 7, cell.Ready(), cell.qh.in(), cell.h.in(),
                   from_ready.out());
      ASSERT_TRUE(next.GuardsHold() && SameBits(next, from_ready));
      for (size_t r = 0; r < 7; ++r) {
        const oracle::Doubles input = cell.Input(r);
        const oracle::Doubles zero(input.size());
        const oracle::Doubles state = cell.Recurrent(zero, cell.qh.Meant(r));
        for (size_t i = 0; i < units; ++i) {
          const size_t z = units + i, n = 2 * units + i;
          const double candidate =
              std::tanh(input[n] + Sigmoid(input[i] + state[i]) * (state[n] + bias_n[i]));
          ASSERT_NEAR(next[r][i],
                      Update(update, Sigmoid(input[z] + state[z]), candidate, cell.h[r][i]),
                      kTolerance);
        }
      }
    }
  }
}

TEST_P(Int8ProductTest, GruWithResetBeforeEqualsTheOracle) {
  for (const UpdateGate update : {UpdateGate::kKeepOld, UpdateGate::kTakeNew}) {
    for (const size_t units : kUnits) {
      const Cell rz(2, units, 7, 40), n(1, units, 7, 50);
      Rows z(7, units), rh(7, units), next(7, units);
      GruBeforeGates(rz.packed_u, 7, rz.Of(), rz.qh.in(), rz.h.in(), z.out(), rh.out());
      const QuantizedRows q_rh(rh);
      GruBeforeState(n.packed_u, update, 7, n.Ready(), q_rh.in(), rz.h.in(), z.in(), next.out());
      ASSERT_TRUE(z.GuardsHold() && rh.GuardsHold() && next.GuardsHold());
      for (size_t r = 0; r < 7; ++r) {
        const oracle::Doubles gates = rz.Recurrent(rz.Input(r), rz.qh.Meant(r));
        const oracle::Doubles sums = n.Recurrent(n.Input(r), q_rh.Meant(r));
        for (size_t i = 0; i < units; ++i) {
          ASSERT_NEAR(rh[r][i], Sigmoid(gates[i]) * rz.h[r][i], kTolerance);
          ASSERT_NEAR(next[r][i],
                      Update(update, Sigmoid(gates[units + i]), std::tanh(sums[i]), rz.h[r][i]),
                      kTolerance);
        }
      }
    }
  }
}

TEST_P(Int8ProductTest, CellsHaveTheSameBitsAloneAndInACrowd) {
  const Cell one(1, 33, kCrowd, 60), two(2, 33, kCrowd, 61), three(3, 33, kCrowd, 62),
      four(4, 33, kCrowd, 63);
  ExpectSameBitsInEveryBatch([&](size_t first, size_t count) {
    Rows rnn(count, 33), gru(count, 33), h(count, 33), c(count, 33), z(count, 33), rh(count, 33);
    RnnStep(one.packed_u, Function::kRelu, count, one.Of(first), one.qh.in(first), rnn.out());
    GruAfterStep(three.packed_u, nullptr, UpdateGate::kKeepOld, count, three.Of(first),
                 three.qh.in(first), three.h.in(first), gru.out());
    LstmStep(four.packed_u, count, four.Of(first), four.qh.in(first), four.c.in(first), c.out(),
             h.out());
    GruBeforeGates(two.packed_u, count, two.Of(first), two.qh.in(first), two.h.in(first), z.out(),
                   rh.out());
    return std::vector<Rows>{rnn, gru, h, c, z, rh};
  });
}

TEST_P(Int8ProductTest, CellsMayBeWalkedInParts) {
  const Cell cell(4, 70, 9, 70);
  Rows h(9, 70), c(9, 70), parts_h(9, 70), parts_c(9, 70);
  LstmStep(cell.packed_u, 9, cell.Of(), cell.qh.in(), cell.c.in(), c.out(), h.out());
  for (const PanelWalk& walk : {PanelWalk{.begin = 2}, PanelWalk{.end = 2, .backwards = true}}) {
    LstmStep(cell.packed_u, 9, cell.Of(), cell.qh.in(), cell.c.in(), parts_c.out(), parts_h.out(),
             walk);
  }
  EXPECT_TRUE(SameBits(h, parts_h) && SameBits(c, parts_c));
}

}  // namespace
}  // namespace sequent::kernels
