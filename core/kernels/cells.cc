#include "core/kernels/cells.h"

#include <algorithm>

#include "core/kernels/elementwise.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/cells.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

#include "core/kernels/epilogue-inl.h"
#include "core/kernels/math-inl.h"
#include "core/kernels/walk-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

// Sums that are put down before their epilogues run, those of a high tile or of some low ones: so
// many that the epilogues' chains of dependent instructions overlap, and so few that what is left
// of the chains overlaps with the next tile.
constexpr size_t kEnoughRows = 8;
// Tiles in pieces go on with sums that are put down: then those of a whole place. What one tile
// puts down always finds room.
constexpr size_t kBatchRows = kRowBlock;
static_assert(kBatchRows >= kMostSums<float> && kBatchRows >= kEnoughRows);
// Epilogues that run side by side.
constexpr size_t kSideBySide = 4;

// Sums of some rows under one panel after another, V vectors each. Each belongs to a row and a
// group of units: few rows fill a batch with several panels.
template <size_t V>
struct Batch {
  HWY_ALIGN float sums[kBatchRows][V * kLanes];
  float* rows[kBatchRows];
  Owner owners[kBatchRows];
  size_t filled = 0;

  // For places of so many rows.
  HWY_INLINE explicit Batch(size_t place_rows) {
    const size_t n = std::min(std::max({place_rows, kMostSums<float>, kEnoughRows}), kBatchRows);
    for (size_t r = 0; r < n; ++r) rows[r] = sums[r];
  }

  // Whether these should wait until those that are here have gone.
  HWY_INLINE bool Full(size_t count) const { return filled > 0 && filled + count > kEnoughRows; }
  HWY_INLINE float* const* end() { return rows + filled; }
  HWY_INLINE void Add(size_t row, size_t count, size_t unit) {
    for (size_t r = 0; r < count; ++r) {
      owners[filled + r] = {static_cast<uint32_t>(row + r), static_cast<uint32_t>(unit)};
    }
    filled += count;
  }
  static constexpr size_t kStride = V * kLanes;  // floats from one to the next
};

// N sums of a batch, for the epilogues.
template <size_t N, size_t V>
struct BatchGroup {
  static constexpr size_t kRows = N;

  const Batch<V>& batch;
  size_t first;   // row in the batch
  size_t vector;  // of gate 0
  Units units;

  HWY_INLINE Group<N> Gate(size_t g) const {
    return Each<N>([&](size_t i) HWY_ATTR {
      return hn::Load(Floats(), batch.sums[first + i] + (vector + g) * kLanes);
    });
  }
  // Put aside behind the gates; the state half has begun from its bias already.
  HWY_INLINE Group<N> InputHalf(size_t g) const { return Gate(g + 1); }
  HWY_INLINE Group<N> StateHalf(size_t g, const float*) const { return Gate(g); }
};

// epilogue(BatchGroup) for all sums of a batch, in groups, from its vector `vector` on: they are
// for `n` units each, those `ahead` of their owner's first.
template <size_t V, class Epilogue>
HWY_INLINE void ForEachGroup(const Batch<V>& batch, size_t vector, size_t ahead, size_t n,
                             const Epilogue& epilogue) {
  const auto units = [&](size_t first)
                         SEQUENT_UNROLLED { return Units{batch.owners + first, ahead, n}; };
  size_t first = 0;
  for (; first + kSideBySide <= batch.filled; first += kSideBySide) {
    epilogue(BatchGroup<kSideBySide, V>{batch, first, vector, units(first)});
  }
  if (first == batch.filled) return;
  WithRowCount<kSideBySide - 1>(batch.filled - first, [&](auto count) HWY_ATTR {
    epilogue(BatchGroup<decltype(count)::value, V>{batch, first, vector, units(first)});
  });
}

// Where the sums of a place's tiles start; MoveTo goes on to one of them.
HWY_INLINE TileStart StartOf(const StepInput& input, size_t offset) {
  TileStart start;
  if (input.sums != nullptr) {
    start.offset = offset;
  } else if (input.bias != nullptr) {
    start.same = input.bias + offset;
  }
  return start;
}
HWY_INLINE void MoveTo(const TilePlace& tile, const StepInput& input, const Place& place,
                       TileStart* start) {
  if (input.sums != nullptr) start->rows = input.sums + place.row + tile.row;
}

// Puts down input + U h for one place in pieces. All its rows fit the batch.
template <size_t V, typename Weight, size_t kBatchVectors>
HWY_INLINE void RunPlaceInPieces(const PackedMatrix& u, const StepInput& input,
                                 const float* const* h, const Place& place, size_t piece_bytes,
                                 const float* restart, Batch<kBatchVectors>* batch) {
  const size_t offset = place.panel * u.panel_width();
  float* const* const to = batch->end();
  const PackedMatrix& first = input.sums != nullptr ? u : *input.weight;
  const Weight* const next =
      place.next_panel == Place::kNone ? nullptr : first.panel<Weight>(place.next_panel);
  TileTask<V, Weight> task;
  task.start = StartOf(input, offset);
  if (input.sums != nullptr) task.restart = restart;
  ForEachTile<V, Weight>(u, place.rows, [&](const TilePlace& tile) HWY_ATTR {
    MoveTo(tile, input, place, &task.start);
    task.to = to + tile.row;
    RunTileOf(tile.rows, 1, task);
  });
  if (input.sums == nullptr) {
    AddInPieces<V, Weight>(*input.weight, place, piece_bytes, input.x, u.panel<Weight>(place.panel),
                           to, 0);
    if (restart != nullptr) {
      for (size_t r = 0; r < place.rows; ++r) {
        float* const last = to[r] + (V - 1) * kLanes;
        std::copy_n(last, kLanes, last + kLanes);
        std::copy_n(restart, kLanes, last);
      }
    }
  }
  AddInPieces<V, Weight>(u, place, piece_bytes, h, next, to, 0);
}

// Puts down input + U h for the tiles of one place, and calls flush() before the batch overflows.
// `restart`: see TileTask; the batch then has one vector more.
template <size_t V, typename Weight, size_t kBatchVectors, class Flush>
HWY_INLINE void RunPlace(const PackedMatrix& u, const StepInput& input, const float* const* h,
                         const Place& place, size_t panel_units, const float* restart,
                         Batch<kBatchVectors>* batch, const Flush& flush) {
  const size_t unit = place.panel * panel_units;
  const size_t inputs = u.inputs() + (input.sums != nullptr ? 0 : input.weight->inputs());
  const size_t panel_bytes = inputs * V * kLanes * sizeof(Weight);
  if (const size_t piece = PieceBytes<V, Weight>(u, place.rows, panel_bytes); piece != 0) {
    if (batch->Full(place.rows)) flush();
    RunPlaceInPieces<V, Weight>(u, input, h, place, piece, restart, batch);
    return batch->Add(place.row, place.rows, unit);
  }
  const PackedMatrix& first = input.sums != nullptr ? u : *input.weight;
  const Weight* const next =
      place.next_panel == Place::kNone ? nullptr : first.panel<Weight>(place.next_panel);
  const size_t tiles = TilesOf<V, Weight>(place.rows);
  TileTask<V, Weight> task;
  task.start = StartOf(input, place.panel * u.panel_width());
  task.restart = restart;
  if (input.sums == nullptr) {
    SetProduct(*input.weight, place, tiles, u.panel<Weight>(place.panel), &task.first);
  }
  SetProduct(u, place, tiles, next, &task.second);
  ForEachTile<V, Weight>(u, place.rows, [&](const TilePlace& tile) SEQUENT_UNROLLED {
    if (batch->Full(tile.rows * place.panels)) flush();
    MoveTo(tile, input, place, &task.start);
    if (input.sums == nullptr) MoveTo<V>(tile, input.x + place.row, &task.first);
    MoveTo<V>(tile, h + place.row, &task.second);
    task.to = batch->end();
    task.stride = tile.rows * batch->kStride;
    RunTileOf(tile.rows, place.panels, task);
    for (size_t p = 0; p < place.panels; ++p) {
      batch->Add(place.row + tile.row, tile.rows, unit + p * panel_units);
    }
  });
}

// Calls epilogue(BatchGroup) for all rows and units of input + U h. `kGates` 2 to 4: `u` is in gate
// order; 1: its panels hold up to four vectors of units. `restart`: where the last gate's state
// half starts from, [units] as in cells.h, if it is wanted apart: then a batch has one vector more.
template <size_t kGates, bool kApart = false, class Epilogue>
HWY_INLINE void ForEachSum(const PackedMatrix& u, size_t rows, const StepInput& input,
                           const float* const* h, const PanelWalk& walk, const Epilogue& epilogue,
                           const float* restart = nullptr) {
  HWY_ALIGN static constexpr float kZeros[kMostPanels * kLanes] = {};
  constexpr size_t kUnitVectors = kGates == 1 ? 4 : 1;
  Batch<(kGates == 1 ? 4 : kGates) + (kApart ? 1 : 0)> batch(rows);
  const auto flush = [&]() HWY_ATTR {
    for (size_t v = 0; v < kUnitVectors; ++v) {
      const size_t ahead = v * kLanes, unit = batch.owners[0].unit + ahead;
      if (batch.filled == 0 || unit >= u.units()) break;
      ForEachGroup(batch, v, ahead, std::min(kLanes, u.units() - unit), epilogue);
    }
    batch.filled = 0;
  };
  WithWeight(u, [&](auto weight) HWY_ATTR {
    const size_t bytes = u.bytes() + (input.sums != nullptr ? 0 : input.weight->bytes());
    ForEachPlace<decltype(weight)>(u, bytes, walk, rows, [&](const Place& place) HWY_ATTR {
      const size_t unit = place.panel * kUnitVectors * kLanes;
      const float* from = !kApart ? nullptr : restart == nullptr ? kZeros : restart + unit;
      // A panel that is not full has a batch of its own.
      const bool full = unit + kUnitVectors * kLanes <= u.units();
      if (!full) flush();
      WithVectorCount<kGates>(u, place.panel, [&](auto vectors) HWY_ATTR {
        RunPlace<decltype(vectors)::value, decltype(weight)>(
            u, input, h, place, kUnitVectors * kLanes, from, &batch, flush);
      });
      if (!full) flush();
    });
  });
  flush();
}

void RnnStepDispatch(const PackedMatrix& u, Function f, size_t rows, const StepInput& input,
                     const float* const* h, float* const* h_out, const PanelWalk& walk) {
  ForEachSum<1>(u, rows, input, h, walk,
                [&](const auto& at) SEQUENT_UNROLLED { FinishRnn(at, f, h_out); });
}

void LstmStepDispatch(const PackedMatrix& u, size_t rows, const StepInput& input,
                      const float* const* h, const float* const* c, float* const* c_out,
                      float* const* h_out, const PanelWalk& walk) {
  ForEachSum<4>(u, rows, input, h, walk,
                [&](const auto& at) SEQUENT_UNROLLED { FinishLstm(at, c, c_out, h_out); });
}

void GruAfterStepDispatch(const PackedMatrix& u, const float* bias_state_n, UpdateGate update,
                          size_t rows, const StepInput& input, const float* const* prepared_h,
                          const float* const* h, float* const* h_out, const PanelWalk& walk) {
  ForEachSum<3, true>(
      u, rows, input, prepared_h, walk,
      [&](const auto& at) SEQUENT_UNROLLED { FinishGruAfter(at, bias_state_n, update, h, h_out); },
      bias_state_n);
}

void GruBeforeGatesDispatch(const PackedMatrix& u_rz, size_t rows, const StepInput& input_rz,
                            const float* const* prepared_h, const float* const* h,
                            float* const* update_sums, float* const* reset_h,
                            const PanelWalk& walk) {
  ForEachSum<2>(u_rz, rows, input_rz, prepared_h, walk, [&](const auto& at) SEQUENT_UNROLLED {
    FinishGruBeforeGates(at, h, update_sums, reset_h);
  });
}

void GruBeforeStateDispatch(const PackedMatrix& u_n, UpdateGate update, size_t rows,
                            const StepInput& input_n, const float* const* prepared_reset_h,
                            const float* const* h, const float* const* update_sums,
                            float* const* h_out, const PanelWalk& walk) {
  ForEachSum<1>(u_n, rows, input_n, prepared_reset_h, walk, [&](const auto& at) SEQUENT_UNROLLED {
    FinishGruBeforeState(at, update, h, update_sums, h_out);
  });
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sequent::kernels {

HWY_EXPORT(RnnStepDispatch);
HWY_EXPORT(LstmStepDispatch);
HWY_EXPORT(GruAfterStepDispatch);
HWY_EXPORT(GruBeforeGatesDispatch);
HWY_EXPORT(GruBeforeStateDispatch);

void RnnStep(const PackedMatrix& u, Function f, size_t rows, const StepInput& input,
             const float* const* h, float* const* h_out, const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(RnnStepDispatch)(u, f, rows, input, h, h_out, walk);
}

void LstmStep(const PackedMatrix& u, size_t rows, const StepInput& input, const float* const* h,
              const float* const* c, float* const* c_out, float* const* h_out,
              const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(LstmStepDispatch)(u, rows, input, h, c, c_out, h_out, walk);
}

void GruAfterStep(const PackedMatrix& u, const float* bias_state_n, UpdateGate update, size_t rows,
                  const StepInput& input, const float* const* prepared_h, const float* const* h,
                  float* const* h_out, const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(GruAfterStepDispatch)
  (u, bias_state_n, update, rows, input, prepared_h, h, h_out, walk);
}

void GruBeforeGates(const PackedMatrix& u_rz, size_t rows, const StepInput& input_rz,
                    const float* const* prepared_h, const float* const* h,
                    float* const* update_sums, float* const* reset_h, const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(GruBeforeGatesDispatch)
  (u_rz, rows, input_rz, prepared_h, h, update_sums, reset_h, walk);
}

void GruBeforeState(const PackedMatrix& u_n, UpdateGate update, size_t rows,
                    const StepInput& input_n, const float* const* prepared_reset_h,
                    const float* const* h, const float* const* update_sums, float* const* h_out,
                    const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(GruBeforeStateDispatch)
  (u_n, update, rows, input_n, prepared_reset_h, h, update_sums, h_out, walk);
}

}  // namespace sequent::kernels
#endif  // HWY_ONCE
