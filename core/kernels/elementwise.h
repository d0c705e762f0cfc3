// Activations and softmax over arrays.
//
// sigmoid and tanh: absolute error <= 2e-7 against libm in double, over all floats; the same
// instruction sequence in all lanes and tails, so an element's result does not depend on where it
// stands. Arrays need not be aligned; `y` may equal `x`. Thread safety: pure functions.
#ifndef SEQUENT_CORE_KERNELS_ELEMENTWISE_H_
#define SEQUENT_CORE_KERNELS_ELEMENTWISE_H_

#include <cstddef>

#include "core/kernels/cells.h"

namespace sequent::kernels {

void Activate(Function f, size_t n, const float* x, float* y);

// y[i] = exp(x[i] - max) / sum. Here and below n >= 1, and sums run in double, in an order that n
// and the target alone decide.
void Softmax(size_t n, const float* x, float* y);

// y[i] = scale exp(x[i] - max) / sum, and returns log(sum exp(x[i])): what a loss and its gradient
// are made of.
double ScaledSoftmax(size_t n, const float* x, double scale, float* y);

// log(sum exp(x[i])), computed stably.
double LogSumExp(size_t n, const float* x);

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_ELEMENTWISE_H_
