// Looking for numbers that are not finite, and for the layer they came from.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_FINITE_H_
#define SEQUENT_CORE_TRAIN_FINITE_H_

#include <string>
#include <vector>

#include "core/train/network.h"

namespace sequent::train {

template <typename T>
bool AllFinite(const std::vector<T>& values);

// For a loss or gradient that is not finite after Network::Run: the first layer or head, in the
// order of the forward pass, whose output is not ("layer 'lstm1'", "head 'next'"); if all are, the
// tensor nearest to the loss whose gradient is not ("gradient of lstm1.bias").
template <typename T>
std::string WhereNotFinite(const Network<T>& network, const std::vector<Tape<T>>& tapes,
                           const std::vector<T>& gradients);

// The first tensor with a value that is not finite, "" if there is none. `values` has the network's
// parameter_count().
template <typename T>
std::string TensorNotFinite(const Network<T>& network, const std::vector<T>& values);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_FINITE_H_
