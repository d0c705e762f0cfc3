#include "core/kernels/product.h"

#include <algorithm>

#include "core/kernels/lanes.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/product.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

#include "core/kernels/walk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

size_t LanesOf() { return kLanes; }

// One tile whose last column may lie outside of y: sums pass through a padded buffer.
template <size_t V, typename Weight>
void RunEdgeTile(size_t rows, size_t columns, TileTask<V, Weight> task) {
  constexpr size_t kMaxRows = kTileRows(V);
  HWY_ALIGN float buffer[kMaxRows][V * kLanes] = {};
  float* padded[kMaxRows];
  for (size_t r = 0; r < rows; ++r) padded[r] = buffer[r];
  float* const* const y = task.to;
  const size_t offset = task.offset;
  if (task.start.rows != nullptr) {
    for (size_t r = 0; r < rows; ++r) {
      std::memcpy(buffer[r], y[r] + offset, columns * sizeof(float));
    }
    task.start = {.rows = padded};
  }
  task.to = padded;
  task.offset = 0;
  RunTileOf(rows, task);
  for (size_t r = 0; r < rows; ++r) std::memcpy(y[r] + offset, buffer[r], columns * sizeof(float));
}

template <size_t kGates, typename Weight>
void RunProduct(const PackedMatrix& w, size_t rows, const float* const* x, Start start,
                const float* bias, float* const* y, const PanelWalk& walk) {
  const size_t width = w.gates() == 0 ? w.outputs() : w.packed_width();
  ForEachPlace(w, walk, rows, [&](const Place& place) HWY_ATTR {
    WithVectorCount<kGates>(w, place.panel, [&](auto vectors) HWY_ATTR {
      constexpr size_t V = decltype(vectors)::value;
      const size_t offset = place.panel * w.panel_width();
      const size_t columns = std::min(V * kLanes, width - offset);
      const bool in_pieces = columns == V * kLanes && BetterInPieces<V>(w, place.rows);
      ForEachTile<V>(place.rows, [&](const TilePlace& tile) HWY_ATTR {
        TileTask<V, Weight> task;
        task.to = y + place.row + tile.row;
        task.offset = offset;
        if (start == Start::kBias) task.start.same = bias + offset;
        if (start == Start::kAccumulate) task.start = {.rows = task.to, .offset = offset};
        if (!in_pieces) task.first = ProductOf<Weight>(w, place, tile, x);
        if (columns < V * kLanes) {
          RunEdgeTile(tile.rows, columns, task);
        } else {
          RunTileOf(tile.rows, task);
        }
      });
      if (!in_pieces) return;
      const Weight* const next =
          place.next_panel == Place::kNone ? nullptr : w.panel<Weight>(place.next_panel);
      AddInPieces<V, Weight>(w, place, x, next, y + place.row, offset);
    });
  });
}

void ProductDispatch(const PackedMatrix& w, size_t rows, const float* const* x, Start start,
                     const float* bias, float* const* y, const PanelWalk& walk) {
  WithWeight(w.precision(), [&](auto weight) HWY_ATTR {
    using Weight = decltype(weight);
    switch (w.gates()) {
      case 2:
        return RunProduct<2, Weight>(w, rows, x, start, bias, y, walk);
      case 3:
        return RunProduct<3, Weight>(w, rows, x, start, bias, y, walk);
      case 4:
        return RunProduct<4, Weight>(w, rows, x, start, bias, y, walk);
      default:
        return RunProduct<1, Weight>(w, rows, x, start, bias, y, walk);
    }
  });
}

// Rows of one block are copied, 4 vectors of columns at a time, into a contiguous panel, so that
// the inner loop walks memory in order. The block's panel stays in the first-level cache.
constexpr size_t kOuterBlock = 96;
constexpr size_t kOuterVectors = 4;

// dw[o .. o+R) [i .. i + columns) += over the block's rows of dy[row][o] * panel[row].
template <size_t R>
HWY_INLINE void OuterTile(const float* panel, size_t rows, const float* const* dy, size_t o,
                          size_t columns, float* dw, size_t stride) {
  constexpr size_t V = kOuterVectors;
  HWY_ALIGN float buffer[R][V * kLanes] = {};
  const bool whole = columns == V * kLanes;
  float* to[R];
  Vec acc[R * V];
  Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
    float* const row = dw + r * stride;
    if (!whole) std::memcpy(buffer[r], row, columns * sizeof(float));
    to[r] = whole ? row : buffer[r];
    Unrolled<V>([&](auto v)
                    SEQUENT_UNROLLED { acc[r * V + v] = hn::LoadU(Floats(), to[r] + v * kLanes); });
  });
  for (size_t n = 0; n < rows; ++n, panel += V * kLanes) {
    const float* const deltas = dy[n] + o;
    Vec values[V];
    LoadWeights(panel, values);
    Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
      const Vec delta = hn::Set(Floats(), deltas[r]);
      Unrolled<V>([&](auto v) SEQUENT_UNROLLED {
        acc[r * V + v] = hn::MulAdd(delta, values[v], acc[r * V + v]);
      });
    });
  }
  Unrolled<R>([&](auto r) SEQUENT_UNROLLED {
    Unrolled<V>([&](auto v)
                    SEQUENT_UNROLLED { hn::StoreU(acc[r * V + v], Floats(), to[r] + v * kLanes); });
    if (!whole) std::memcpy(dw + r * stride, buffer[r], columns * sizeof(float));
  });
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
      ForEachTile<kOuterVectors>(outputs, [&](const TilePlace& tile) HWY_ATTR {
        WithRowCount<kTileRows(kOuterVectors)>(tile.rows, [&](auto tile_rows) HWY_ATTR {
          OuterTile<decltype(tile_rows)::value>(panel, block, dy + row, tile.row, columns,
                                                dw + tile.row * inputs + i, inputs);
        });
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
             const float* bias, float* const* y, const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(ProductDispatch)(w, rows, x, start, bias, y, walk);
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
