#include "core/kernels/winograd.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/winograd.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

#include "core/kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

bool FitsOf() { return kWinogradFits; }

using Ints = hn::RebindToSigned<Floats>;

// What a row is multiplied by whose largest magnitude should be up to 8 times the size 2^exponent:
// 1 if it is so, else a power of two; as a float's exponent bits. As whole numbers magnitudes are
// in order, and NaN is the largest.
HWY_INLINE uint32_t ScaleExponent(hn::Vec<Ints> magnitudes, int exponent) {
  constexpr int kOne = 127, kLargest = kOne + 64;
  const int max = hn::GetLane(hn::MaxOfLanes(Ints(), magnitudes)) >> 23;
  const int above = max - kOne - exponent;
  if (above >= 0 && above < 3) return kOne;
  return static_cast<uint32_t>(std::clamp(kOne + 1 - above, 1, kLargest));
}

// As LoadPart, which goes by way of memory.
HWY_INLINE Vec LoadFirst(const float* from, size_t n) {
#if HWY_TARGET == HWY_AVX3
  return hn::MaskedLoad(hn::FirstN(Floats(), n), Floats(), from);
#else
  return LoadPart(from, std::min(kLanes, n));
#endif
}

// The three parts of a row side by side. Scales are zero where a part has been rounded up: whatever
// is read there, of the next part or a zero behind the last one, vanishes.
template <bool kScaled>
HWY_INLINE void PrepareRow(const PackedMatrix& w, const float* HWY_RESTRICT x,
                           float* HWY_RESTRICT to) {
  const RowLayout at(w.inputs());
  const size_t m = at.triples, last = w.inputs() - 2 * m;  // of the third part
  const float* scales = w.input_scales();
  const auto first_two = [&](size_t part, size_t j) HWY_ATTR {
    return hn::Mul(hn::LoadU(Floats(), x + part * m + j),
                   hn::Load(Floats(), scales + part * at.part + j));
  };
  const auto third = [&](size_t j) HWY_ATTR {
    return hn::Mul(LoadFirst(x + 2 * m + j, last - j),
                   hn::Load(Floats(), scales + 2 * at.part + j));
  };
  Vec sum = hn::Zero(Floats());
  if constexpr (!kScaled) {
    for (size_t j = 0; j < m; j += kLanes) {
      const Vec a = first_two(0, j), b = first_two(1, j);
      hn::Store(a, Floats(), to + j);
      hn::Store(b, Floats(), to + at.part + j);
      sum = hn::MulAdd(a, b, sum);
    }
    for (size_t j = 0; j < last; j += kLanes) hn::Store(third(j), Floats(), to + 2 * at.part + j);
    to[at.correction()] = -hn::GetLane(hn::SumOfLanes(Floats(), sum));
    return;
  }
  const auto magnitude = hn::Set(Ints(), 0x7fffffff);
  auto max = hn::Zero(Ints());
  const auto put = [&](Vec value, size_t i) HWY_ATTR {
    hn::Store(value, Floats(), to + i);
    max = hn::Max(max, hn::And(hn::BitCast(Ints(), value), magnitude));
  };
  for (size_t j = 0; j < m; j += kLanes) {
    put(first_two(0, j), j);
    put(first_two(1, j), at.part + j);
  }
  for (size_t j = 0; j < last; j += kLanes) put(third(j), 2 * at.part + j);
  const uint32_t exponent = ScaleExponent(max, w.row_exponent());
  const float scale = std::bit_cast<float>(exponent << 23);
  const Vec factor = hn::Set(Floats(), scale);
  const auto scale_at = [&](size_t i) HWY_ATTR {
    const Vec value = hn::Mul(hn::Load(Floats(), to + i), factor);
    hn::Store(value, Floats(), to + i);
    return value;
  };
  for (size_t j = 0; j < m; j += kLanes) {
    sum = hn::MulAdd(scale_at(j), scale_at(at.part + j), sum);
  }
  for (size_t j = 0; j < last; j += kLanes) scale_at(2 * at.part + j);
  to[at.correction()] = -hn::GetLane(hn::SumOfLanes(Floats(), sum));
  to[at.scale()] = scale;
  to[at.inverse()] = std::bit_cast<float>((254 - exponent) << 23);
}

void PrepareRowsDispatch(const PackedMatrix& w, size_t rows, const float* const* x,
                         float* const* to) {
  if (w.scales_rows()) {
    for (size_t r = 0; r < rows; ++r) PrepareRow<true>(w, x[r], to[r]);
  } else {
    for (size_t r = 0; r < rows; ++r) PrepareRow<false>(w, x[r], to[r]);
  }
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sequent::kernels {
namespace {

bool AddsBesideMultiplyAdds() {
#if defined(__x86_64__)
  unsigned eax = 0, name[3] = {};
  if (__get_cpuid(0, &eax, &name[0], &name[2], &name[1]) == 0) return false;
  return std::memcmp(name, "AuthenticAMD", sizeof(name)) == 0;
#else
  return false;
#endif
}

std::atomic<bool>& Pays() {
  static std::atomic<bool> pays = AddsBesideMultiplyAdds();
  return pays;
}

}  // namespace

HWY_EXPORT(FitsOf);
HWY_EXPORT(PrepareRowsDispatch);

bool WinogradPays() { return Pays().load(std::memory_order_relaxed); }
void SetWinogradPays(bool pays) { Pays().store(pays, std::memory_order_relaxed); }

bool WinogradFits() { return HWY_DYNAMIC_DISPATCH(FitsOf)(); }

const char* ProductsName() {
  return WinogradPays() && WinogradFits() ? "winograd" : "multiply-add";
}

void PrepareRows(const PackedMatrix& w, size_t rows, const float* const* x, float* const* to) {
  HWY_DYNAMIC_DISPATCH(PrepareRowsDispatch)(w, rows, x, to);
}

}  // namespace sequent::kernels
#endif  // HWY_ONCE
