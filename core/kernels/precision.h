// How the weights of a matrix product are stored, and with it the arithmetic of the product.
//
//   fp32  float weights, float sums
//   bf16  float sums over weights that keep 8 bits of mantissa: half the bytes to stream
//   int8  integer sums over quantised weights and inputs: int8_matrix.h
//
// One precision is one arithmetic: its bits do not depend on the batch, the chunk or the threads.
#ifndef SEQUENT_CORE_KERNELS_PRECISION_H_
#define SEQUENT_CORE_KERNELS_PRECISION_H_

#include "core/base/precision.h"

namespace sequent::kernels {

using sequent::Precision;

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_PRECISION_H_
