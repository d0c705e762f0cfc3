#include "core/kernels/scan.h"

#include <algorithm>

#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/scan.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

#include "core/kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

// body(unit, n): n <= kLanes units from `unit` on, until all are done.
template <class Body>
HWY_INLINE void ForEachVector(size_t units, const Body& body) {
  for (size_t unit = 0; unit < units; unit += kLanes) body(unit, std::min(kLanes, units - unit));
}

void IndRnnStepDispatch(size_t units, const float* u, size_t rows, const float* const* sums,
                        const float* const* h, float* const* h_out) {
  for (size_t r = 0; r < rows; ++r) {
    ForEachVector(units, [&](size_t unit, size_t n) HWY_ATTR {
      const Vec sum =
          hn::MulAdd(LoadPart(u + unit, n), LoadPart(h[r] + unit, n), LoadPart(sums[r] + unit, n));
      StorePart(Apply<Function::kRelu>(sum), h_out[r] + unit, n);
    });
  }
}

void QrnnStepDispatch(size_t units, size_t rows, const float* const* sums, float* const* c,
                      float* const* h_out) {
  for (size_t r = 0; r < rows; ++r) {
    ForEachVector(units, [&](size_t unit, size_t n) HWY_ATTR {
      const float* gates = sums[r] + unit;
      const Vec z = Tanh(LoadPart(gates, n));
      const Vec f = Sigmoid(LoadPart(gates + units, n));
      const Vec o = Sigmoid(LoadPart(gates + 2 * units, n));
      const Vec next = hn::MulAdd(f, hn::Sub(LoadPart(c[r] + unit, n), z), z);
      StorePart(next, c[r] + unit, n);
      StorePart(hn::Mul(o, next), h_out[r] + unit, n);
    });
  }
}

void PeepholeLstmStepDispatch(size_t units, const float* peephole, size_t rows,
                              const float* const* input, const float* const* state, float* const* c,
                              float* const* h_out) {
  for (size_t r = 0; r < rows; ++r) {
    ForEachVector(units, [&](size_t unit, size_t n) HWY_ATTR {
      const auto sum = [&](size_t g) HWY_ATTR {
        const size_t at = g * units + unit;
        return hn::Add(LoadPart(input[r] + at, n), LoadPart(state[r] + at, n));
      };
      const auto seen = [&](size_t k, Vec cell, Vec gate) HWY_ATTR {
        return hn::MulAdd(LoadPart(peephole + k * units + unit, n), cell, gate);
      };
      const Vec old = LoadPart(c[r] + unit, n);
      const Vec i = Sigmoid(seen(0, old, sum(0)));
      const Vec f = Sigmoid(seen(1, old, sum(1)));
      const Vec next = hn::MulAdd(i, Tanh(sum(2)), hn::Mul(f, old));
      const Vec o = Sigmoid(seen(2, next, sum(3)));
      StorePart(next, c[r] + unit, n);
      StorePart(hn::Mul(o, Tanh(next)), h_out[r] + unit, n);
    });
  }
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sequent::kernels {

HWY_EXPORT(IndRnnStepDispatch);
HWY_EXPORT(QrnnStepDispatch);
HWY_EXPORT(PeepholeLstmStepDispatch);

void IndRnnStep(size_t units, const float* u, size_t rows, const float* const* sums,
                const float* const* h, float* const* h_out) {
  HWY_DYNAMIC_DISPATCH(IndRnnStepDispatch)(units, u, rows, sums, h, h_out);
}

void QrnnStep(size_t units, size_t rows, const float* const* sums, float* const* c,
              float* const* h_out) {
  HWY_DYNAMIC_DISPATCH(QrnnStepDispatch)(units, rows, sums, c, h_out);
}

void PeepholeLstmStep(size_t units, const float* peephole, size_t rows, const float* const* input,
                      const float* const* state, float* const* c, float* const* h_out) {
  HWY_DYNAMIC_DISPATCH(PeepholeLstmStepDispatch)(units, peephole, rows, input, state, c, h_out);
}

}  // namespace sequent::kernels
#endif  // HWY_ONCE
