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

// Which rows and units an epilogue is for.
struct Units {
  size_t in_batch;  // the first row's place there
  size_t row;       // the first row
  size_t unit, n;   // units unit .. unit + n - 1
  size_t vector;    // of the batch, where a panel holds several vectors of units
};

// N rows' vector v of the batch.
template <size_t N, size_t V>
HWY_INLINE Group<N> SumsOf(const Batch<V>& batch, const Units& units, size_t v) {
  return Each<N>([&](size_t i) HWY_ATTR {
    return hn::Load(Floats(), batch.sums[units.in_batch + i] + v * kLanes);
  });
}
// N rows' units; and back.
template <size_t N>
HWY_INLINE Group<N> LoadUnits(const float* const* rows, const Units& units) {
  return Each<N>([&](size_t i)
                     HWY_ATTR { return LoadPart(rows[units.row + i] + units.unit, units.n); });
}
template <size_t N>
HWY_INLINE void StoreUnits(const Group<N>& values, float* const* rows, const Units& units) {
  for (size_t i = 0; i < N; ++i) StorePart(values[i], rows[units.row + i] + units.unit, units.n);
}

// epilogue(RowCount<N>, Units) for `rows` rows from `units` on.
template <class Epilogue>
HWY_INLINE void ForEachGroup(size_t rows, Units units, const Epilogue& epilogue) {
  for (; rows >= kSideBySide; rows -= kSideBySide) {
    epilogue(RowCount<kSideBySide>(), units);
    units.in_batch += kSideBySide;
    units.row += kSideBySide;
  }
  if (rows == 0) return;
  WithRowCount<kSideBySide - 1>(rows, [&](auto count) HWY_ATTR { epilogue(count, units); });
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

// For matrices in gate order: calls epilogue(batch, RowCount<N>, Units) for all rows and units.
template <size_t kGates, class Epilogue>
HWY_INLINE void ForEachSum(const PackedMatrix& u, size_t rows, const StepInput& input,
                           const float* const* h, const PanelWalk& walk, const Epilogue& epilogue) {
  Batch<kGates> batch;
  WithWeight(u.precision(), [&](auto weight) HWY_ATTR {
    ForEachPlace(u, walk, rows, [&](const Place& place) HWY_ATTR {
      const size_t unit = place.panel * kLanes;
      const size_t n = std::min(kLanes, u.units() - unit);
      RunPlace<kGates, decltype(weight)>(
          u, input, h, place, nullptr, &batch, [&](size_t first, size_t count) HWY_ATTR {
            ForEachGroup(count, Units{0, place.row + first, unit, n, 0},
                         [&](auto group, const Units& units)
                             HWY_ATTR { epilogue(batch, group, units); });
          });
    });
  });
}

// For matrices of one gate, whose panels hold up to four vectors of units.
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
                ForEachGroup(count, Units{0, place.row + first, unit, n, v},
                             [&](auto group, const Units& units)
                                 HWY_ATTR { epilogue(batch, group, units); });
              }
            });
      });
    });
  });
}

void RnnStepDispatch(const PackedMatrix& u, Function f, size_t rows, const StepInput& input,
                     const float* const* h, float* const* h_out, const PanelWalk& walk) {
  ForEachPlainSum(u, rows, input, h, walk,
                  [&](const Batch<4>& batch, auto group, const Units& units) HWY_ATTR {
                    constexpr size_t N = decltype(group)::value;
                    Group<N> sums = SumsOf<N>(batch, units, units.vector);
                    WithFunction(f, [&](auto function) HWY_ATTR {
                      constexpr Function kFunction = decltype(function)::value;
                      for (Vec& sum : sums.at) sum = Apply<kFunction>(sum);
                    });
                    StoreUnits(sums, h_out, units);
                  });
}

void LstmStepDispatch(const PackedMatrix& u, size_t rows, const StepInput& input,
                      const float* const* h, const float* const* c, float* const* c_out,
                      float* const* h_out, const PanelWalk& walk) {
  ForEachSum<4>(
      u, rows, input, h, walk, [&](const Batch<4>& batch, auto group, const Units& units) HWY_ATTR {
        constexpr size_t N = decltype(group)::value;
        const LstmState<N> next = LstmEpilogue(
            SumsOf<N>(batch, units, 0), SumsOf<N>(batch, units, 1), SumsOf<N>(batch, units, 2),
            SumsOf<N>(batch, units, 3), LoadUnits<N>(c, units));
        StoreUnits(next.c, c_out, units);
        StoreUnits(next.h, h_out, units);
      });
}

// The candidate needs its input half and its state half apart: the input half is put aside as the
// batch's fourth vector, and the state half starts from its own bias.
void GruAfterStepDispatch(const PackedMatrix& u, const float* bias_state_n, UpdateGate update,
                          size_t rows, const StepInput& input, const float* const* h,
                          float* const* h_out, const PanelWalk& walk) {
  HWY_ALIGN static constexpr float kZeros[kLanes] = {};
  Batch<4> batch;
  WithWeight(u.precision(), [&](auto weight) HWY_ATTR {
    ForEachPlace(u, walk, rows, [&](const Place& place) HWY_ATTR {
      const size_t unit = place.panel * kLanes;
      const size_t n = std::min(kLanes, u.units() - unit);
      const float* restart = bias_state_n == nullptr ? kZeros : bias_state_n + unit;
      RunPlace<3, decltype(weight)>(
          u, input, h, place, restart, &batch, [&](size_t first, size_t count) HWY_ATTR {
            ForEachGroup(count, Units{0, place.row + first, unit, n, 0},
                         [&](auto group, const Units& units) HWY_ATTR {
                           constexpr size_t N = decltype(group)::value;
                           const Group<N> candidate =
                               SumsOf<N>(batch, units, 3) +
                               Sigmoid(SumsOf<N>(batch, units, 0)) * SumsOf<N>(batch, units, 2);
                           StoreUnits(GruUpdate(update, SumsOf<N>(batch, units, 1), candidate,
                                                LoadUnits<N>(h, units)),
                                      h_out, units);
                         });
          });
    });
  });
}

void GruBeforeGatesDispatch(const PackedMatrix& u_rz, size_t rows, const StepInput& input_rz,
                            const float* const* h, float* const* update_sums, float* const* reset_h,
                            const PanelWalk& walk) {
  ForEachSum<2>(u_rz, rows, input_rz, h, walk,
                [&](const Batch<2>& batch, auto group, const Units& units) HWY_ATTR {
                  constexpr size_t N = decltype(group)::value;
                  StoreUnits(Sigmoid(SumsOf<N>(batch, units, 0)) * LoadUnits<N>(h, units), reset_h,
                             units);
                  StoreUnits(SumsOf<N>(batch, units, 1), update_sums, units);
                });
}

void GruBeforeStateDispatch(const PackedMatrix& u_n, UpdateGate update, size_t rows,
                            const StepInput& input_n, const float* const* h,
                            const float* const* update_sums, const float* const* reset_h,
                            float* const* h_out, const PanelWalk& walk) {
  ForEachPlainSum(u_n, rows, input_n, reset_h, walk,
                  [&](const Batch<4>& batch, auto group, const Units& units) HWY_ATTR {
                    constexpr size_t N = decltype(group)::value;
                    StoreUnits(
                        GruUpdate(update, LoadUnits<N>(update_sums, units),
                                  SumsOf<N>(batch, units, units.vector), LoadUnits<N>(h, units)),
                        h_out, units);
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
