#include "core/kernels/elementwise.h"

#include <algorithm>
#include <cmath>
#include <limits>

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
  if (n < kLanes) {
    float max = x[0];
    for (size_t i = 1; i < n; ++i) max = x[i] > max || std::isnan(x[i]) ? x[i] : max;
    return max;
  }
  Vec most = hn::LoadU(Floats(), x);
  auto bad = hn::IsNaN(most);
  const auto add = [&](const float* at) HWY_ATTR {
    const Vec v = hn::LoadU(Floats(), at);
    most = hn::Max(most, v);
    bad = hn::Or(bad, hn::IsNaN(v));
  };
  for (size_t i = kLanes; i + kLanes <= n; i += kLanes) add(x + i);
  add(x + n - kLanes);  // the rest, and some of them again
  if (!hn::AllFalse(Floats(), bad)) return std::numeric_limits<float>::quiet_NaN();
  return hn::GetLane(hn::MaxOfLanes(Floats(), most));
}

// Terms in double: a sum for each lane, which wait for nothing but themselves, and in the end one
// of all.
class LaneSums {
  using Half = hn::Half<Floats>;
  using Doubles = hn::Rebind<double, Half>;

 public:
  HWY_INLINE LaneSums() : low_(hn::Zero(Doubles())), high_(hn::Zero(Doubles())) {}
  HWY_INLINE void Add(Vec terms) {
    HWY_ALIGN float both[kLanes];  // since scalars have no upper half to ask for
    hn::Store(terms, Floats(), both);
    low_ = hn::Add(low_, hn::PromoteTo(Doubles(), hn::LoadU(Half(), both)));
    if (kLanes == 1) return;
    high_ = hn::Add(high_, hn::PromoteTo(Doubles(), hn::LoadU(Half(), both + kLanes / 2)));
  }
  HWY_INLINE double Total() const {
    return hn::GetLane(hn::SumOfLanes(Doubles(), hn::Add(low_, high_)));
  }

 private:
  hn::Vec<Doubles> low_, high_;
};

// The sum of exp(x[i] - max); the terms go to `y` unless it is null.
double SumExp(size_t n, const float* x, float max, float* y) {
  const Vec most = Constant(max);
  const auto term = [&](Vec v) HWY_ATTR {
    const Vec shifted = hn::Sub(v, most);
    return NanOf(shifted, ExpClamped(shifted));
  };
  LaneSums sums;
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const Vec e = term(hn::LoadU(Floats(), x + i));
    sums.Add(e);
    if (y != nullptr) hn::StoreU(e, Floats(), y + i);
  }
  if (i == n) return sums.Total();
  const Vec e = term(LoadPart(x + i, n - i));
  sums.Add(hn::IfThenElseZero(hn::FirstN(Floats(), n - i), e));
  if (y != nullptr) StorePart(e, y + i, n - i);
  return sums.Total();
}

double SoftmaxDispatch(size_t n, const float* x, double scale, float* y) {
  const float max = MaxOf(n, x);
  const double sum = SumExp(n, x, max, y);
  const Vec factor = Constant(static_cast<float>(scale / sum));
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    hn::StoreU(hn::Mul(hn::LoadU(Floats(), y + i), factor), Floats(), y + i);
  }
  if (i < n) StorePart(hn::Mul(LoadPart(y + i, n - i), factor), y + i, n - i);
  return std::log(sum) + max;
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

void Softmax(size_t n, const float* x, float* y) {
  HWY_DYNAMIC_DISPATCH(SoftmaxDispatch)(n, x, 1, y);
}

double ScaledSoftmax(size_t n, const float* x, double scale, float* y) {
  return HWY_DYNAMIC_DISPATCH(SoftmaxDispatch)(n, x, scale, y);
}

double LogSumExp(size_t n, const float* x) { return HWY_DYNAMIC_DISPATCH(LogSumExpDispatch)(n, x); }

}  // namespace sequent::kernels
#endif  // HWY_ONCE
