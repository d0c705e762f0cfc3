// One time step of a recurrent cell for a batch of rows: the recurrent product with the cell's
// epilogue fused onto it.
//
// `input[r]` is the input half, W x + b, as Product(PackGates'ed W, kBias) left it: packed order,
// packed_width() floats. The recurrent half continues those very sums. State rows are unpacked
// vectors of `units` floats, given by address. `h_out[r]` must not overlap any row of `h` (all
// panels of the step read h); `c_out[r]` may equal `c[r]`. Optional outputs (nullptr = none) serve
// the trainer's tape.
//
// Same batch invariance as product.h. Equations and gate orders: docs of the model file
// (proto/sequent/v1/model.proto). Thread safety: pure functions; scratch is passed in.
#ifndef SEQUENT_CORE_KERNELS_CELLS_H_
#define SEQUENT_CORE_KERNELS_CELLS_H_

#include <cstddef>

#include "core/kernels/packed_matrix.h"

namespace sequent::kernels {

enum class Function { kIdentity, kTanh, kSigmoid, kRelu, kLeakyRelu /* slope 0.01 */ };

// h' = f(input + U h).  u: PackGates(gates = 1).
void RnnStep(const PackedMatrix& u, Function f, size_t rows, const float* const* input,
             const float* const* h, float* const* h_out);

// LSTM, gates i, f, g, o.  c' = s(f) c + s(i) tanh(g); h' = s(o) tanh(c').  u: PackGates(gates =
// 4). gates_out[r]: the activated gates, gate-major [4 x units].
void LstmStep(const PackedMatrix& u, size_t rows, const float* const* input, const float* const* h,
              const float* const* c, float* const* c_out, float* const* h_out,
              float* const* gates_out);

enum class UpdateGate {
  kKeepOld,  // h' = (1 - z) n + z h
  kTakeNew,  // h' = (1 - z) h + z n
};

// GRU, reset after, gates r, z, n.  n = tanh(input_n + r (U_n h + b'_n)).  u: PackGates(gates = 3).
// `bias_state_n`: b'_n, [units] padded with zeros to a multiple of kMaxLanes, or nullptr; the parts
// of the state bias for r and z belong into the input half. gates_out[r]: activated r, z, n, and
// U_n h + b'_n, gate-major [4 x units].
void GruAfterStep(const PackedMatrix& u, const float* bias_state_n, UpdateGate update, size_t rows,
                  const float* const* input, const float* const* h, float* const* h_out,
                  float* const* gates_out);

// GRU, reset before.  n = tanh(input_n + U_n (r h)).  u_rz: PackGates(gates = 2) of rows r, z;
// u_n: PackGates(gates = 1). `input_rz`, `input_n`: the input halves for those two matrices'
// orders. `scratch_rz[r]`: 2 x units floats (left: activated r, z), `scratch_rh[r]`: units floats
// (left: r h). n_out[r]: activated n [units], or nullptr.
void GruBeforeStep(const PackedMatrix& u_rz, const PackedMatrix& u_n, UpdateGate update,
                   size_t rows, const float* const* input_rz, const float* const* input_n,
                   const float* const* h, float* const* scratch_rz, float* const* scratch_rh,
                   float* const* h_out, float* const* n_out);

inline constexpr size_t kMaxLanes = 16;

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_CELLS_H_
