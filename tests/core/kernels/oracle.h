// What the kernels must compute, one element at a time.
//
// Sums are exact twins: the same order, the same roundings, so their bits are compared. Cells and
// functions are the textbook's, in double, and compared within a tolerance. Everything here is
// gate-major and unpacked.
#ifndef SEQUENT_TESTS_CORE_KERNELS_ORACLE_H_
#define SEQUENT_TESTS_CORE_KERNELS_ORACLE_H_

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/kernels/cells.h"
#include "core/kernels/target_choice.h"

namespace sequent::kernels {

// A test that runs once on each SIMD target that the CPU offers.
class OnEveryTarget : public ::testing::TestWithParam<std::string> {
 protected:
  OnEveryTarget() { UseTarget(GetParam()); }
  ~OnEveryTarget() override { UseTarget(""); }
};
#define SEQUENT_ON_EVERY_TARGET(test)                                                     \
  INSTANTIATE_TEST_SUITE_P(Targets, test, ::testing::ValuesIn(kernels::OfferedTargets()), \
                           [](const auto& info) { return info.param; })

namespace oracle {

// a b + c as the chosen target rounds it: once if it fuses, else twice.
class MultiplyAdd {
 public:
  MultiplyAdd();
  float operator()(float a, float b, float c) const;

 private:
  bool fused_;
};

// start + sum over k of w[k] x[k], in order.
float Sum(const MultiplyAdd& multiply_add, float start, std::span<const float> w,
          std::span<const float> x);

double Apply(Function f, double x);

using Doubles = std::vector<double>;

// sums[o] + sum over k of u[o, k] h[k].
Doubles Affine(std::span<const float> sums, std::span<const float> u, const Doubles& h);

struct Lstm {
  Doubles gates, c, h;
};
Lstm LstmStep(std::span<const float> input, std::span<const float> u, const Doubles& h,
              const Doubles& c);

struct Gru {
  Doubles r, z, n, state_n, h;  // state_n: U_n h + b'_n (reset after); r h (reset before)
};
Gru GruAfterStep(std::span<const float> input, std::span<const float> u,
                 std::span<const float> bias_state_n, UpdateGate update, const Doubles& h);
Gru GruBeforeStep(std::span<const float> input_rz, std::span<const float> input_n,
                  std::span<const float> u_rz, std::span<const float> u_n, UpdateGate update,
                  const Doubles& h);

}  // namespace oracle
}  // namespace sequent::kernels

#endif  // SEQUENT_TESTS_CORE_KERNELS_ORACLE_H_
