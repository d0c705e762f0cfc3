// Layers around the recurrent ones, one source file each, and what those that look along a whole
// sequence share.
#ifndef SEQUENT_CORE_TRAIN_SEQUENCE_H_
#define SEQUENT_CORE_TRAIN_SEQUENCE_H_

#include <algorithm>
#include <cstddef>
#include <memory>

#include "core/train/network.h"

namespace sequent::train {

// Steps of row r that a node's output has; padding stands behind them.
template <typename T>
size_t StepsOf(const Node& node, const Tape<T>& tape, size_t r) {
  const size_t steps = tape.length(r);
  return steps > node.trimmed ? steps - node.trimmed : 1;
}

template <typename T>
std::unique_ptr<TrainLayer<T>> MakeConv1dLayer(const LayerPlace& place);
// Its output stands at the last step of each row, tape.length(r) - 1; elsewhere it is 0.
template <typename T>
std::unique_ptr<TrainLayer<T>> MakePoolLayer(const LayerPlace& place);
template <typename T>
std::unique_ptr<TrainLayer<T>> MakeAttentionPoolLayer(const LayerPlace& place);
template <typename T>
std::unique_ptr<TrainLayer<T>> MakeLayerNormLayer(const LayerPlace& place);
template <typename T>
std::unique_ptr<TrainLayer<T>> MakeAttentionLayer(const LayerPlace& place);
template <typename T>
std::unique_ptr<TrainLayer<T>> MakeReverseLayer(const LayerPlace& place);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_SEQUENCE_H_
