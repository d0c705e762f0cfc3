// Update rules and learning-rate schedules.
//
// Adam: Kingma and Ba 2015, with decoupled weight decay as in AdamW (Loshchilov and Hutter 2019).
// SGD with momentum and Nesterov's form as in PyTorch: buffer = momentum x buffer + gradient.
// Thread safety: one user at a time.
#ifndef SEQUENT_CORE_TRAIN_OPTIMIZER_H_
#define SEQUENT_CORE_TRAIN_OPTIMIZER_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sequent/v1/train.pb.h"

namespace sequent::train {

template <typename T>
class Optimizer {
 public:
  // `options` as ResolveTrainOptions left them.
  Optimizer(const v1::Optimizer& options, size_t parameters);
  // Update number `update` (from 1) with learning rate `lr`. `gradients` is used as scratch.
  void Step(uint64_t update, double lr, std::vector<T>* parameters, std::vector<T>* gradients);
  // Everything it remembers, for checkpoints: one or two vectors of `parameters` values.
  std::vector<std::vector<T>>& slots() { return slots_; }

 private:
  const v1::Optimizer options_;
  std::vector<std::vector<T>> slots_;
};

double BaseLearningRate(const v1::Optimizer& options);

// The rate of update `update` (from 1) of `updates`.
double LearningRate(const v1::Schedule& schedule, double base, uint64_t update, uint64_t updates);

// Clips as `clip` says; returns the global norm before clipping, summed in double in order.
template <typename T>
double ClipGradients(const v1::Clip& clip, std::vector<T>* gradients);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_OPTIMIZER_H_
