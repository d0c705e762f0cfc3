// The recurrent half of a step and the cell's epilogue, in one pass over the panels.
//
// A register tile starts from the input half, takes the sums over h, and is then, per unit, all the
// gates side by side: the epilogue runs on registers and writes only the new state. All panels read
// h, so h' goes to rows of its own.
#include "core/kernels/cells.h"

#include <algorithm>

#include "core/kernels/elementwise.h"
#include "core/kernels/targets.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "core/kernels/cells.cc"
#include <hwy/foreach_target.h>
// After foreach_target:
#include <hwy/highway.h>

#include "core/kernels/math-inl.h"
#include "core/kernels/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace sequent::kernels::HWY_NAMESPACE {

// Rows whose states stay in the cache while all panels pass over them.
constexpr size_t kRowBlock = 96;

// Calls epilogue(tile, tile_rows, row, panel) for every tile of input + U h, V vectors wide.
template <size_t V, class Epilogue>
HWY_INLINE void ForEachSum(const PackedMatrix& u, size_t rows, const float* const* input,
                           const float* const* h, const Epilogue& epilogue) {
  for (size_t block = 0; block < rows; block += kRowBlock) {
    const size_t count = std::min(kRowBlock, rows - block);
    for (size_t p = 0; p < u.panels(); ++p) {
      ForEachTile(count, [&](auto tile_rows, size_t first) HWY_ATTR {
        const size_t row = block + first;
        Tile<decltype(tile_rows)::value, V> tile;
        tile.Load(input + row, p * V * kLanes);
        tile.MultiplyAdd(u.panel(p), h + row, 0, u.inputs());
        epilogue(tile, tile_rows, row, p);
      });
    }
  }
}

// For one unit group: calls body(r, vectors of the row's gates, first unit, units in the group).
template <size_t V, class Body>
HWY_INLINE void ForEachUnitGroup(const PackedMatrix& u, size_t rows, const float* const* input,
                                 const float* const* h, const Body& body) {
  ForEachSum<V>(u, rows, input, h,
                [&](const auto& tile, auto tile_rows, size_t row, size_t p) HWY_ATTR {
                  const size_t unit = p * kLanes;
                  const size_t n = std::min(kLanes, u.units() - unit);
                  for (size_t r = 0; r < decltype(tile_rows)::value; ++r) {
                    body(row + r, tile.acc[r], unit, n);
                  }
                });
}

void RnnStepDispatch(const PackedMatrix& u, Function f, size_t rows, const float* const* input,
                     const float* const* h, float* const* h_out) {
  WithFunction(f, [&](auto function) HWY_ATTR {
    ForEachSum<4>(
        u, rows, input, h, [&](const auto& tile, auto tile_rows, size_t row, size_t p) HWY_ATTR {
          for (size_t v = 0; v < 4; ++v) {
            const size_t unit = (p * 4 + v) * kLanes;
            if (unit >= u.units()) return;
            const size_t n = std::min(kLanes, u.units() - unit);
            for (size_t r = 0; r < decltype(tile_rows)::value; ++r) {
              StorePart(Apply<decltype(function)::value>(tile.acc[r][v]), h_out[row + r] + unit, n);
            }
          }
        });
  });
}

void LstmStepDispatch(const PackedMatrix& u, size_t rows, const float* const* input,
                      const float* const* h, const float* const* c, float* const* c_out,
                      float* const* h_out, float* const* gates_out) {
  const size_t units = u.units();
  ForEachUnitGroup<4>(u, rows, input, h,
                      [&](size_t row, const Vec(&gates)[4], size_t unit, size_t n) HWY_ATTR {
                        const Vec i = Sigmoid(gates[0]), f = Sigmoid(gates[1]);
                        const Vec g = Tanh(gates[2]), o = Sigmoid(gates[3]);
                        const Vec next_c = hn::MulAdd(f, LoadPart(c[row] + unit, n), hn::Mul(i, g));
                        StorePart(next_c, c_out[row] + unit, n);
                        StorePart(hn::Mul(o, Tanh(next_c)), h_out[row] + unit, n);
                        if (gates_out == nullptr) return;
                        float* to = gates_out[row] + unit;
                        StorePart(i, to, n);
                        StorePart(f, to + units, n);
                        StorePart(g, to + 2 * units, n);
                        StorePart(o, to + 3 * units, n);
                      });
}

HWY_INLINE Vec Update(UpdateGate update, Vec z, Vec n, Vec h) {
  // (1 - z) a + z b = a + z (b - a)
  const Vec a = update == UpdateGate::kKeepOld ? n : h;
  const Vec b = update == UpdateGate::kKeepOld ? h : n;
  return hn::MulAdd(z, hn::Sub(b, a), a);
}

// n needs its input half and its state half apart, so its tile column starts from the state bias
// and the input half comes in with the epilogue.
template <size_t R>
HWY_INLINE void LoadGruAfter(Tile<R, 3>* tile, const float* const* input, const float* bias,
                             size_t panel, size_t n) {
  for (size_t r = 0; r < R; ++r) {
    for (size_t v = 0; v < 2; ++v) {
      tile->acc[r][v] = hn::LoadU(Floats(), input[r] + (panel * 3 + v) * kLanes);
    }
    tile->acc[r][2] = bias == nullptr ? hn::Zero(Floats()) : LoadPart(bias + panel * kLanes, n);
  }
}

void GruAfterStepDispatch(const PackedMatrix& u, const float* bias_state_n, UpdateGate update,
                          size_t rows, const float* const* input, const float* const* h,
                          float* const* h_out, float* const* gates_out) {
  const size_t units = u.units();
  const auto epilogue = [&](size_t row, const Vec(&sums)[3], size_t unit, size_t n) HWY_ATTR {
    const Vec r = Sigmoid(sums[0]), z = Sigmoid(sums[1]);
    const Vec input_n = hn::LoadU(Floats(), input[row] + (unit / kLanes * 3 + 2) * kLanes);
    const Vec candidate = Tanh(hn::MulAdd(r, sums[2], input_n));
    StorePart(Update(update, z, candidate, LoadPart(h[row] + unit, n)), h_out[row] + unit, n);
    if (gates_out == nullptr) return;
    float* to = gates_out[row] + unit;
    StorePart(r, to, n);
    StorePart(z, to + units, n);
    StorePart(candidate, to + 2 * units, n);
    StorePart(sums[2], to + 3 * units, n);
  };
  for (size_t block = 0; block < rows; block += kRowBlock) {
    const size_t count = std::min(kRowBlock, rows - block);
    for (size_t p = 0; p < u.panels(); ++p) {
      const size_t unit = p * kLanes;
      const size_t n = std::min(kLanes, units - unit);
      ForEachTile(count, [&](auto tile_rows, size_t first) HWY_ATTR {
        constexpr size_t kRows = decltype(tile_rows)::value;
        const size_t row = block + first;
        Tile<kRows, 3> tile;
        LoadGruAfter(&tile, input + row, bias_state_n, p, n);
        tile.MultiplyAdd(u.panel(p), h + row, 0, u.inputs());
        for (size_t r = 0; r < kRows; ++r) epilogue(row + r, tile.acc[r], unit, n);
      });
    }
  }
}

void GruBeforeStepDispatch(const PackedMatrix& u_rz, const PackedMatrix& u_n, UpdateGate update,
                           size_t rows, const float* const* input_rz, const float* const* input_n,
                           const float* const* h, float* const* scratch_rz,
                           float* const* scratch_rh, float* const* h_out, float* const* n_out) {
  const size_t units = u_n.units();
  ForEachUnitGroup<2>(u_rz, rows, input_rz, h,
                      [&](size_t row, const Vec(&gates)[2], size_t unit, size_t n) HWY_ATTR {
                        const Vec r = Sigmoid(gates[0]);
                        StorePart(r, scratch_rz[row] + unit, n);
                        StorePart(Sigmoid(gates[1]), scratch_rz[row] + units + unit, n);
                        StorePart(hn::Mul(r, LoadPart(h[row] + unit, n)), scratch_rh[row] + unit,
                                  n);
                      });
  ForEachSum<4>(u_n, rows, input_n, scratch_rh,
                [&](const auto& tile, auto tile_rows, size_t row, size_t p) HWY_ATTR {
                  for (size_t v = 0; v < 4; ++v) {
                    const size_t unit = (p * 4 + v) * kLanes;
                    if (unit >= units) return;
                    const size_t n = std::min(kLanes, units - unit);
                    for (size_t r = 0; r < decltype(tile_rows)::value; ++r) {
                      const Vec candidate = Tanh(tile.acc[r][v]);
                      const Vec z = LoadPart(scratch_rz[row + r] + units + unit, n);
                      const Vec old = LoadPart(h[row + r] + unit, n);
                      StorePart(Update(update, z, candidate, old), h_out[row + r] + unit, n);
                      if (n_out != nullptr) StorePart(candidate, n_out[row + r] + unit, n);
                    }
                  }
                });
}

}  // namespace sequent::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace sequent::kernels {

HWY_EXPORT(RnnStepDispatch);
HWY_EXPORT(LstmStepDispatch);
HWY_EXPORT(GruAfterStepDispatch);
HWY_EXPORT(GruBeforeStepDispatch);

void RnnStep(const PackedMatrix& u, Function f, size_t rows, const float* const* input,
             const float* const* h, float* const* h_out) {
  HWY_DYNAMIC_DISPATCH(RnnStepDispatch)(u, f, rows, input, h, h_out);
}

void LstmStep(const PackedMatrix& u, size_t rows, const float* const* input, const float* const* h,
              const float* const* c, float* const* c_out, float* const* h_out,
              float* const* gates_out) {
  HWY_DYNAMIC_DISPATCH(LstmStepDispatch)(u, rows, input, h, c, c_out, h_out, gates_out);
}

void GruAfterStep(const PackedMatrix& u, const float* bias_state_n, UpdateGate update, size_t rows,
                  const float* const* input, const float* const* h, float* const* h_out,
                  float* const* gates_out) {
  HWY_DYNAMIC_DISPATCH(GruAfterStepDispatch)
  (u, bias_state_n, update, rows, input, h, h_out, gates_out);
}

void GruBeforeStep(const PackedMatrix& u_rz, const PackedMatrix& u_n, UpdateGate update,
                   size_t rows, const float* const* input_rz, const float* const* input_n,
                   const float* const* h, float* const* scratch_rz, float* const* scratch_rh,
                   float* const* h_out, float* const* n_out) {
  HWY_DYNAMIC_DISPATCH(GruBeforeStepDispatch)
  (u_rz, u_n, update, rows, input_rz, input_n, h, scratch_rz, scratch_rh, h_out, n_out);
}

}  // namespace sequent::kernels
#endif  // HWY_ONCE
