// A tile's work from where its sums start to where they are put down.
//
// Included once per target, inside Highway's foreach_target.

#if defined(SEQUENT_CORE_KERNELS_TILE_TASK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef SEQUENT_CORE_KERNELS_TILE_TASK_INL_H_
#undef SEQUENT_CORE_KERNELS_TILE_TASK_INL_H_
#else
#define SEQUENT_CORE_KERNELS_TILE_TASK_INL_H_
#endif

#include "core/kernels/tile-inl.h"
#include "core/kernels/winograd_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

// start + first + second -> to.
template <size_t V, typename Weight>
struct TileTask {
  TileStart start;
  TileProduct<Weight> first, second;
  float* const* to;
  size_t offset = 0;
  size_t stride = V * kLanes;  // from a panel's results to the next one's
  // If set, the last vector's sum is put aside behind the others between the two products, and goes
  // on from here: [panels][kLanes].
  const float* restart = nullptr;
};

// Out of line: the accumulators have all registers to themselves.
template <size_t R, size_t V, size_t P, typename Weight>
HWY_NOINLINE void RunTile(const TileTask<V, Weight>& task) {
  std::conditional_t<kIsWinograd<Weight>, WinogradTile<R, V, P>, Tile<R, V, P>> tile(task.start);
  if (task.first.count > 0) tile.Add(task.first);
  if (task.restart != nullptr) {
    tile.Restart(task.restart, task.to, task.offset + V * kLanes, task.stride);
  }
  if (task.second.count > 0) tile.Add(task.second);
  tile.Store(task.to, task.offset, task.stride);
}

// One half of a panel of four vectors: 0 or 1.
HWY_INLINE TileTask<2, WinogradFloat> HalfOf(const TileTask<4, WinogradFloat>& task, size_t half) {
  constexpr size_t kColumns = 2 * kLanes;
  TileTask<2, WinogradFloat> of;
  of.start = task.start;
  of.start.offset += half * kColumns;
  if (task.start.same != nullptr) of.start.same += half * kColumns;
  of.to = task.to;
  of.offset = task.offset + half * kColumns;
  const auto product = [&](TileProduct<WinogradFloat> whole) HWY_ATTR {
    whole.weights += half * whole.half;
    if (whole.corrections != nullptr) whole.corrections += half * kColumns;
    return whole;
  };
  of.first = product(task.first);
  of.second = product(task.second);
  return of;
}

// Both halves one after the other, for more rows than pass over both at once.
template <size_t R>
HWY_INLINE void RunHalves(const TileTask<4, WinogradFloat>& task) {
  TileTask<2, WinogradFloat> first = HalfOf(task, 0), second = HalfOf(task, 1);
  // What is wanted behind each half's first product is its second, and then the other half.
  const bool two = task.first.count > 0 && task.second.count > 0;
  const auto& of_second = task.first.count > 0 ? second.first : second.second;
  (task.second.count > 0 ? first.second : first.first).then = of_second.weights;
  if (two) second.first.then = second.second.weights;
  RunTile<R, 2, 1, WinogradFloat>(first);
  RunTile<R, 2, 1, WinogradFloat>(second);
}

template <size_t V, typename Weight>
HWY_INLINE void RunTileOf(size_t rows, size_t panels, const TileTask<V, Weight>& task) {
  WithRowCount<kTileRows<Weight>(V)>(rows, [&](auto count) HWY_ATTR {
    constexpr size_t R = decltype(count)::value, P = PanelsAtOnce<Weight>(R, V);
    if constexpr (kIsWinograd<Weight> && V == 4 && R > kRowsOverBothHalves) {
      RunHalves<R>(task);
    } else {
      if constexpr (P > 1) {
        if (panels == P) return RunTile<R, V, P, Weight>(task);
      }
      RunTile<R, V, 1, Weight>(task);
    }
  });
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggle
