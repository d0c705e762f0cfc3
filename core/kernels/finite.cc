// Looked at as bits: with its sign shifted out, a float that is no number is at least what infinity
// is, and a zero is 0. The largest, or the union, of all bits then tells.
#include "core/kernels/finite.h"

#include <algorithm>
#include <cstdint>

#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/finite.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Bits = hn::RebindToUnsigned<Floats>;
using Vec = hn::Vec<Bits>;

// Folds the bits of all values, without their signs; some of them more than once.
template <typename Fold>
HWY_INLINE Vec FoldBits(size_t n, const float* x, const Fold& fold) {
  const Floats floats;
  const Bits bits;
  const size_t lanes = hn::Lanes(bits);
  const auto at = [&](size_t i) HWY_ATTR {
    return hn::ShiftLeft<1>(hn::BitCast(bits, hn::LoadU(floats, x + i)));
  };
  if (n < lanes) {
    HWY_ALIGN float padded[16] = {};
    std::copy(x, x + n, padded);
    return hn::ShiftLeft<1>(hn::BitCast(bits, hn::Load(floats, padded)));
  }
  Vec even = at(0), odd = at(n - lanes);
  size_t i = lanes;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    even = fold(even, at(i));
    odd = fold(odd, at(i + lanes));
  }
  if (i + lanes <= n) even = fold(even, at(i));
  return fold(even, odd);
}

bool AllFiniteDispatch(size_t n, const float* x) {
  constexpr uint32_t kLargest = 0xfeffffff;  // number
  const Bits bits;
  const Vec most = FoldBits(n, x, [](Vec a, Vec b) HWY_ATTR { return hn::Max(a, b); });
  return hn::AllFalse(bits, hn::Gt(most, hn::Set(bits, kLargest)));
}

bool AllZeroDispatch(size_t n, const float* x) {
  const Bits bits;
  const Vec any = FoldBits(n, x, [](Vec a, Vec b) HWY_ATTR { return hn::Or(a, b); });
  return hn::AllTrue(bits, hn::Eq(any, hn::Zero(bits)));
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sequent::kernels {

HWY_EXPORT(AllFiniteDispatch);
HWY_EXPORT(AllZeroDispatch);

bool AllFinite(size_t n, const float* x) { return HWY_DYNAMIC_DISPATCH(AllFiniteDispatch)(n, x); }
bool AllZero(size_t n, const float* x) { return HWY_DYNAMIC_DISPATCH(AllZeroDispatch)(n, x); }

}  // namespace sequent::kernels
#endif  // HWY_ONCE
