#include "core/kernels/product.h"

#include <algorithm>

#include "core/kernels/lanes.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/product.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

#include "core/kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

// Rows whose inputs stay in the cache while all panels pass over them, and the part of K whose
// panel stays in the first-level cache (512 x 4 vectors x 32 bytes = 64 KB at most, streamed once
// per tile).
constexpr size_t kRowBlock = 96;
constexpr size_t kKBlock = 512;

size_t LanesOf() { return kLanes; }

// One tile of one panel whose last column may lie outside of y: sums pass through a padded buffer.
template <size_t R, size_t V>
HWY_INLINE void EdgeTile(Tile<R, V>* tile, const float* panel, const float* const* x,
                         size_t first_k, size_t count, bool load, float* const* y, size_t offset,
                         size_t columns) {
  HWY_ALIGN float buffer[R][V * kLanes] = {};
  float* rows[R];
  for (size_t r = 0; r < R; ++r) {
    rows[r] = buffer[r];
    if (load) std::memcpy(buffer[r], y[r] + offset, columns * sizeof(float));
  }
  if (load) tile->Load(rows, 0);
  tile->MultiplyAdd(panel, x, first_k, count);
  tile->Store(rows, 0);
  for (size_t r = 0; r < R; ++r) std::memcpy(y[r] + offset, buffer[r], columns * sizeof(float));
}

template <size_t V>
void PanelProduct(const PackedMatrix& w, size_t p, size_t rows, const float* const* x,
                  size_t first_k, size_t count, Start start, const float* bias, float* const* y,
                  size_t columns) {
  const size_t offset = p * V * kLanes;
  const float* panel = w.panel(p) + first_k * V * kLanes;
  ForEachTile(rows, [&](auto tile_rows, size_t row) HWY_ATTR {
    Tile<decltype(tile_rows)::value, V> tile;
    const bool load = start == Start::kAccumulate;
    if (start == Start::kBias) {
      tile.LoadAll(bias + offset);
    } else {
      tile.Zero();  // to be loaded over if sums go on; GCC cannot see that they always are
    }
    if (columns < V * kLanes) {
      EdgeTile(&tile, panel, x + row, first_k, count, load, y + row, offset, columns);
      return;
    }
    if (load) tile.Load(y + row, offset);
    tile.MultiplyAdd(panel, x + row, first_k, count);
    tile.Store(y + row, offset);
  });
}

template <size_t V>
void ProductOf(const PackedMatrix& w, size_t rows, const float* const* x, Start start,
               const float* bias, float* const* y) {
  const size_t width = w.gates() == 0 ? w.outputs() : w.packed_width();
  const size_t panel_width = V * kLanes;
  for (size_t row = 0; row < rows; row += kRowBlock) {
    const size_t block = std::min(kRowBlock, rows - row);
    size_t k = 0;
    do {  // once even for no inputs: y is still set
      const size_t count = std::min(kKBlock, w.inputs() - k);
      for (size_t p = 0; p < w.panels(); ++p) {
        const size_t columns = std::min(panel_width, width - p * panel_width);
        PanelProduct<V>(w, p, block, x + row, k, count, k == 0 ? start : Start::kAccumulate, bias,
                        y + row, columns);
      }
      k += count;
    } while (k < w.inputs());
  }
}

void ProductDispatch(const PackedMatrix& w, size_t rows, const float* const* x, Start start,
                     const float* bias, float* const* y) {
  switch (w.panel_width() / kLanes) {
    case 2:
      return ProductOf<2>(w, rows, x, start, bias, y);
    case 3:
      return ProductOf<3>(w, rows, x, start, bias, y);
    default:
      return ProductOf<4>(w, rows, x, start, bias, y);
  }
}

// Rows of one block are copied, 4 vectors of columns at a time, into a contiguous panel, so that
// the inner loop walks memory in order. The block's panel stays in the first-level cache.
constexpr size_t kOuterBlock = 96;
constexpr size_t kOuterVectors = 4;

// dw[o .. o+R) [i .. i + columns) += over the block's rows of dy[row][o] * panel[row].
template <size_t R>
HWY_INLINE void OuterTile(const float* panel, size_t rows, const float* const* dy, size_t o,
                          size_t columns, float* dw, size_t stride) {
  HWY_ALIGN float buffer[R][kOuterVectors * kLanes] = {};
  Vec acc[R][kOuterVectors];
  const bool whole = columns == kOuterVectors * kLanes;
  for (size_t r = 0; r < R; ++r) {
    if (!whole) std::memcpy(buffer[r], dw + r * stride, columns * sizeof(float));
    const float* from = whole ? dw + r * stride : buffer[r];
    for (size_t v = 0; v < kOuterVectors; ++v) acc[r][v] = hn::LoadU(Floats(), from + v * kLanes);
  }
  for (size_t n = 0; n < rows; ++n, panel += kOuterVectors * kLanes) {
    Vec broadcast[R];
    for (size_t r = 0; r < R; ++r) broadcast[r] = hn::Set(Floats(), dy[n][o + r]);
    for (size_t v = 0; v < kOuterVectors; ++v) {
      const Vec value = hn::Load(Floats(), panel + v * kLanes);
      for (size_t r = 0; r < R; ++r) acc[r][v] = hn::MulAdd(broadcast[r], value, acc[r][v]);
    }
  }
  for (size_t r = 0; r < R; ++r) {
    float* to = whole ? dw + r * stride : buffer[r];
    for (size_t v = 0; v < kOuterVectors; ++v) hn::StoreU(acc[r][v], Floats(), to + v * kLanes);
    if (!whole) std::memcpy(dw + r * stride, buffer[r], columns * sizeof(float));
  }
}

void AccumulateOuterDispatch(size_t rows, const float* const* dy, const float* const* x,
                             size_t outputs, size_t inputs, float* dw) {
  constexpr size_t kWidth = kOuterVectors * kLanes;
  HWY_ALIGN float panel[kOuterBlock * kWidth];
  for (size_t row = 0; row < rows; row += kOuterBlock) {
    const size_t block = std::min(kOuterBlock, rows - row);
    for (size_t i = 0; i < inputs; i += kWidth) {
      const size_t columns = std::min(kWidth, inputs - i);
      for (size_t n = 0; n < block; ++n) {
        std::memcpy(panel + n * kWidth, x[row + n] + i, columns * sizeof(float));
        std::memset(panel + n * kWidth + columns, 0, (kWidth - columns) * sizeof(float));
      }
      ForEachTile(outputs, [&](auto tile_rows, size_t o) HWY_ATTR {
        OuterTile<decltype(tile_rows)::value>(panel, block, dy + row, o, columns,
                                              dw + o * inputs + i, inputs);
      });
    }
  }
}

void AccumulateRowsDispatch(size_t rows, const float* const* x, size_t width, float* sum) {
  for (size_t i = 0; i < width; i += kLanes) {
    const size_t n = std::min(kLanes, width - i);
    Vec acc = LoadPart(sum + i, n);
    for (size_t row = 0; row < rows; ++row) acc = hn::Add(acc, LoadPart(x[row] + i, n));
    StorePart(acc, sum + i, n);
  }
}

const char* NameOf() { return hwy::TargetName(HWY_TARGET); }

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sequent::kernels {

HWY_EXPORT(LanesOf);
HWY_EXPORT(NameOf);
HWY_EXPORT(ProductDispatch);
HWY_EXPORT(AccumulateOuterDispatch);
HWY_EXPORT(AccumulateRowsDispatch);

size_t Lanes() { return HWY_DYNAMIC_DISPATCH(LanesOf)(); }

const char* TargetName() { return HWY_DYNAMIC_DISPATCH(NameOf)(); }

void Product(const PackedMatrix& w, size_t rows, const float* const* x, Start start,
             const float* bias, float* const* y) {
  HWY_DYNAMIC_DISPATCH(ProductDispatch)(w, rows, x, start, bias, y);
}

void AccumulateOuter(size_t rows, const float* const* dy, const float* const* x, size_t outputs,
                     size_t inputs, float* dw) {
  HWY_DYNAMIC_DISPATCH(AccumulateOuterDispatch)(rows, dy, x, outputs, inputs, dw);
}

void AccumulateRows(size_t rows, const float* const* x, size_t width, float* sum) {
  HWY_DYNAMIC_DISPATCH(AccumulateRowsDispatch)(rows, x, width, sum);
}

}  // namespace sequent::kernels
#endif  // HWY_ONCE
