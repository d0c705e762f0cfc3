// Named arrays of numbers: the weights of one model in memory.
#ifndef SEQUENT_CORE_MODEL_TENSOR_H_
#define SEQUENT_CORE_MODEL_TENSOR_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "core/base/aligned.h"
#include "core/base/precision.h"

namespace sequent {

struct Tensor {
  std::vector<size_t> shape;    // row-major
  AlignedVector<float> values;  // product of shape

  // How a file stores the values. kBf16: each has 16 zero bits at its end. kInt8: a matrix whose
  // values are q * scales[row] for whole q of -127 .. 127.
  Precision stored = Precision::kFp32;
  std::vector<float> scales = {};  // kInt8: one per row, 0 or normal; else empty
};

// By name ("lstm1.weight_input"), in name order.
using TensorMap = std::map<std::string, Tensor>;

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_TENSOR_H_
