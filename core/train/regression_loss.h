// The losses of regression heads, with their gradients; core/nn/predictive.h has the same without.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_REGRESSION_LOSS_H_
#define SEQUENT_CORE_TRAIN_REGRESSION_LOSS_H_

#include "core/model/graph.h"

namespace sequent::train {

// One row of a head's raw outputs `y` [head.outputs] against `targets` [values()], NaN = masked.
// Turns raw scales into scales (softplus(raw) + 1e-6); writes `scale` x the gradient by the raw
// outputs to `dy`, which is zeroed; returns `scale` x the loss, summed over the values.
template <typename T>
double RegressionLossAndGradient(const HeadNode& head, const T* targets, double scale, T* y, T* dy);

extern template double RegressionLossAndGradient(const HeadNode&, const float*, double, float*,
                                                 float*);
extern template double RegressionLossAndGradient(const HeadNode&, const double*, double, double*,
                                                 double*);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_REGRESSION_LOSS_H_
