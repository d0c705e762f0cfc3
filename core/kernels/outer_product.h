// The weight gradient of y = W x, summed over rows.
//
// Each element is a sum in one fixed order, its value and then the rows' products, by multiply-adds
// (fused on targets that fuse): rows added in two calls give the same bits as in one. Thread
// safety: pure functions; scratch lives with the thread.
#ifndef SEQUENT_CORE_KERNELS_OUTER_PRODUCT_H_
#define SEQUENT_CORE_KERNELS_OUTER_PRODUCT_H_

#include <cstddef>

namespace sequent::kernels {

// dw[o, i] += sum over r = 0, 1, ... of dy[r][o] x[r][i]; dw is [outputs, inputs] row-major.
void AccumulateOuter(size_t rows, const float* const* dy, const float* const* x, size_t outputs,
                     size_t inputs, float* dw);

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_OUTER_PRODUCT_H_
