#include "core/kernels/scan.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <span>
#include <vector>

#include "core/kernels/cells.h"
#include "tests/core/kernels/oracle.h"
#include "tests/core/kernels/rows.h"

namespace sequent::kernels {
namespace {

constexpr size_t kUnits[] = {1, 3, 4, 7, 8, 15, 16, 17, 33, 70};
constexpr size_t kRows = 9;
constexpr double kTolerance = 2e-6;

double Sigmoid(double x) { return oracle::Apply(Function::kSigmoid, x); }

class ScanTest : public OnEveryTarget {};

// Runs step(sums, state, out) for some rows: `state` is what it advances in place, or h.
using Step =
    std::function<void(size_t units, size_t rows, const Rows& sums, Rows* state, Rows* out)>;

// The same bits for every row alone as in a batch; nothing else is written.
void ExpectSameBitsAlone(size_t gates, const Step& step) {
  for (const size_t units : kUnits) {
    const Rows sums = Rows::Random(kRows, gates * units, 1);
    Rows state = Rows::Random(kRows, units, 2), out(kRows, units);
    for (size_t r = 0; r < kRows; ++r) {
      Rows own_sums(1, gates * units), own(1, units), own_out(1, units);
      std::ranges::copy(sums[r], own_sums[0].begin());
      std::ranges::copy(state[r], own[0].begin());
      step(units, 1, own_sums, &own, &own_out);
      ASSERT_TRUE(own.GuardsHold() && own_out.GuardsHold());
      std::ranges::copy(own_out[0], out[r].begin());
      std::ranges::copy(own[0], state[r].begin());
    }
    Rows crowd_state = Rows::Random(kRows, units, 2), crowd_out(kRows, units);
    step(units, kRows, sums, &crowd_state, &crowd_out);
    ASSERT_TRUE(SameBits(crowd_state, state) && SameBits(crowd_out, out)) << units << " units";
  }
}

TEST_P(ScanTest, IndRnnEqualsItsEquation) {
  for (const size_t units : kUnits) {
    const Rows sums = Rows::Random(kRows, units, 1), h = Rows::Random(kRows, units, 2);
    const std::vector<float> u = RandomVector(units, 3);
    Rows next(kRows, units);
    IndRnnStep(units, u.data(), kRows, sums.in(), h.in(), next.out());
    ASSERT_TRUE(next.GuardsHold());
    for (size_t r = 0; r < kRows; ++r) {
      for (size_t j = 0; j < units; ++j) {
        const double want = std::max(0.0, sums[r][j] + double{u[j]} * h[r][j]);
        ASSERT_NEAR(next[r][j], want, kTolerance) << "unit " << j << " of " << units;
      }
    }
  }
}

TEST_P(ScanTest, QrnnEqualsItsEquations) {
  for (const size_t units : kUnits) {
    const Rows sums = Rows::Random(kRows, 3 * units, 1);
    const Rows before = Rows::Random(kRows, units, 2);
    Rows c = before, h(kRows, units);
    QrnnStep(units, kRows, sums.in(), c.out(), h.out());
    ASSERT_TRUE(c.GuardsHold() && h.GuardsHold());
    for (size_t r = 0; r < kRows; ++r) {
      for (size_t j = 0; j < units; ++j) {
        const double f = Sigmoid(sums[r][units + j]), o = Sigmoid(sums[r][2 * units + j]);
        const double want = f * before[r][j] + (1 - f) * std::tanh(sums[r][j]);
        ASSERT_NEAR(c[r][j], want, kTolerance) << "unit " << j << " of " << units;
        ASSERT_NEAR(h[r][j], o * want, kTolerance) << "unit " << j << " of " << units;
      }
    }
  }
}

TEST_P(ScanTest, LstmWithPeepholesEqualsItsEquations) {
  for (const size_t units : kUnits) {
    const Rows input = Rows::Random(kRows, 4 * units, 1), state = Rows::Random(kRows, 4 * units, 2);
    const Rows before = Rows::Random(kRows, units, 3);
    const std::vector<float> p = RandomVector(3 * units, 4);
    Rows c = before, h(kRows, units);
    PeepholeLstmStep(units, p.data(), kRows, input.in(), state.in(), c.out(), h.out());
    ASSERT_TRUE(c.GuardsHold() && h.GuardsHold());
    for (size_t r = 0; r < kRows; ++r) {
      for (size_t j = 0; j < units; ++j) {
        const auto sum = [&](size_t g) {
          return double{input[r][g * units + j]} + state[r][g * units + j];
        };
        const double old = before[r][j];
        const double i = Sigmoid(sum(0) + p[j] * old), f = Sigmoid(sum(1) + p[units + j] * old);
        const double next = f * old + i * std::tanh(sum(2));
        const double o = Sigmoid(sum(3) + p[2 * units + j] * next);
        ASSERT_NEAR(c[r][j], next, kTolerance) << "unit " << j << " of " << units;
        ASSERT_NEAR(h[r][j], o * std::tanh(next), kTolerance) << "unit " << j << " of " << units;
      }
    }
  }
}

TEST_P(ScanTest, ARowHasTheSameBitsAloneAndInABatch) {
  const std::vector<float> weights = RandomVector(3 * 70, 5);
  ExpectSameBitsAlone(1, [&](size_t units, size_t rows, const Rows& sums, Rows* state, Rows* out) {
    IndRnnStep(units, weights.data(), rows, sums.in(), state->in(), out->out());
  });
  ExpectSameBitsAlone(3, [&](size_t units, size_t rows, const Rows& sums, Rows* state, Rows* out) {
    QrnnStep(units, rows, sums.in(), state->out(), out->out());
  });
  ExpectSameBitsAlone(4, [&](size_t units, size_t rows, const Rows& sums, Rows* state, Rows* out) {
    PeepholeLstmStep(units, weights.data(), rows, sums.in(), sums.in(), state->out(), out->out());
  });
}

SEQUENT_ON_EVERY_TARGET(ScanTest);

}  // namespace
}  // namespace sequent::kernels
