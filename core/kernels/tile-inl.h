// The register tile that every product and cell is made of: R rows x V vectors of sums.
//
//              panel (K-major): k -> [ v0 | v1 | .. | vV-1 ]
//   x[0] k ->   acc[0][0] acc[0][1] ..
//   x[1] k ->   acc[1][0] acc[1][1] ..          acc[r][v] = fma(x[r][k], panel[k][v], acc[r][v])
//
// One broadcast per row and k, one load per vector and k, R x V independent sums. A sum's order is
// k = 0, 1, ... whatever R is: that is batch invariance.
//
// Included once per target, inside Highway's foreach_target.

#if defined(SEQUENT_CORE_KERNELS_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SEQUENT_CORE_KERNELS_TILE_INL_H_
#undef SEQUENT_CORE_KERNELS_TILE_INL_H_
#else
#define SEQUENT_CORE_KERNELS_TILE_INL_H_
#endif

#include <hwy/highway.h>

#include <cstddef>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::CappedTag<float, 16>;
using Vec = hn::Vec<Floats>;
constexpr size_t kLanes = hn::MaxLanes(Floats());

// As many rows as the registers hold beside R broadcasts and one weight: 32 registers take 6 x 4
// sums, 16 take 3 x 4.
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr size_t kTileRows = 6;
#else
constexpr size_t kTileRows = 3;
#endif

template <size_t R, size_t V>
struct Tile {
  Vec acc[R][V];

  HWY_INLINE void Zero() {
    for (size_t r = 0; r < R; ++r) {
      for (size_t v = 0; v < V; ++v) acc[r][v] = hn::Zero(Floats());
    }
  }
  // The same initial sums for all rows.
  HWY_INLINE void LoadAll(const float* from) {
    for (size_t r = 0; r < R; ++r) {
      for (size_t v = 0; v < V; ++v) acc[r][v] = hn::Load(Floats(), from + v * kLanes);
    }
  }
  HWY_INLINE void Load(const float* const* from, size_t offset) {
    for (size_t r = 0; r < R; ++r) {
      for (size_t v = 0; v < V; ++v) {
        acc[r][v] = hn::LoadU(Floats(), from[r] + offset + v * kLanes);
      }
    }
  }
  HWY_INLINE void Store(float* const* to, size_t offset) const {
    for (size_t r = 0; r < R; ++r) {
      for (size_t v = 0; v < V; ++v) {
        hn::StoreU(acc[r][v], Floats(), to[r] + offset + v * kLanes);
      }
    }
  }
  // acc[r] += sum over k of x[r][first_k + k] * panel[k].
  HWY_INLINE void MultiplyAdd(const float* HWY_RESTRICT panel, const float* const* x,
                              size_t first_k, size_t count) {
    const float* rows[R];
    for (size_t r = 0; r < R; ++r) rows[r] = x[r] + first_k;
    Vec sums[R][V];
    for (size_t r = 0; r < R; ++r) {
      for (size_t v = 0; v < V; ++v) sums[r][v] = acc[r][v];
    }
    for (size_t k = 0; k < count; ++k, panel += V * kLanes) {
      Vec broadcast[R];
      for (size_t r = 0; r < R; ++r) broadcast[r] = hn::Set(Floats(), rows[r][k]);
      for (size_t v = 0; v < V; ++v) {
        const Vec weight = hn::Load(Floats(), panel + v * kLanes);
        for (size_t r = 0; r < R; ++r) sums[r][v] = hn::MulAdd(broadcast[r], weight, sums[r][v]);
      }
    }
    for (size_t r = 0; r < R; ++r) {
      for (size_t v = 0; v < V; ++v) acc[r][v] = sums[r][v];
    }
  }
};

// The first n <= kLanes floats at `from`, zeros behind them; and back.
HWY_INLINE Vec LoadPart(const float* from, size_t n) {
  if (HWY_LIKELY(n >= kLanes)) return hn::LoadU(Floats(), from);
  HWY_ALIGN float buffer[kLanes] = {};
  std::memcpy(buffer, from, n * sizeof(float));
  return hn::Load(Floats(), buffer);
}
HWY_INLINE void StorePart(Vec value, float* to, size_t n) {
  if (HWY_LIKELY(n >= kLanes)) {
    hn::StoreU(value, Floats(), to);
    return;
  }
  HWY_ALIGN float buffer[kLanes];
  hn::Store(value, Floats(), buffer);
  std::memcpy(to, buffer, n * sizeof(float));
}

template <size_t R>
struct RowCount {
  static constexpr size_t value = R;
};

// Calls body(RowCount<R>, first row, ) for rows cut into tiles of at most kTileRows rows.
template <size_t kMax = kTileRows, class Body>
HWY_INLINE void ForEachTile(size_t rows, const Body& body) {
  size_t row = 0;
  for (; row + kMax <= rows; row += kMax) body(RowCount<kMax>(), row);
  switch (rows - row) {
    case 1:
      return body(RowCount<1>(), row);
    case 2:
      return body(RowCount<2>(), row);
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_NEON
    case 3:
      return body(RowCount<3>(), row);
    case 4:
      return body(RowCount<4>(), row);
    case 5:
      return body(RowCount<5>(), row);
#endif
    default:
      return;
  }
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
