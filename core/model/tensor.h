// Named arrays of float: the weights of one model in memory.
#ifndef SEQUENT_CORE_MODEL_TENSOR_H_
#define SEQUENT_CORE_MODEL_TENSOR_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "core/base/aligned.h"

namespace sequent {

struct Tensor {
  std::vector<size_t> shape;    // row-major
  AlignedVector<float> values;  // product of shape
};

// By name ("lstm1.weight_input"), in name order.
using TensorMap = std::map<std::string, Tensor>;

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_TENSOR_H_
