// One time step of a recurrent cell for a batch of rows: products and epilogue in one pass.
//
// Sums start from the input half, W x + b, and go on with the recurrent half; gates, state and
// output are worked out while the sums are still in registers. State rows are unpacked vectors of
// `units` floats, given by address. `h_out[r]` must not overlap any row of `h` (all panels of the
// step read h); `c_out[r]` may equal `c[r]`.
//
// For matrices with triples (winograd.h) what goes into a product, x and h, is prepared; GRUs take
// h as it is beside that.
//
// Same batch invariance as product.h, and it makes no difference where the input half was worked
// out. Equations and gate orders: docs of the model file (proto/sequent/v1/model.proto). Thread
// safety: pure functions; scratch is passed in. A walk over part of the panels sets only their
// units, so threads may share a step.
#ifndef SEQUENT_CORE_KERNELS_CELLS_H_
#define SEQUENT_CORE_KERNELS_CELLS_H_

#include <cstddef>

#include "core/kernels/packed_matrix.h"
#include "core/kernels/panel_walk.h"

namespace sequent::kernels {

inline constexpr size_t kMaxLanes = 16;

enum class Function { kIdentity, kTanh, kSigmoid, kRelu, kLeakyRelu /* slope 0.01 */ };

// The input half of a step: as Product(weight, kBias) left it, or still to be worked out on the
// way.
struct StepInput {
  // `sums[r]`: packed order, packed_width() floats.
  static StepInput Ready(const float* const* sums) { return {sums, nullptr, nullptr, nullptr}; }
  // bias + W x[r]. `weight` has the same outputs, gates and precision as the recurrent matrix;
  // `bias` is packed, or nullptr.
  static StepInput Of(const PackedMatrix* weight, const float* bias, const float* const* x) {
    return {nullptr, weight, bias, x};
  }

  const float* const* sums;
  const PackedMatrix* weight;
  const float* bias;
  const float* const* x;
};

// h' = f(input + U h).  u: PackGates(gates = 1).
void RnnStep(const PackedMatrix& u, Function f, size_t rows, const StepInput& input,
             const float* const* h, float* const* h_out, const PanelWalk& walk = {});

// LSTM, gates i, f, g, o.  c' = s(f) c + s(i) tanh(g); h' = s(o) tanh(c').  u: PackGates(gates =
// 4).
void LstmStep(const PackedMatrix& u, size_t rows, const StepInput& input, const float* const* h,
              const float* const* c, float* const* c_out, float* const* h_out,
              const PanelWalk& walk = {});

enum class UpdateGate {
  kKeepOld,  // h' = (1 - z) n + z h
  kTakeNew,  // h' = (1 - z) h + z n
};

// GRU, reset after, gates r, z, n.  n = tanh(input_n + r (U_n h + b'_n)).  u: PackGates(gates = 3).
// `bias_state_n`: b'_n, [units] padded with zeros to a multiple of kMaxLanes, or nullptr; the parts
// of the state bias for r and z belong into the input half.
void GruAfterStep(const PackedMatrix& u, const float* bias_state_n, UpdateGate update, size_t rows,
                  const StepInput& input, const float* const* prepared_h, const float* const* h,
                  float* const* h_out, const PanelWalk& walk = {});

// GRU, reset before, in two halves, since the candidate needs all of r h:
//   z' = input_z + U_z h, rh = s(input_r + U_r h) h.  u_rz: PackGates(gates = 2) of rows r, z.
//   h' from z = s(z') and n = tanh(input_n + U_n rh).  u_n: PackGates(gates = 1).
// `update_sums[r]` (z') and `reset_h[r]` (rh): units floats.
void GruBeforeGates(const PackedMatrix& u_rz, size_t rows, const StepInput& input_rz,
                    const float* const* prepared_h, const float* const* h,
                    float* const* update_sums, float* const* reset_h, const PanelWalk& walk = {});
void GruBeforeState(const PackedMatrix& u_n, UpdateGate update, size_t rows,
                    const StepInput& input_n, const float* const* prepared_reset_h,
                    const float* const* h, const float* const* update_sums, float* const* h_out,
                    const PanelWalk& walk = {});

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_CELLS_H_
