// Weights in fewer bits: how tensors are rounded to a precision, and which ones are.
//
// int8 is symmetric with one scale per row of a matrix (an output of y = W x): scale = max |w| /
// 127, q = w / scale rounded to nearest even. Rounding what is already of that precision changes
// nothing, so a model rounded when it is loaded is the model rounded when it was stored.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_MODEL_QUANTIZE_H_
#define SEQUENT_CORE_MODEL_QUANTIZE_H_

#include <cstdint>
#include <vector>

#include "core/base/status.h"
#include "core/model/tensor.h"
#include "core/model/tensor_table.h"

namespace sequent {

// Largest |q| of int8.
inline constexpr int kInt8Max = 127;

// The nearest float whose lower 16 bits are zero, ties to even; finite values stay finite.
float RoundToBf16(float value);

// The whole number that value / scale is, to nearest even; 0 if scale is 0.
int8_t Int8Of(float value, float scale);

// A tensor with its values rounded. kInt8 takes matrices only.
Tensor Rounded(const Tensor& tensor, Precision precision);

// Rounds every tensor to what a model of this precision stores (StoredAs of tensor_table.h).
// `tensors` must have passed CheckTensors; those of another precision are rounded from the values
// they have.
void RoundTensors(const std::vector<TensorSpec>& table, Precision precision, TensorMap* tensors);

// OK if the values are what `stored` and `scales` promise; else what was expected, and what is
// there.
Status CheckRounded(const Tensor& tensor);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_QUANTIZE_H_
