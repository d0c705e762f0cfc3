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
  constexpr size_t kMaxRows = kTileRows<Weight>(V);
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
  RunTileOf(rows, 1, task);
  for (size_t r = 0; r < rows; ++r) std::memcpy(y[r] + offset, buffer[r], columns * sizeof(float));
}

template <size_t kGates, typename Weight>
void RunProduct(const PackedMatrix& w, size_t rows, const float* const* x, Start start,
                const float* bias, float* const* y, const PanelWalk& walk) {
  const size_t width = w.gates() == 0 ? w.outputs() : w.packed_width();
  ForEachPlace<Weight>(w, w.bytes(), walk, rows, [&](const Place& place) HWY_ATTR {
    WithVectorCount<kGates>(w, place.panel, [&](auto vectors) HWY_ATTR {
      constexpr size_t V = decltype(vectors)::value;
      const size_t offset = place.panel * w.panel_width();
      const size_t columns = std::min(V * kLanes, width - offset);
      const size_t panel_bytes = w.inputs() * V * kLanes * sizeof(Weight);
      const size_t piece =
          columns == V * kLanes ? PieceBytes<V, Weight>(w, place.rows, panel_bytes) : 0;
      const Weight* const next =
          place.next_panel == Place::kNone ? nullptr : w.panel<Weight>(place.next_panel);
      TileTask<V, Weight> task;
      task.offset = offset;
      if (start == Start::kBias) task.start.same = bias + offset;
      if (piece == 0) SetProduct(w, place, TilesOf<V, Weight>(place.rows), next, &task.first);
      ForEachTile<V, Weight>(w, place.rows, [&](const TilePlace& tile) HWY_ATTR {
        task.to = y + place.row + tile.row;
        if (start == Start::kAccumulate) task.start = {.rows = task.to, .offset = offset};
        if (piece == 0) MoveTo<V>(tile, x + place.row, &task.first);
        if (columns < V * kLanes) {
          RunEdgeTile(tile.rows, columns, task);
        } else {
          RunTileOf(tile.rows, place.panels, task);
        }
      });
      if (piece != 0) AddInPieces<V, Weight>(w, place, piece, x, next, y + place.row, offset);
    });
  });
}

void ProductDispatch(const PackedMatrix& w, size_t rows, const float* const* x, Start start,
                     const float* bias, float* const* y, const PanelWalk& walk) {
  WithWeight(w, [&](auto weight) HWY_ATTR {
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

const char* NameOf() { return hwy::TargetName(HWY_TARGET); }

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sequent::kernels {

HWY_EXPORT(LanesOf);
HWY_EXPORT(NameOf);
HWY_EXPORT(ProductDispatch);

size_t Lanes() { return HWY_DYNAMIC_DISPATCH(LanesOf)(); }

const char* TargetName() { return HWY_DYNAMIC_DISPATCH(NameOf)(); }

void Product(const PackedMatrix& w, size_t rows, const float* const* x, Start start,
             const float* bias, float* const* y, const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(ProductDispatch)(w, rows, x, start, bias, y, walk);
}

}  // namespace sequent::kernels
#endif  // HWY_ONCE
