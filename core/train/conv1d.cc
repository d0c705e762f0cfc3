// y(t) = W [x(t - before) .. x(t - before + k - 1)] + b: the inputs of each step side by side, then
// one product over all steps. Padding counts as 0, like what is before the first step.
#include "core/train/sequence.h"

namespace sequent::train {
namespace {

// state: causal: the k - 1 inputs before the chunk, oldest first, [k - 1, rows, inputs].  a: the
// joined inputs.  b: their gradients.
template <typename T>
class Conv1dLayer final : public TrainLayer<T> {
 public:
  explicit Conv1dLayer(const LayerPlace& place)
      : node_(place.graph->nodes[place.node]),
        source_(place.graph->nodes[node_.inputs[0]]),
        index_(place.node),
        inputs_(source_.width),
        joined_(node_.window * inputs_),
        kept_(place.graph->streamable ? node_.before : 0),
        weight_(place.offsets->at(0)),
        bias_(place.offsets->at(1)) {}

  void Prepare(const T* parameters) override {
    linear_.Prepare(parameters + weight_, node_.width, joined_);
  }
  size_t state_width() const override { return kept_ * inputs_; }

  void Forward(const T* parameters, Tape<T>* tape) const override {
    NodeTape<T>& node = tape->nodes[index_];
    node.a.assign(tape->count() * joined_, T(0));
    const T* x = tape->nodes[node_.inputs[0]].y.data();
    ForEachPart(*tape, [&](size_t from, size_t to) {
      std::copy(x + from, x + from + inputs_, node.a.data() + to);
    });
    if (kept_ > 0) JoinState(tape);
    linear_.Forward(tape->count(), node.a.data(), joined_, parameters + bias_, false, node.y.data(),
                    node_.width);
    if (kept_ > 0) KeepState(tape);
  }

  void Backward(const T*, Tape<T>* tape, T* gradients) const override {
    NodeTape<T>& node = tape->nodes[index_];
    const T* dy = node.dy.data();
    const size_t count = tape->count(), width = node_.width;
    AddOuter(count, dy, width, node.a.data(), joined_, width, joined_, gradients + weight_);
    AddRows(count, dy, width, width, gradients + bias_);
    std::vector<T>& dx = tape->nodes[node_.inputs[0]].dy;
    node.b.assign(count * joined_, T(0));
    linear_.BackwardInput(count, dy, width, node.b.data(), joined_);
    ForEachPart(*tape, [&](size_t from, size_t to) { Add(node.b.data() + to, dx.data() + from); });
  }

 private:
  void Add(const T* __restrict from, T* __restrict to) const {
    for (size_t i = 0; i < inputs_; ++i) to[i] += from[i];
  }

  // Calls body(first element of an input of this chunk, first element of where it is joined) for
  // each place of it, in a fixed order.
  template <class Body>
  void ForEachPart(const Tape<T>& tape, const Body& body) const {
    for (size_t r = 0; r < tape.rows; ++r) {
      const size_t steps = StepsOf(source_, tape, r);
      for (size_t t = 0; t < steps; ++t) {
        for (size_t k = 0; k < node_.window; ++k) {
          const size_t at = t + k;  // plus `before`
          if (at < node_.before || at - node_.before >= steps) continue;
          body(((at - node_.before) * tape.rows + r) * inputs_,
               (t * tape.rows + r) * joined_ + k * inputs_);
        }
      }
    }
  }

  // The places before the chunk: slot k of step t is input t + k of the state.
  void JoinState(Tape<T>* tape) const {
    NodeTape<T>& node = tape->nodes[index_];
    for (size_t t = 0; t < std::min(kept_, tape->steps); ++t) {
      for (size_t r = 0; r < tape->rows; ++r) {
        for (size_t k = 0; t + k < kept_; ++k) {
          const T* x = node.state.data() + ((t + k) * tape->rows + r) * inputs_;
          std::copy(x, x + inputs_, node.a.data() + (t * tape->rows + r) * joined_ + k * inputs_);
        }
      }
    }
  }

  void KeepState(Tape<T>* tape) const {
    NodeTape<T>& node = tape->nodes[index_];
    const std::vector<T>& x = tape->nodes[node_.inputs[0]].y;
    const size_t fresh = std::min(node.state.size(), tape->count() * inputs_);
    std::copy(node.state.begin() + static_cast<ptrdiff_t>(fresh), node.state.end(),
              node.state.begin());
    std::copy(x.end() - static_cast<ptrdiff_t>(fresh), x.end(),
              node.state.end() - static_cast<ptrdiff_t>(fresh));
  }

  const Node node_, source_;
  const size_t index_, inputs_, joined_, kept_, weight_, bias_;
  Linear<T> linear_;
};

}  // namespace

template <typename T>
std::unique_ptr<TrainLayer<T>> MakeConv1dLayer(const LayerPlace& place) {
  return std::make_unique<Conv1dLayer<T>>(place);
}

template std::unique_ptr<TrainLayer<float>> MakeConv1dLayer(const LayerPlace&);
template std::unique_ptr<TrainLayer<double>> MakeConv1dLayer(const LayerPlace&);

}  // namespace sequent::train
