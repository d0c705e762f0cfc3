// What rnn, lstm and gru share: forward with a tape, backward through time.
//
// Forward: the input half of all steps is one product into `a` (gates, gate-major); each step then
// adds the recurrent half to its rows of `a` and activates them in place. Backward goes back over
// the steps and overwrites `a` by the gradients before the activations; what is left, the weight
// gradients and the input's gradient, are products over all steps at once. Row sums run in the
// order (step, row).
//
// Included by the cells' source files alone.
#ifndef SEQUENT_CORE_TRAIN_RECURRENT_LAYER_H_
#define SEQUENT_CORE_TRAIN_RECURRENT_LAYER_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/train/recurrent.h"

namespace sequent::train {

template <typename T>
class Recurrent : public TrainLayer<T> {
 public:
  Recurrent(const LayerPlace& place, size_t gates) : node_(place.node), gates_(gates) {
    const Node& node = place.graph->nodes[node_];
    input_ = node.inputs[0];
    inputs_ = place.graph->nodes[input_].width;
    units_ = node.width;
    weight_input_ = place.offsets->at(0);
    weight_state_ = place.offsets->at(1);
    if (place.offsets->size() > 2) bias_ = place.offsets->at(2);
    has_bias_ = place.offsets->size() > 2;
  }

  void Prepare(const T* parameters) override {
    input_linear_.Prepare(parameters + weight_input_, gates_ * units_, inputs_);
    state_linear_.Prepare(parameters + weight_state_, gates_ * units_, units_);
  }
  size_t state_width() const override { return units_; }

 protected:
  size_t width() const { return gates_ * units_; }

  void InputHalf(const T* parameters, Tape<T>* tape) const {
    NodeTape<T>& node = tape->nodes[node_];
    node.a.resize(tape->count() * width());
    input_linear_.Forward(tape->count(), tape->nodes[input_].y.data(), inputs_,
                          has_bias_ ? parameters + bias_ : nullptr, false, node.a.data(), width());
  }

  // h(t-1), [rows, units]: the state that came in, or the output of the step before.
  const T* Before(const Tape<T>& tape, const std::vector<T>& first, size_t t) const {
    return t == 0 ? first.data() : tape.nodes[node_].y.data() + (t - 1) * tape.rows * units_;
  }

  // The first `units_` floats of `state` become the last h.
  void KeepState(Tape<T>* tape) const {
    NodeTape<T>& node = tape->nodes[node_];
    const size_t block = tape->rows * units_;
    node.h_first.assign(node.state.begin(), node.state.begin() + static_cast<ptrdiff_t>(block));
    std::copy(node.y.end() - static_cast<ptrdiff_t>(block), node.y.end(), node.state.begin());
  }

  // dW, dU, db and dx from the gate gradients `da`; `ds` are those that reached U h (the same but
  // for gru's n).
  void WeightGradients(Tape<T>* tape, const T* da, const T* ds, const std::vector<T>& first,
                       T* gradients) const {
    NodeTape<T>& input = tape->nodes[input_];
    const size_t count = tape->count(), rows = tape->rows, ld = width();
    AddOuter(count, da, ld, input.y.data(), inputs_, ld, inputs_, gradients + weight_input_);
    AddOuter(rows, ds, ld, first.data(), units_, ld, units_, gradients + weight_state_);
    AddOuter(count - rows, ds + rows * ld, ld, tape->nodes[node_].y.data(), units_, ld, units_,
             gradients + weight_state_);
    if (has_bias_) AddRows(count, da, ld, ld, gradients + bias_);
    if (!input.dy.empty()) input_linear_.BackwardInput(count, da, ld, input.dy.data(), inputs_);
  }

  size_t node_, gates_, input_, inputs_, units_;
  size_t weight_input_, weight_state_, bias_ = 0;
  bool has_bias_ = false;
  Linear<T> input_linear_, state_linear_;
};

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_RECURRENT_LAYER_H_
