// The loss of heads that name classes, and how much each class counts in it.
//
// Softmax, target t, smoothing e, k classes: weight[t] (-(1 - e) log p(t) - e / k sum log p(i)).
// Bernoulli, per label: -log of the probability of what is there.
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_CLASS_LOSS_H_
#define SEQUENT_CORE_TRAIN_CLASS_LOSS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/status.h"
#include "core/model/graph.h"
#include "core/train/data.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

// Of one head.
struct ClassLoss {
  double smoothing = 0;
  std::vector<double> weights;  // per class; empty = all 1

  double weight(int32_t target) const {
    return weights.empty() ? 1 : weights[static_cast<size_t>(target)];
  }
};

// Per head, what `options` ask for: smoothing for softmax heads; the weights of classes by their
// labels, or to balance those of `samples`. INVALID_ARGUMENT: a label that no softmax head has.
StatusOr<std::vector<ClassLoss>> MakeClassLosses(const v1::TrainOptions& options,
                                                 const Graph& graph, const Samples& samples);

// The loss of one row of logits times `scale`; its gradient goes to `delta`.
template <typename T>
double SoftmaxLoss(const T* logits, size_t classes, int32_t target, const ClassLoss& loss,
                   double scale, T* delta);
// `target`: 0 or 1.
template <typename T>
double BernoulliLoss(T logit, T target, double scale, T* delta);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_CLASS_LOSS_H_
