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

// Rows whose sums are put down before their epilogues run: many enough for the epilogues' chains of
// dependent instructions to overlap, few enough to stay in the first-level cache.
constexpr size_t kBatchRows = 24;
// Rows whose epilogues run side by side.
constexpr size_t kSideBySide = kRegisters == 32 ? 4 : 2;

// Sums of some rows under one panel: vector v of row r.
template <size_t V>
struct Batch {
  HWY_ALIGN float sums[kBatchRows][V * kLanes];
  float* rows[kBatchRows];

  Batch() {
    for (size_t r = 0; r < kBatchRows; ++r) rows[r] = sums[r];
  }
};

// N rows of a batch, for the epilogues.
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

// epilogue(BatchGroup) for the first `rows` rows of a batch, in groups; `units` begins with them.
template <size_t V, class Epilogue>
HWY_INLINE void ForEachGroup(const Batch<V>& batch, size_t rows, size_t vector, Units units,
                             const Epilogue& epilogue) {
  size_t first = 0;
  for (; first + kSideBySide <= rows; first += kSideBySide, units.row += kSideBySide) {
    epilogue(BatchGroup<kSideBySide, V>{batch, first, vector, units});
  }
  if (first == rows) return;
  WithRowCount<kSideBySide - 1>(rows - first, [&](auto count) HWY_ATTR {
    epilogue(BatchGroup<decltype(count)::value, V>{batch, first, vector, units});
  });
}

// Where a tile's sums start.
template <size_t V, typename Weight>
HWY_INLINE TileTask<V, Weight> BeginTile(const StepInput& input, const Place& place,
                                         const TilePlace& tile, size_t offset) {
  TileTask<V, Weight> task;
  task.offset = 0;
  if (input.sums != nullptr) {
    task.start = {.rows = input.sums + place.row + tile.row, .offset = offset};
  } else if (input.bias != nullptr) {
    task.start.same = input.bias + offset;
  }
  return task;
}

// Puts down input + U h for one place in pieces. All its rows fit the batch.
template <size_t V, typename Weight, size_t kBatchVectors>
HWY_INLINE void RunPlaceInPieces(const PackedMatrix& u, const StepInput& input,
                                 const float* const* h, const Place& place, const float* restart,
                                 Batch<kBatchVectors>* batch) {
  const size_t offset = place.panel * u.panel_width();
  const PackedMatrix& first = input.sums != nullptr ? u : *input.weight;
  const Weight* const next =
      place.next_panel == Place::kNone ? nullptr : first.panel<Weight>(place.next_panel);
  ForEachTile<V>(place.rows, [&](const TilePlace& tile) HWY_ATTR {
    TileTask<V, Weight> task = BeginTile<V, Weight>(input, place, tile, offset);
    task.to = batch->rows + tile.row;
    if (input.sums != nullptr) task.restart = restart;
    RunTileOf(tile.rows, task);
  });
  if (input.sums == nullptr) {
    AddInPieces<V, Weight>(*input.weight, place, input.x, u.panel<Weight>(place.panel), batch->rows,
                           0);
    if (restart != nullptr) {
      for (size_t r = 0; r < place.rows; ++r) {
        float* const last = batch->rows[r] + (V - 1) * kLanes;
        std::copy_n(last, kLanes, last + kLanes);
        std::copy_n(restart, kLanes, last);
      }
    }
  }
  AddInPieces<V, Weight>(u, place, h, next, batch->rows, 0);
}

// Puts down input + U h for the tiles of one place, and calls done(first row in the place, rows)
// whenever the batch is full. `restart`: see TileTask; the batch then has one vector more.
template <size_t V, typename Weight, size_t kBatchVectors, class Done>
HWY_INLINE void RunPlace(const PackedMatrix& u, const StepInput& input, const float* const* h,
                         const Place& place, const float* restart, Batch<kBatchVectors>* batch,
                         const Done& done) {
  if (BetterInPieces<V>(u, place.rows) && place.rows <= kBatchRows) {
    RunPlaceInPieces<V, Weight>(u, input, h, place, restart, batch);
    return done(0, place.rows);
  }
  size_t begin = 0;
  ForEachTile<V>(place.rows, [&](const TilePlace& tile) HWY_ATTR {
    TileTask<V, Weight> task =
        BeginTile<V, Weight>(input, place, tile, place.panel * u.panel_width());
    if (input.sums == nullptr) {
      task.first = ProductOf<Weight>(*input.weight, place, tile, input.x);
    }
    task.second = ProductOf<Weight>(u, place, tile, h);
    task.to = batch->rows + (tile.row - begin);
    task.restart = restart;
    RunTileOf(tile.rows, task);
    const size_t end = tile.row + tile.rows;
    if (end < place.rows && end - begin + kTileRows(V) <= kBatchRows) return;
    done(begin, end - begin);
    begin = end;
  });
}

// Calls epilogue(BatchGroup) for all rows and units of input + U h. `u` is in gate order.
// `restart`: where the last gate's state half starts from, [units] as in cells.h, if it is wanted
// apart: then a batch has one vector more.
template <size_t kGates, size_t kBatchVectors = kGates, class Epilogue>
HWY_INLINE void ForEachSum(const PackedMatrix& u, size_t rows, const StepInput& input,
                           const float* const* h, const PanelWalk& walk, const Epilogue& epilogue,
                           const float* restart = nullptr) {
  HWY_ALIGN static constexpr float kZeros[kLanes] = {};
  constexpr bool kApart = kBatchVectors > kGates;
  Batch<kBatchVectors> batch;
  WithWeight(u.precision(), [&](auto weight) HWY_ATTR {
    ForEachPlace(u, walk, rows, [&](const Place& place) HWY_ATTR {
      const size_t unit = place.panel * kLanes;
      const size_t n = std::min(kLanes, u.units() - unit);
      const float* from = !kApart ? nullptr : restart == nullptr ? kZeros : restart + unit;
      RunPlace<kGates, decltype(weight)>(
          u, input, h, place, from, &batch, [&](size_t first, size_t count) HWY_ATTR {
            ForEachGroup(batch, count, 0, Units{place.row + first, unit, n}, epilogue);
          });
    });
  });
}

// The same for matrices of one gate, whose panels hold up to four vectors of units.
template <class Epilogue>
HWY_INLINE void ForEachPlainSum(const PackedMatrix& u, size_t rows, const StepInput& input,
                                const float* const* h, const PanelWalk& walk,
                                const Epilogue& epilogue) {
  Batch<4> batch;
  WithWeight(u.precision(), [&](auto weight) HWY_ATTR {
    ForEachPlace(u, walk, rows, [&](const Place& place) HWY_ATTR {
      WithVectorCount<1>(u, place.panel, [&](auto vectors) HWY_ATTR {
        constexpr size_t V = decltype(vectors)::value;
        RunPlace<V, decltype(weight)>(
            u, input, h, place, nullptr, &batch, [&](size_t first, size_t count) HWY_ATTR {
              for (size_t v = 0; v < V; ++v) {
                const size_t unit = place.panel * u.panel_width() + v * kLanes;
                const size_t n = std::min(kLanes, u.units() - unit);
                ForEachGroup(batch, count, v, Units{place.row + first, unit, n}, epilogue);
              }
            });
      });
    });
  });
}

void RnnStepDispatch(const PackedMatrix& u, Function f, size_t rows, const StepInput& input,
                     const float* const* h, float* const* h_out, const PanelWalk& walk) {
  ForEachPlainSum(u, rows, input, h, walk,
                  [&](const auto& at) HWY_ATTR { FinishRnn(at, f, h_out); });
}

void LstmStepDispatch(const PackedMatrix& u, size_t rows, const StepInput& input,
                      const float* const* h, const float* const* c, float* const* c_out,
                      float* const* h_out, const PanelWalk& walk) {
  ForEachSum<4>(u, rows, input, h, walk,
                [&](const auto& at) HWY_ATTR { FinishLstm(at, c, c_out, h_out); });
}

void GruAfterStepDispatch(const PackedMatrix& u, const float* bias_state_n, UpdateGate update,
                          size_t rows, const StepInput& input, const float* const* h,
                          float* const* h_out, const PanelWalk& walk) {
  ForEachSum<3, 4>(
      u, rows, input, h, walk,
      [&](const auto& at) HWY_ATTR { FinishGruAfter(at, bias_state_n, update, h, h_out); },
      bias_state_n);
}

void GruBeforeGatesDispatch(const PackedMatrix& u_rz, size_t rows, const StepInput& input_rz,
                            const float* const* h, float* const* update_sums, float* const* reset_h,
                            const PanelWalk& walk) {
  ForEachSum<2>(u_rz, rows, input_rz, h, walk, [&](const auto& at) HWY_ATTR {
    FinishGruBeforeGates(at, h, update_sums, reset_h);
  });
}

void GruBeforeStateDispatch(const PackedMatrix& u_n, UpdateGate update, size_t rows,
                            const StepInput& input_n, const float* const* h,
                            const float* const* update_sums, const float* const* reset_h,
                            float* const* h_out, const PanelWalk& walk) {
  ForEachPlainSum(u_n, rows, input_n, reset_h, walk, [&](const auto& at) HWY_ATTR {
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
                  const StepInput& input, const float* const* h, float* const* h_out,
                  const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(GruAfterStepDispatch)(u, bias_state_n, update, rows, input, h, h_out, walk);
}

void GruBeforeGates(const PackedMatrix& u_rz, size_t rows, const StepInput& input_rz,
                    const float* const* h, float* const* update_sums, float* const* reset_h,
                    const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(GruBeforeGatesDispatch)
  (u_rz, rows, input_rz, h, update_sums, reset_h, walk);
}

void GruBeforeState(const PackedMatrix& u_n, UpdateGate update, size_t rows,
                    const StepInput& input_n, const float* const* h,
                    const float* const* update_sums, const float* const* reset_h,
                    float* const* h_out, const PanelWalk& walk) {
  HWY_DYNAMIC_DISPATCH(GruBeforeStateDispatch)
  (u_n, update, rows, input_n, h, update_sums, reset_h, h_out, walk);
}

}  // namespace sequent::kernels
#endif  // HWY_ONCE
