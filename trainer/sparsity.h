// How many of a model's weights are 0.
//
// Thread safety: pure functions.
#ifndef SEQUENT_TRAINER_SPARSITY_H_
#define SEQUENT_TRAINER_SPARSITY_H_

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/model/tensor.h"
#include "sequent/v1/model.pb.h"

namespace sequent {

struct TensorSparsity {
  std::string name;
  size_t weights = 0, zeros = 0;
  double share() const { return static_cast<double>(zeros) / static_cast<double>(weights); }
};

// Of every tensor that pruning may touch, in the order of the tensor table.
StatusOr<std::vector<TensorSparsity>> CountZeros(const v1::ModelConfig& config,
                                                 const TensorMap& tensors);

// A line per tensor and one for all of them, for people.
std::string DescribeSparsity(const std::vector<TensorSparsity>& tensors);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_SPARSITY_H_
