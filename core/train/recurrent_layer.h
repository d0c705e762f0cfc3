// What rnn, lstm and gru share: forward with a tape, backward through time.
//
// Forward: the input half of all steps is one product into `a` (gates, gate-major); each step then
// adds the recurrent half to its rows of `a` and activates them in place. Backward goes back over
// the steps and overwrites `a` by the gradients before the activations; what is left, the weight
// gradients and the input's gradient, are products over all steps at once. Row sums run in the
// order (step, row).
//
// Weight drop (Merity et al. 2018): for an update the products with U take U x mask, mask 0 or
// 1 / (1 - share), and the gradient of U passes through the same mask.
//
// Included by the cells' source files alone.
#ifndef SEQUENT_CORE_TRAIN_RECURRENT_LAYER_H_
#define SEQUENT_CORE_TRAIN_RECURRENT_LAYER_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/base/random.h"
#include "core/train/recurrent.h"

namespace sequent::train {

template <typename T>
class Recurrent : public TrainLayer<T> {
 public:
  Recurrent(const LayerPlace& place, size_t gates) : node_(place.node), gates_(gates) {
    const Node& node = place.graph->nodes[node_];
    input_ = node.inputs[0];
    inputs_ = place.graph->nodes[input_].width;
    units_ = node.units;
    outputs_ = node.width;
    weight_drop_ = node.weight_drop;
    weight_input_ = place.offsets->at(0);
    weight_state_ = place.offsets->at(1);
    if (place.offsets->size() > 2) bias_ = place.offsets->at(2);
    has_bias_ = place.offsets->size() > 2;
  }

  void Prepare(const T* parameters) override {
    mask_.clear();
    input_linear_.Prepare(parameters + weight_input_, gates_ * units_, inputs_);
    PrepareState(parameters + weight_state_);
  }
  void BeginUpdate(const T* parameters, const DrawKey& key) override {
    if (weight_drop_ == 0) return;
    DrawMask(key);
    std::vector<T> kept(mask_);
    for (size_t i = 0; i < kept.size(); ++i) kept[i] *= parameters[weight_state_ + i];
    PrepareState(kept.data());
  }
  size_t state_width() const override { return outputs_; }

 protected:
  size_t width() const { return gates_ * units_; }

  // Takes in U, [gates x units, outputs].
  virtual void PrepareState(const T* u) { state_linear_.Prepare(u, gates_ * units_, outputs_); }

  void InputHalf(const T* parameters, Tape<T>* tape) const {
    NodeTape<T>& node = tape->nodes[node_];
    node.a.resize(tape->count() * width());
    input_linear_.Forward(tape->count(), tape->nodes[input_].y.data(), inputs_,
                          has_bias_ ? parameters + bias_ : nullptr, false, node.a.data(), width());
  }

  // h(t-1), [rows, outputs]: the state that came in, or the output of the step before.
  const T* Before(const Tape<T>& tape, const std::vector<T>& first, size_t t) const {
    return t == 0 ? first.data() : tape.nodes[node_].y.data() + (t - 1) * tape.rows * outputs_;
  }

  // The first vector of `state` becomes the last h.
  void KeepState(Tape<T>* tape) const {
    NodeTape<T>& node = tape->nodes[node_];
    const size_t block = tape->rows * outputs_;
    node.h_first.assign(node.state.begin(), node.state.begin() + static_cast<ptrdiff_t>(block));
    std::copy(node.y.end() - static_cast<ptrdiff_t>(block), node.y.end(), node.state.begin());
  }

  // Calls add(du): where the gradient of the state's weights is to be added up.
  template <class Add>
  void AddStateGradient(T* gradients, const Add& add) const {
    T* du = gradients + weight_state_;
    if (mask_.empty()) return add(du);
    std::vector<T> kept(mask_.size(), T(0));
    add(kept.data());
    for (size_t i = 0; i < kept.size(); ++i) du[i] += mask_[i] * kept[i];
  }

  // dW, dU, db and dx from the gate gradients `da`; `ds` are those that reached U h (the same but
  // for gru's n).
  void WeightGradients(Tape<T>* tape, const T* da, const T* ds, const std::vector<T>& first,
                       T* gradients) const {
    NodeTape<T>& input = tape->nodes[input_];
    const size_t count = tape->count(), rows = tape->rows, ld = width();
    AddOuter(count, da, ld, input.y.data(), inputs_, ld, inputs_, gradients + weight_input_);
    AddStateGradient(gradients, [&](T* du) {
      AddOuter(rows, ds, ld, first.data(), outputs_, ld, outputs_, du);
      AddOuter(count - rows, ds + rows * ld, ld, tape->nodes[node_].y.data(), outputs_, ld,
               outputs_, du);
    });
    if (has_bias_) AddRows(count, da, ld, ld, gradients + bias_);
    if (!input.dy.empty()) input_linear_.BackwardInput(count, da, ld, input.dy.data(), inputs_);
  }

  size_t node_, gates_, input_, inputs_, units_, outputs_;
  size_t weight_input_, weight_state_, bias_ = 0;
  bool has_bias_ = false;
  Linear<T> input_linear_, state_linear_;

 private:
  void DrawMask(const DrawKey& key) {
    const RandomStream random(key.seed, key.update, uint64_t{node_} << 40);
    const auto dropped = static_cast<uint64_t>(static_cast<double>(weight_drop_) * 0x1p32);
    const T kept = static_cast<T>(1 / (1 - static_cast<double>(weight_drop_)));
    mask_.resize(gates_ * units_ * outputs_);
    uint64_t bits = 0;  // for two elements
    for (size_t i = 0; i < mask_.size(); ++i, bits >>= 32) {
      if (i % 2 == 0) bits = random.Bits(i / 2);
      mask_[i] = (bits & 0xffffffff) < dropped ? T(0) : kept;
    }
  }

  float weight_drop_ = 0;
  std::vector<T> mask_;  // of weight_state; empty: none
};

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_RECURRENT_LAYER_H_
