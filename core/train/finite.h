// Looking for numbers that are not finite, and for the layer they came from.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_FINITE_H_
#define SEQUENT_CORE_TRAIN_FINITE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/train/network.h"

namespace sequent::train {

template <typename T>
bool AllFinite(std::span<const T> values);

// For a loss or gradient that is not finite after Network::Run: the place, in the order of the
// forward pass, of the first layer or head whose output is not; kNowhere if all are.
inline constexpr size_t kNowhere = SIZE_MAX;
template <typename T>
size_t FirstNotFinite(const Network<T>& network, const std::vector<Tape<T>>& tapes);

// That place for people: "layer 'lstm1'", "head 'next'"; of kNowhere the tensor nearest to the loss
// whose gradient is not finite, "gradient of lstm1.bias".
template <typename T>
std::string DescribePlace(const Network<T>& network, size_t place, const std::vector<T>& gradients);

// The first tensor with a value that is not finite, "" if there is none. `values` has the network's
// parameter_count().
template <typename T>
std::string TensorNotFinite(const Network<T>& network, const std::vector<T>& values);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_FINITE_H_
