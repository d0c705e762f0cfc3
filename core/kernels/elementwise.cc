#include "core/kernels/elementwise.h"

#include <algorithm>
#include <cmath>

#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/elementwise.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

#include "core/kernels/math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

void ActivateDispatch(Function f, size_t n, const float* x, float* y) {
  WithFunction(f, [&](auto function) HWY_ATTR {
    for (size_t i = 0; i < n; i += kLanes) {
      const size_t part = std::min(kLanes, n - i);
      StorePart(Apply<decltype(function)::value>(LoadPart(x + i, part)), y + i, part);
    }
  });
}

// NaN anywhere gives NaN.
float MaxOf(size_t n, const float* x) {
  HWY_ALIGN float max[kLanes];
  std::fill(max, max + kLanes, x[0]);
  Vec most = hn::Load(Floats(), max);
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Vec v = hn::LoadU(Floats(), x + i);
    most = hn::IfThenElse(hn::Or(hn::Gt(v, most), hn::IsNaN(v)), v, most);
  }
  hn::Store(most, Floats(), max);
  const auto more = [&](float v) { max[0] = v > max[0] || std::isnan(v) ? v : max[0]; };
  for (; i < n; ++i) more(x[i]);
  for (size_t lane = 1; lane < kLanes; ++lane) more(max[lane]);
  return max[0];
}

// The sum of exp(x[i] - max), in double and in order; the terms go to `y` unless it is null.
double SumExp(size_t n, const float* x, float max, float* y) {
  double sum = 0;
  HWY_ALIGN float terms[kLanes];
  for (size_t i = 0; i < n; i += kLanes) {
    const size_t part = std::min(kLanes, n - i);
    const Vec shifted = hn::Sub(LoadPart(x + i, part), Constant(max));
    const Vec e = NanOf(shifted, ExpClamped(shifted));
    hn::Store(e, Floats(), terms);
    for (size_t j = 0; j < part; ++j) sum += terms[j];
    if (y != nullptr) StorePart(e, y + i, part);
  }
  return sum;
}

void SoftmaxDispatch(size_t n, const float* x, float* y) {
  const double sum = SumExp(n, x, MaxOf(n, x), y);
  for (size_t i = 0; i < n; ++i) y[i] = static_cast<float>(y[i] / sum);
}

double LogSumExpDispatch(size_t n, const float* x) {
  const float max = MaxOf(n, x);
  return std::log(SumExp(n, x, max, nullptr)) + max;
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sequent::kernels {

HWY_EXPORT(ActivateDispatch);
HWY_EXPORT(SoftmaxDispatch);
HWY_EXPORT(LogSumExpDispatch);

void Activate(Function f, size_t n, const float* x, float* y) {
  HWY_DYNAMIC_DISPATCH(ActivateDispatch)(f, n, x, y);
}

void Softmax(size_t n, const float* x, float* y) { HWY_DYNAMIC_DISPATCH(SoftmaxDispatch)(n, x, y); }

double LogSumExp(size_t n, const float* x) { return HWY_DYNAMIC_DISPATCH(LogSumExpDispatch)(n, x); }

}  // namespace sequent::kernels
#endif  // HWY_ONCE
