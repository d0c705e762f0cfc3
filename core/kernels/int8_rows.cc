#include "core/kernels/int8_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "core/base/aligned.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/int8_rows.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

#include "core/kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

using Ints = hn::RebindToSigned<Floats>;
using Bytes = hn::Rebind<uint8_t, Floats>;

constexpr int32_t kInfinityBits = 0x7f800000;

// The bits of the largest magnitude: among whole numbers NaN and infinity are the largest, and the
// order of comparisons does not matter.
HWY_INLINE int32_t LargestBits(size_t n, const float* x) {
  const Ints ints;
  const auto magnitude = hn::Set(ints, 0x7fffffff);
  auto max = hn::Zero(ints);
  for (size_t i = 0; i < n; i += kLanes) {
    const Vec value = LoadPart(x + i, std::min(kLanes, n - i));
    max = hn::Max(max, hn::And(hn::BitCast(ints, value), magnitude));
  }
  return hn::GetLane(hn::MaxOfLanes(ints, max));
}

HWY_INLINE void RoundRow(size_t n, const float* x, float inverse, uint8_t* to) {
  const Ints ints;
  const Vec factor = hn::Set(Floats(), inverse);
  const auto zero_point = hn::Set(ints, 128);
  for (size_t i = 0; i < n; i += kLanes) {
    const Vec value = LoadPart(x + i, std::min(kLanes, n - i));
    const auto q = hn::NearestInt(hn::Mul(value, factor));
    hn::StoreU(hn::DemoteTo(Bytes(), hn::Add(q, zero_point)), Bytes(), to + i);
  }
}

void QuantizeRowsDispatch(size_t rows, size_t inputs, const float* const* x, const Int8Rows& to) {
  for (size_t r = 0; r < rows; ++r) {
    uint8_t* q = to.values + r * to.stride;
    const int32_t bits = LargestBits(inputs, x[r]);
    const float max = std::bit_cast<float>(bits);
    if (bits >= kInfinityBits || max < 0x1p-100f) {
      const bool finite = bits < kInfinityBits;
      to.scales[r] = finite ? 0.0f : std::numeric_limits<float>::quiet_NaN();
      std::fill_n(q, to.stride, uint8_t{128});
      continue;
    }
    to.scales[r] = max / 127;
    std::fill(q + inputs / kLanes * kLanes, q + to.stride, uint8_t{128});
    RoundRow(inputs, x[r], 127 / max, q);
  }
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sequent::kernels {

HWY_EXPORT(QuantizeRowsDispatch);

size_t Int8Stride(size_t inputs) { return RoundUp(std::max<size_t>(inputs, 1), kAlignment); }

void QuantizeRows(size_t rows, size_t inputs, const float* const* x, const Int8Rows& to) {
  HWY_DYNAMIC_DISPATCH(QuantizeRowsDispatch)(rows, inputs, x, to);
}

}  // namespace sequent::kernels
#endif  // HWY_ONCE
