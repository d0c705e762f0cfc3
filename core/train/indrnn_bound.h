// Keeps every recurrent weight of indrnn layers that are trained within |u| <= 2^(1/T): over T
// steps a state grows at most twofold (Li et al. 2018). T is initialization.indrnn; 0: no bound.
//
// Thread safety: immutable after construction.
#ifndef SEQUENT_CORE_TRAIN_INDRNN_BOUND_H_
#define SEQUENT_CORE_TRAIN_INDRNN_BOUND_H_

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "core/train/gradients.h"
#include "core/train/network.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

template <typename T>
class IndRnnBound {
 public:
  IndRnnBound(const Network<T>& network, const v1::TrainOptions& options) {
    if (options.initialization().indrnn() == 0) return;
    limit_ = static_cast<T>(std::exp2(1.0 / options.initialization().indrnn()));
    for (const Node& node : network.graph().nodes) {
      if (node.kind != NodeKind::kIndRnn) continue;
      for (size_t i = 0; i < network.table().size(); ++i) {
        const TensorSpec& spec = network.table()[i];
        if (spec.name != node.name + ".recurrent" || IsFrozen(spec, options)) continue;
        vectors_.push_back({network.offset(i), node.units});
      }
    }
  }

  // After an update of the network's parameters.
  void Apply(std::vector<T>* parameters) const {
    for (const Vector& vector : vectors_) {
      T* u = parameters->data() + vector.offset;
      for (size_t j = 0; j < vector.size; ++j) u[j] = std::clamp(u[j], -limit_, limit_);
    }
  }

 private:
  struct Vector {
    size_t offset, size;
  };
  T limit_ = T(0);
  std::vector<Vector> vectors_;
};

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_INDRNN_BOUND_H_
