// dW += dY^T X, by the register tile of tile-inl.h turned on its side: R outputs x V vectors of
// inputs, and the rows are what is summed over.
//
// Both operands are copied, a block of rows at a time, into the order in which the tile reads them:
// dY as [tile of outputs][row][R], X as [row][V vectors] for one panel of inputs. Both stay in the
// second-level cache while they are used; dW comes and goes once per block of rows, and a tile asks
// for the next one's part of it.
#include "core/kernels/outer_product.h"

#include <algorithm>
#include <cstring>

#include "core/base/aligned.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/outer_product.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

#include "core/kernels/walk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

constexpr size_t kOuterVectors = 4;
constexpr size_t kOuterWidth = kOuterVectors * kLanes;
// Rows and outputs of a block: its part of dY is 432 KB, and its panel of X 72 KB with 16 lanes.
constexpr size_t kOuterRows = 288;
constexpr size_t kOuterOutputs = 384;
constexpr size_t kOuterTile = kRowsInRegisters(kOuterVectors);  // outputs

// From one tile's part of dY to the next one's, in floats: an odd number of cache lines, so that
// rows, which are copied to all tiles in turn, do not go to a few sets of the cache only.
constexpr size_t OuterPitch(size_t rows) {
  constexpr size_t kLineFloats = kLine / sizeof(float);
  return (RoundUp(rows * kOuterTile, kLineFloats) / kLineFloats | 1) * kLineFloats;
}

// dw[o .. o + R) [i .. i + columns) += sum over n < rows of deltas[n][R] x panel[n][columns].
template <size_t R>
HWY_NOINLINE void OuterTile(const float* HWY_RESTRICT panel, size_t rows,
                            const float* HWY_RESTRICT deltas, size_t columns, float* dw,
                            size_t stride) {
  constexpr size_t V = kOuterVectors;
  HWY_ALIGN float buffer[R][kOuterWidth] = {};
  const bool whole = columns == kOuterWidth;
  float* to[R];
  Vec acc[R * V];
  Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
    float* const row = dw + r * stride;
    if (!whole) std::memcpy(buffer[r], row, columns * sizeof(float));
    to[r] = whole ? row : buffer[r];
    Unrolled<V>([&](auto v)
                    SEQUENT_UNROLLED { acc[r * V + v] = hn::LoadU(Floats(), to[r] + v * kLanes); });
    Unrolled<V>([&](auto v)
                    SEQUENT_UNROLLED { __builtin_prefetch(row + R * stride + v * kLanes, 1, 3); });
  });
  for (size_t n = 0; n < rows; ++n, panel += kOuterWidth, deltas += R) {
    Vec x[V];
    LoadWeights<0>(panel, x);
    Unrolled<V>([&](auto v) SEQUENT_UNROLLED { HoldInRegister(x[v]); });
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
      const Vec delta = hn::Set(Floats(), deltas[r]);
      Unrolled<V>([&](auto v) SEQUENT_UNROLLED {
        acc[r * V + v] = hn::MulAdd(delta, x[v], acc[r * V + v]);
      });
    });
  }
  Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
    Unrolled<V>([&](auto v)
                    SEQUENT_UNROLLED { hn::StoreU(acc[r * V + v], Floats(), to[r] + v * kLanes); });
    if (!whole) std::memcpy(dw + r * stride, buffer[r], columns * sizeof(float));
  });
}

// body(first output, tile, RowCount<R>()) for tiles of as many outputs as there can be, and the
// rest.
template <class Body>
HWY_INLINE void ForEachOuterTile(size_t outputs, const Body& body) {
  constexpr size_t R = kOuterTile;
  size_t o = 0, tile = 0;
  for (; o + R <= outputs; o += R, ++tile) body(o, tile, RowCount<R>());
  if (o == outputs) return;
  WithRowCount<R - 1>(outputs - o, [&](auto rest) HWY_ATTR { body(o, tile, rest); });
}

HWY_INLINE void CopyPanel(size_t rows, const float* const* x, size_t first, size_t columns,
                          float* to) {
  for (size_t n = 0; n < rows; ++n, to += kOuterWidth) {
    if (columns == kOuterWidth) {
      std::memcpy(to, x[n] + first, kOuterWidth * sizeof(float));
      continue;
    }
    std::memcpy(to, x[n] + first, columns * sizeof(float));
    std::memset(to + columns, 0, (kOuterWidth - columns) * sizeof(float));
  }
}

// Row by row: the columns of dY may lie so far apart that they drive each other out of the cache.
HWY_INLINE void CopyDeltas(size_t rows, const float* const* dy, size_t first, size_t outputs,
                           float* to) {
  const size_t pitch = OuterPitch(rows);
  for (size_t n = 0; n < rows; ++n) {
    const float* const from = dy[n] + first;
    ForEachOuterTile(outputs, [&](size_t o, size_t tile, auto tile_rows) HWY_ATTR {
      constexpr size_t R = decltype(tile_rows)::value;
      std::memcpy(to + tile * pitch + n * R, from + o, R * sizeof(float));
    });
  }
}

void AccumulateOuterDispatch(size_t rows, const float* const* dy, const float* const* x,
                             size_t outputs, size_t inputs, float* dw) {
  thread_local AlignedVector<float> deltas(kOuterOutputs / kOuterTile * OuterPitch(kOuterRows));
  thread_local AlignedVector<float> panel(kOuterRows * kOuterWidth);
  for (size_t row = 0; row < rows; row += kOuterRows) {
    const size_t count = std::min(kOuterRows, rows - row);
    for (size_t first = 0; first < outputs; first += kOuterOutputs) {
      const size_t height = std::min(kOuterOutputs, outputs - first);
      CopyDeltas(count, dy + row, first, height, deltas.data());
      for (size_t i = 0; i < inputs; i += kOuterWidth) {
        const size_t columns = std::min(kOuterWidth, inputs - i);
        CopyPanel(count, x + row, i, columns, panel.data());
        ForEachOuterTile(height, [&](size_t o, size_t tile, auto tile_rows) HWY_ATTR {
          constexpr size_t R = decltype(tile_rows)::value;
          OuterTile<R>(panel.data(), count, deltas.data() + tile * OuterPitch(count), columns,
                       dw + (first + o) * inputs + i, inputs);
        });
      }
    }
  }
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sequent::kernels {

HWY_EXPORT(AccumulateOuterDispatch);

void AccumulateOuter(size_t rows, const float* const* dy, const float* const* x, size_t outputs,
                     size_t inputs, float* dw) {
  HWY_DYNAMIC_DISPATCH(AccumulateOuterDispatch)(rows, dy, x, outputs, inputs, dw);
}

}  // namespace sequent::kernels
#endif  // HWY_ONCE
