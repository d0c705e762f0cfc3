#include "core/kernels/rank.h"

#include <algorithm>

#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/rank.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kMaxLanes = 16;
using Floats = hn::CappedTag<float, kMaxLanes>;
using Counts = hn::RebindToSigned<Floats>;
using Count = hn::Vec<Counts>;

HWY_INLINE void Add(hn::Mask<Floats> larger, Count* count) {
  const Counts ints;
  const Count more = hn::Add(*count, hn::Set(ints, 1));
  *count = hn::IfThenElse(hn::RebindMask(ints, larger), more, *count);
}

// Counts for the `n` <= kVectors * lanes values at `own`, against all `total` values at `x`.
// Several vectors at a time: a single one would wait for its count, which every value changes.
template <size_t kVectors>
HWY_INLINE void CountBlock(size_t n, const float* own, size_t total, const float* x,
                           uint32_t* larger) {
  const Floats floats;
  const Counts ints;
  const size_t lanes = hn::Lanes(floats);
  HWY_ALIGN float values[kVectors * kMaxLanes] = {};
  HWY_ALIGN int32_t counts[kVectors * kMaxLanes] = {};
  std::copy(own, own + n, values);
  const auto o0 = hn::Load(floats, values);
  Count c0 = hn::Zero(ints);
  if constexpr (kVectors == 1) {
    for (size_t j = 0; j < total; ++j) Add(hn::Gt(hn::Set(floats, x[j]), o0), &c0);
  } else {
    static_assert(kVectors == 4);
    const auto o1 = hn::Load(floats, values + lanes), o2 = hn::Load(floats, values + 2 * lanes),
               o3 = hn::Load(floats, values + 3 * lanes);
    Count c1 = c0, c2 = c0, c3 = c0;
    for (size_t j = 0; j < total; ++j) {
      const auto value = hn::Set(floats, x[j]);
      Add(hn::Gt(value, o0), &c0);
      Add(hn::Gt(value, o1), &c1);
      Add(hn::Gt(value, o2), &c2);
      Add(hn::Gt(value, o3), &c3);
    }
    hn::Store(c1, ints, counts + lanes);
    hn::Store(c2, ints, counts + 2 * lanes);
    hn::Store(c3, ints, counts + 3 * lanes);
  }
  hn::Store(c0, ints, counts);
  std::copy(counts, counts + n, larger);
}

void CountLargerDispatch(size_t n, const float* x, uint32_t* larger) {
  const size_t lanes = hn::Lanes(Floats());
  size_t i = 0;
  for (; n - i > lanes; i += std::min(n - i, 4 * lanes)) {
    CountBlock<4>(std::min(n - i, 4 * lanes), x + i, n, x, larger + i);
  }
  if (i < n) CountBlock<1>(n - i, x + i, n, x, larger + i);
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sequent::kernels {

HWY_EXPORT(CountLargerDispatch);

void CountLarger(size_t n, const float* x, uint32_t* larger) {
  HWY_DYNAMIC_DISPATCH(CountLargerDispatch)(n, x, larger);
}

}  // namespace sequent::kernels
#endif  // HWY_ONCE
