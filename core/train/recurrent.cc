// rnn, lstm and gru, forward with a tape and backward through time.
//
// Forward: the input half of all steps is one product into `a` (gates, gate-major); each step then
// adds the recurrent half to its rows of `a` and activates them in place. Backward goes back over
// the steps and overwrites `a` by the gradients before the activations; what is left, the weight
// gradients and the input's gradient, are products over all steps at once. Row sums run in the
// order (step, row).
#include "core/train/recurrent.h"

#include <algorithm>
#include <cmath>

namespace sequent::train {
namespace {

using kernels::Function;

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

template <typename T>
class RnnLayer final : public Recurrent<T> {
 public:
  explicit RnnLayer(const LayerPlace& place) : Recurrent<T>(place, 1) {
    const ActivationKind kind = place.graph->nodes[place.node].activation;
    function_ = kind == ActivationKind::kTanh   ? Function::kTanh
                : kind == ActivationKind::kRelu ? Function::kRelu
                                                : Function::kLeakyRelu;
  }

  void Forward(const T* parameters, Tape<T>* tape) const override {
    this->InputHalf(parameters, tape);
    NodeTape<T>& node = tape->nodes[this->node_];
    const size_t block = tape->rows * this->units_;
    for (size_t t = 0; t < tape->steps; ++t) {
      T* a = node.a.data() + t * block;
      this->state_linear_.Forward(tape->rows, this->Before(*tape, node.state, t), this->units_,
                                  nullptr, true, a, this->units_);
      Apply(function_, block, a, node.y.data() + t * block);
    }
    this->KeepState(tape);
  }

  void Backward(const T*, Tape<T>* tape, T* gradients) const override {
    NodeTape<T>& node = tape->nodes[this->node_];
    const size_t block = tape->rows * this->units_;
    for (size_t t = tape->steps; t-- > 0;) {
      T* da = node.a.data() + t * block;
      const T* y = node.y.data() + t * block;
      const T* dy = node.dy.data() + t * block;
      for (size_t i = 0; i < block; ++i) da[i] = dy[i] * SlopeAt(function_, y[i]);
      if (t > 0) {
        this->state_linear_.BackwardInput(tape->rows, da, this->units_,
                                          node.dy.data() + (t - 1) * block, this->units_);
      }
    }
    this->WeightGradients(tape, node.a.data(), node.a.data(), node.h_first, gradients);
  }

 private:
  Function function_;
};

// state: h, then c.  a: gates i, f, g, o.  b: c of every step.  c: tanh(c).
template <typename T>
class LstmLayer final : public Recurrent<T> {
 public:
  explicit LstmLayer(const LayerPlace& place) : Recurrent<T>(place, 4) {}
  size_t state_width() const override { return 2 * this->units_; }

  void Forward(const T* parameters, Tape<T>* tape) const override {
    this->InputHalf(parameters, tape);
    NodeTape<T>& node = tape->nodes[this->node_];
    const size_t units = this->units_, rows = tape->rows, block = rows * units;
    node.b.resize(tape->count() * units);
    node.c.resize(tape->count() * units);
    node.c_first.assign(node.state.begin() + static_cast<ptrdiff_t>(block), node.state.end());
    for (size_t t = 0; t < tape->steps; ++t) {
      T* a = node.a.data() + t * rows * 4 * units;
      this->state_linear_.Forward(rows, this->Before(*tape, node.state, t), units, nullptr, true, a,
                                  4 * units);
      const T* c_before = CellBefore(node, t, block);
      for (size_t r = 0; r < rows; ++r) {
        const size_t n = (t * rows + r) * units;
        Step(a + r * 4 * units, c_before + r * units, node.b.data() + n, node.c.data() + n,
             node.y.data() + n);
      }
    }
    this->KeepState(tape);
    std::copy(node.b.end() - static_cast<ptrdiff_t>(block), node.b.end(),
              node.state.begin() + static_cast<ptrdiff_t>(block));
  }

  void Backward(const T*, Tape<T>* tape, T* gradients) const override {
    NodeTape<T>& node = tape->nodes[this->node_];
    const size_t units = this->units_, rows = tape->rows, block = rows * units;
    std::vector<T>& dc = tape->scratch;
    dc.assign(block, T(0));
    for (size_t t = tape->steps; t-- > 0;) {
      T* a = node.a.data() + t * rows * 4 * units;
      const T* c_before = CellBefore(node, t, block);
      for (size_t r = 0; r < rows; ++r) {
        const size_t n = (t * rows + r) * units;
        StepBack(a + r * 4 * units, c_before + r * units, node.c.data() + n, node.dy.data() + n,
                 dc.data() + r * units);
      }
      if (t > 0) {
        this->state_linear_.BackwardInput(rows, a, 4 * units, node.dy.data() + (t - 1) * block,
                                          units);
      }
    }
    this->WeightGradients(tape, node.a.data(), node.a.data(), node.h_first, gradients);
  }

 private:
  static const T* CellBefore(const NodeTape<T>& node, size_t t, size_t block) {
    return t == 0 ? node.c_first.data() : node.b.data() + (t - 1) * block;
  }

  void Step(T* __restrict a, const T* __restrict c_before, T* __restrict c, T* __restrict tanh_c,
            T* __restrict h) const {
    const size_t units = this->units_;
    Apply(Function::kSigmoid, 2 * units, a, a);
    Apply(Function::kTanh, units, a + 2 * units, a + 2 * units);
    Apply(Function::kSigmoid, units, a + 3 * units, a + 3 * units);
    for (size_t j = 0; j < units; ++j) {
      c[j] = a[units + j] * c_before[j] + a[j] * a[2 * units + j];
    }
    Apply(Function::kTanh, units, c, tanh_c);
    for (size_t j = 0; j < units; ++j) h[j] = a[3 * units + j] * tanh_c[j];
  }

  void StepBack(T* __restrict a, const T* __restrict c_before, const T* __restrict tanh_c,
                const T* __restrict dh, T* __restrict dc) const {
    const size_t units = this->units_;
    for (size_t j = 0; j < units; ++j) {
      const T i = a[j], f = a[units + j], g = a[2 * units + j], o = a[3 * units + j];
      const T d = dc[j] + dh[j] * o * (1 - tanh_c[j] * tanh_c[j]);
      a[j] = d * g * i * (1 - i);
      a[units + j] = d * c_before[j] * f * (1 - f);
      a[2 * units + j] = d * i * (1 - g * g);
      a[3 * units + j] = dh[j] * tanh_c[j] * o * (1 - o);
      dc[j] = d * f;
    }
  }
};

// h' = z-mix of n and h.  What reaches n, z and h through it, for one element.
template <typename T>
struct Mix {
  T dn, dz, dh;
};
template <typename T>
Mix<T> MixBack(bool keep_old, T dy, T z, T n, T h) {
  if (keep_old) return {dy * (1 - z), dy * (h - n), dy * z};
  return {dy * z, dy * (n - h), dy * (1 - z)};
}

// a: r, z, n activated (then their gradients).  b: U h + b', n's part later q = U_n h + b'_n; then
// the gradients that reached it.
template <typename T>
class GruAfterLayer final : public Recurrent<T> {
 public:
  explicit GruAfterLayer(const LayerPlace& place)
      : Recurrent<T>(place, 3), keep_old_(place.graph->nodes[place.node].keep_old) {
    if (this->has_bias_) bias_state_ = place.offsets->at(3);
  }

  void Forward(const T* parameters, Tape<T>* tape) const override {
    this->InputHalf(parameters, tape);
    NodeTape<T>& node = tape->nodes[this->node_];
    const size_t units = this->units_, rows = tape->rows, ld = 3 * units;
    node.b.resize(tape->count() * ld);
    const T* bias = this->has_bias_ ? parameters + bias_state_ : nullptr;
    for (size_t t = 0; t < tape->steps; ++t) {
      T* a = node.a.data() + t * rows * ld;
      T* b = node.b.data() + t * rows * ld;
      const T* h = this->Before(*tape, node.state, t);
      this->state_linear_.Forward(rows, h, units, bias, false, b, ld);
      for (size_t r = 0; r < rows; ++r) {
        Step(a + r * ld, b + r * ld, h + r * units, node.y.data() + (t * rows + r) * units);
      }
    }
    this->KeepState(tape);
  }

  void Backward(const T*, Tape<T>* tape, T* gradients) const override {
    NodeTape<T>& node = tape->nodes[this->node_];
    const size_t units = this->units_, rows = tape->rows, ld = 3 * units, block = rows * units;
    for (size_t t = tape->steps; t-- > 0;) {
      T* a = node.a.data() + t * rows * ld;
      T* b = node.b.data() + t * rows * ld;
      const T* h = this->Before(*tape, node.h_first, t);
      const T* dy = node.dy.data() + t * block;
      T* dh = t > 0 ? node.dy.data() + (t - 1) * block : nullptr;
      for (size_t r = 0; r < rows; ++r) {
        StepBack(a + r * ld, b + r * ld, h + r * units, dy + r * units,
                 dh == nullptr ? nullptr : dh + r * units);
      }
      if (dh != nullptr) this->state_linear_.BackwardInput(rows, b, ld, dh, units);
    }
    this->WeightGradients(tape, node.a.data(), node.b.data(), node.h_first, gradients);
    if (this->has_bias_) AddRows(tape->count(), node.b.data(), ld, ld, gradients + bias_state_);
  }

 private:
  void Step(T* a, const T* b, const T* h, T* y) const {
    const size_t units = this->units_;
    for (size_t j = 0; j < 2 * units; ++j) a[j] += b[j];
    Apply(Function::kSigmoid, 2 * units, a, a);
    T* n = a + 2 * units;
    for (size_t j = 0; j < units; ++j) n[j] += a[j] * b[2 * units + j];
    Apply(Function::kTanh, units, n, n);
    for (size_t j = 0; j < units; ++j) {
      const T z = a[units + j];
      y[j] = keep_old_ ? n[j] + z * (h[j] - n[j]) : h[j] + z * (n[j] - h[j]);
    }
  }

  void StepBack(T* a, T* b, const T* h, const T* dy, T* dh) const {
    const size_t units = this->units_;
    for (size_t j = 0; j < units; ++j) {
      const T r = a[j], z = a[units + j], n = a[2 * units + j], q = b[2 * units + j];
      const Mix<T> mix = MixBack(keep_old_, dy[j], z, n, h[j]);
      const T dn = mix.dn * (1 - n * n);
      a[j] = b[j] = dn * q * r * (1 - r);
      a[units + j] = b[units + j] = mix.dz * z * (1 - z);
      a[2 * units + j] = dn;
      b[2 * units + j] = dn * r;
      if (dh != nullptr) dh[j] += mix.dh;
    }
  }

  const bool keep_old_;
  size_t bias_state_ = 0;
};

// a: r, z, n.  b: r h.
template <typename T>
class GruBeforeLayer final : public Recurrent<T> {
 public:
  explicit GruBeforeLayer(const LayerPlace& place)
      : Recurrent<T>(place, 3), keep_old_(place.graph->nodes[place.node].keep_old) {}

  void Prepare(const T* parameters) override {
    const size_t units = this->units_;
    this->input_linear_.Prepare(parameters + this->weight_input_, 3 * units, this->inputs_);
    gates_linear_.Prepare(parameters + this->weight_state_, 2 * units, units);
    candidate_linear_.Prepare(parameters + this->weight_state_ + 2 * units * units, units, units);
  }

  void Forward(const T* parameters, Tape<T>* tape) const override {
    this->InputHalf(parameters, tape);
    NodeTape<T>& node = tape->nodes[this->node_];
    const size_t units = this->units_, rows = tape->rows, ld = 3 * units, block = rows * units;
    node.b.resize(tape->count() * units);
    for (size_t t = 0; t < tape->steps; ++t) {
      T* a = node.a.data() + t * rows * ld;
      T* rh = node.b.data() + t * block;
      T* y = node.y.data() + t * block;
      const T* h = this->Before(*tape, node.state, t);
      gates_linear_.Forward(rows, h, units, nullptr, true, a, ld);
      for (size_t r = 0; r < rows; ++r) {
        Apply(Function::kSigmoid, 2 * units, a + r * ld, a + r * ld);
        for (size_t j = 0; j < units; ++j) rh[r * units + j] = a[r * ld + j] * h[r * units + j];
      }
      candidate_linear_.Forward(rows, rh, units, nullptr, true, a + 2 * units, ld);
      for (size_t r = 0; r < rows; ++r) {
        T* n = a + r * ld + 2 * units;
        Apply(Function::kTanh, units, n, n);
        for (size_t j = 0; j < units; ++j) {
          const T z = a[r * ld + units + j], old = h[r * units + j];
          y[r * units + j] = keep_old_ ? n[j] + z * (old - n[j]) : old + z * (n[j] - old);
        }
      }
    }
    this->KeepState(tape);
  }

  void Backward(const T*, Tape<T>* tape, T* gradients) const override {
    NodeTape<T>& node = tape->nodes[this->node_];
    const size_t units = this->units_, rows = tape->rows, ld = 3 * units, block = rows * units;
    std::vector<T>& drh = tape->scratch;
    std::vector<T> unused(block);
    for (size_t t = tape->steps; t-- > 0;) {
      T* a = node.a.data() + t * rows * ld;
      const T* h = this->Before(*tape, node.h_first, t);
      const T* dy = node.dy.data() + t * block;
      T* dh = t > 0 ? node.dy.data() + (t - 1) * block : unused.data();
      std::vector<T> reset(block);
      for (size_t r = 0; r < rows; ++r) {
        for (size_t j = 0; j < units; ++j) {
          T* gates = a + r * ld;
          const T z = gates[units + j], n = gates[2 * units + j];
          const Mix<T> mix = MixBack(keep_old_, dy[r * units + j], z, n, h[r * units + j]);
          reset[r * units + j] = gates[j];
          gates[units + j] = mix.dz * z * (1 - z);
          gates[2 * units + j] = mix.dn * (1 - n * n);
          dh[r * units + j] += mix.dh;
        }
      }
      drh.assign(block, T(0));
      candidate_linear_.BackwardInput(rows, a + 2 * units, ld, drh.data(), units);
      for (size_t r = 0; r < rows; ++r) {
        for (size_t j = 0; j < units; ++j) {
          const size_t i = r * units + j;
          a[r * ld + j] = drh[i] * h[i] * reset[i] * (1 - reset[i]);
          dh[i] += drh[i] * reset[i];
        }
      }
      gates_linear_.BackwardInput(rows, a, ld, dh, units);
    }
    Gradients(tape, gradients);
  }

 private:
  void Gradients(Tape<T>* tape, T* gradients) const {
    NodeTape<T>& node = tape->nodes[this->node_];
    NodeTape<T>& input = tape->nodes[this->input_];
    const size_t units = this->units_, rows = tape->rows, ld = 3 * units, count = tape->count();
    const T* da = node.a.data();
    T* du = gradients + this->weight_state_;
    AddOuter(count, da, ld, input.y.data(), this->inputs_, ld, this->inputs_,
             gradients + this->weight_input_);
    AddOuter(rows, da, ld, node.h_first.data(), units, 2 * units, units, du);
    AddOuter(count - rows, da + rows * ld, ld, node.y.data(), units, 2 * units, units, du);
    AddOuter(count, da + 2 * units, ld, node.b.data(), units, units, units, du + 2 * units * units);
    if (this->has_bias_) AddRows(count, da, ld, ld, gradients + this->bias_);
    if (!input.dy.empty()) {
      this->input_linear_.BackwardInput(count, da, ld, input.dy.data(), this->inputs_);
    }
  }

  const bool keep_old_;
  Linear<T> gates_linear_, candidate_linear_;
};

}  // namespace

template <typename T>
std::unique_ptr<TrainLayer<T>> MakeRecurrentLayer(const LayerPlace& place) {
  const Node& node = place.graph->nodes[place.node];
  switch (node.kind) {
    case NodeKind::kRnn:
      return std::make_unique<RnnLayer<T>>(place);
    case NodeKind::kLstm:
      return std::make_unique<LstmLayer<T>>(place);
    default:
      if (node.reset_after) return std::make_unique<GruAfterLayer<T>>(place);
      return std::make_unique<GruBeforeLayer<T>>(place);
  }
}

template std::unique_ptr<TrainLayer<float>> MakeRecurrentLayer(const LayerPlace&);
template std::unique_ptr<TrainLayer<double>> MakeRecurrentLayer(const LayerPlace&);

}  // namespace sequent::train
