// product.h and cells.h over whole numbers.
//
// y = bias + s_x s_w (sum of q_x q_w), the sum in brackets exact: it does not depend on its order.
// Everything else is as there: batch invariance, who owns what, what may overlap, walks. Rows that
// go into a product have been quantised (int8_rows.h); those that only an epilogue reads are
// floats. Sums are exact up to kInt8MaxInputs inputs.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_KERNELS_INT8_PRODUCT_H_
#define SEQUENT_CORE_KERNELS_INT8_PRODUCT_H_

#include <cstddef>

#include "core/kernels/cells.h"
#include "core/kernels/int8_matrix.h"
#include "core/kernels/int8_rows.h"
#include "core/kernels/panel_walk.h"

namespace sequent::kernels {

// y[r] = bias + W x[r]. A Pack'ed matrix writes exactly w.outputs() floats to y[r], a PackGates'ed
// one w.packed_width() floats in packed order. `bias`: packed, or nullptr.
void Product(const Int8Matrix& w, size_t rows, const Int8Rows& x, const float* bias,
             float* const* y, const PanelWalk& walk = {});

// The input half of a step: as Product left it, or still to be worked out on the way. Both give the
// same bits.
struct Int8StepInput {
  // `sums[r]`: packed order, packed_width() floats.
  static Int8StepInput Ready(const float* const* sums) { return {sums, nullptr, nullptr, {}}; }
  // bias + W x[r]. `weight` has the same outputs and gates as the recurrent matrix.
  static Int8StepInput Of(const Int8Matrix* weight, const float* bias, const Int8Rows& x) {
    return {nullptr, weight, bias, x};
  }

  const float* const* sums;
  const Int8Matrix* weight;
  const float* bias;
  Int8Rows x;
};

// As their namesakes in cells.h; `qh`, `q_reset_h`: h and r h, quantised.
void RnnStep(const Int8Matrix& u, Function f, size_t rows, const Int8StepInput& input,
             const Int8Rows& qh, float* const* h_out, const PanelWalk& walk = {});
void LstmStep(const Int8Matrix& u, size_t rows, const Int8StepInput& input, const Int8Rows& qh,
              const float* const* c, float* const* c_out, float* const* h_out,
              const PanelWalk& walk = {});
void GruAfterStep(const Int8Matrix& u, const float* bias_state_n, UpdateGate update, size_t rows,
                  const Int8StepInput& input, const Int8Rows& qh, const float* const* h,
                  float* const* h_out, const PanelWalk& walk = {});
void GruBeforeGates(const Int8Matrix& u_rz, size_t rows, const Int8StepInput& input_rz,
                    const Int8Rows& qh, const float* const* h, float* const* update_sums,
                    float* const* reset_h, const PanelWalk& walk = {});
void GruBeforeState(const Int8Matrix& u_n, UpdateGate update, size_t rows,
                    const Int8StepInput& input_n, const Int8Rows& q_reset_h, const float* const* h,
                    const float* const* update_sums, float* const* h_out,
                    const PanelWalk& walk = {});

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_INT8_PRODUCT_H_
