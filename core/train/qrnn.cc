// z, f, o = tanh, s, s of W [x(t-k+1) .. x(t)] + b; c' = f c + (1 - f) z; h' = o c'.
//
// Gates depend on inputs alone: they are one product over all steps, activated at once, and a scan
// over c is all that goes step by step. Its gradient is one scan back and the same products.
#include <algorithm>

#include "core/train/recurrent.h"

namespace sequent::train {
namespace {

using kernels::Function;

// state: the k - 1 inputs before the chunk, oldest first, then c.  a: gates z, f, o, then their
// gradients.  b: the inputs of each step side by side (k > 1).  c: c of every step.  d: gradients
// of b.
template <typename T>
class QrnnLayer final : public TrainLayer<T> {
 public:
  explicit QrnnLayer(const LayerPlace& place)
      : node_(place.node),
        input_(place.graph->nodes[node_].inputs[0]),
        inputs_(place.graph->nodes[input_].width),
        units_(place.graph->nodes[node_].width),
        kept_(place.graph->nodes[node_].window - 1),
        joined_((kept_ + 1) * inputs_),
        weight_(place.offsets->at(0)),
        bias_(place.offsets->at(1)) {}

  void Prepare(const T* parameters) override {
    linear_.Prepare(parameters + weight_, 3 * units_, joined_);
  }
  size_t state_width() const override { return kept_ * inputs_ + units_; }

  void Forward(const T* parameters, Tape<T>* tape) const override {
    NodeTape<T>& node = tape->nodes[node_];
    const size_t count = tape->count();
    node.a.resize(count * 3 * units_);
    node.c.resize(count * units_);
    if (kept_ > 0) Join(tape);
    linear_.Forward(count, Inputs(*tape), joined_, parameters + bias_, false, node.a.data(),
                    3 * units_);
    node.c_first.assign(node.state.end() - static_cast<ptrdiff_t>(tape->rows * units_),
                        node.state.end());
    for (size_t n = 0; n < count; ++n) {
      Step(node.a.data() + n * 3 * units_, CellBefore(*tape, n), node.c.data() + n * units_,
           node.y.data() + n * units_);
    }
    KeepState(tape);
  }

  void Backward(const T*, Tape<T>* tape, T* gradients) const override {
    NodeTape<T>& node = tape->nodes[node_];
    const size_t count = tape->count(), rows = tape->rows;
    std::vector<T>& dc = tape->scratch;
    dc.assign(rows * units_, T(0));
    for (size_t n = count; n-- > 0;) {
      StepBack(node.a.data() + n * 3 * units_, CellBefore(*tape, n), node.c.data() + n * units_,
               node.dy.data() + n * units_, dc.data() + n % rows * units_);
    }
    const T* da = node.a.data();
    AddOuter(count, da, 3 * units_, Inputs(*tape), joined_, 3 * units_, joined_,
             gradients + weight_);
    AddRows(count, da, 3 * units_, 3 * units_, gradients + bias_);
    if (kept_ == 0) {
      linear_.BackwardInput(count, da, 3 * units_, tape->nodes[input_].dy.data(), inputs_);
      return;
    }
    node.d.assign(count * joined_, T(0));
    linear_.BackwardInput(count, da, 3 * units_, node.d.data(), joined_);
    Part(tape);
  }

 private:
  const T* Inputs(const Tape<T>& tape) const {
    return kept_ == 0 ? tape.nodes[input_].y.data() : tape.nodes[node_].b.data();
  }

  // c of the step before pair n = step x rows + row.
  const T* CellBefore(const Tape<T>& tape, size_t n) const {
    const NodeTape<T>& node = tape.nodes[node_];
    return n < tape.rows ? node.c_first.data() + n * units_
                         : node.c.data() + (n - tape.rows) * units_;
  }

  // Slot s of a pair's joined inputs is the input of pair n - (kept - s) rows; below 0 it is that
  // place in the state, which ends with the input before the chunk.
  void Join(Tape<T>* tape) const {
    NodeTape<T>& node = tape->nodes[node_];
    const size_t before = kept_ * tape->rows;  // pairs in the state
    node.b.resize(tape->count() * joined_);
    for (size_t n = 0; n < tape->count(); ++n) {
      for (size_t s = 0; s <= kept_; ++s) {
        const size_t at = n + s * tape->rows;  // counted from the beginning of the state
        const T* x = at < before ? node.state.data() + at * inputs_
                                 : tape->nodes[input_].y.data() + (at - before) * inputs_;
        std::copy(x, x + inputs_, node.b.data() + n * joined_ + s * inputs_);
      }
    }
  }

  // Adds the gradients of joined inputs to the inputs'; those of the chunk before get none.
  void Part(Tape<T>* tape) const {
    const std::vector<T>& from = tape->nodes[node_].d;
    std::vector<T>& dx = tape->nodes[input_].dy;
    const size_t before = kept_ * tape->rows;
    for (size_t n = 0; n < tape->count(); ++n) {
      for (size_t s = 0; s <= kept_; ++s) {
        const size_t at = n + s * tape->rows;
        if (at < before) continue;
        Add(from.data() + n * joined_ + s * inputs_, dx.data() + (at - before) * inputs_);
      }
    }
  }
  void Add(const T* __restrict from, T* __restrict to) const {
    for (size_t i = 0; i < inputs_; ++i) to[i] += from[i];
  }

  void KeepState(Tape<T>* tape) const {
    NodeTape<T>& node = tape->nodes[node_];
    const size_t before = kept_ * tape->rows;
    for (size_t i = 0; i < before; ++i) {
      const size_t at = i + tape->count();  // counted from the beginning of the old state
      const T* x = at < before ? node.state.data() + at * inputs_
                               : tape->nodes[input_].y.data() + (at - before) * inputs_;
      std::copy(x, x + inputs_, node.state.data() + i * inputs_);
    }
    const size_t block = tape->rows * units_;
    std::copy(node.c.end() - static_cast<ptrdiff_t>(block), node.c.end(),
              node.state.end() - static_cast<ptrdiff_t>(block));
  }

  void Step(T* __restrict a, const T* __restrict c_before, T* __restrict c, T* __restrict y) const {
    Apply(Function::kTanh, units_, a, a);
    Apply(Function::kSigmoid, 2 * units_, a + units_, a + units_);
    const T* f = a + units_;
    const T* o = a + 2 * units_;
    for (size_t j = 0; j < units_; ++j) {
      c[j] = f[j] * (c_before[j] - a[j]) + a[j];
      y[j] = o[j] * c[j];
    }
  }

  void StepBack(T* __restrict a, const T* __restrict c_before, const T* __restrict c,
                const T* __restrict dy, T* __restrict dc) const {
    for (size_t j = 0; j < units_; ++j) {
      const T z = a[j], f = a[units_ + j], o = a[2 * units_ + j];
      const T d = dc[j] + dy[j] * o;
      a[j] = d * (1 - f) * (1 - z * z);
      a[units_ + j] = d * (c_before[j] - z) * f * (1 - f);
      a[2 * units_ + j] = dy[j] * c[j] * o * (1 - o);
      dc[j] = d * f;
    }
  }

  const size_t node_, input_, inputs_, units_, kept_, joined_, weight_, bias_;
  Linear<T> linear_;
};

}  // namespace

template <typename T>
std::unique_ptr<TrainLayer<T>> MakeQrnnLayer(const LayerPlace& place) {
  return std::make_unique<QrnnLayer<T>>(place);
}

template std::unique_ptr<TrainLayer<float>> MakeQrnnLayer(const LayerPlace&);
template std::unique_ptr<TrainLayer<double>> MakeQrnnLayer(const LayerPlace&);

}  // namespace sequent::train
