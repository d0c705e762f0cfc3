#include "core/train/recurrent_layer.h"

namespace sequent::train {
namespace {

using kernels::Function;

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
    std::vector<T> unused(block), reset(block);
    for (size_t t = tape->steps; t-- > 0;) {
      T* a = node.a.data() + t * rows * ld;
      const T* h = this->Before(*tape, node.h_first, t);
      const T* dy = node.dy.data() + t * block;
      T* dh = t > 0 ? node.dy.data() + (t - 1) * block : unused.data();
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
  void PrepareState(const T* u) override {
    const size_t units = this->units_;
    gates_linear_.Prepare(u, 2 * units, units);
    candidate_linear_.Prepare(u + 2 * units * units, units, units);
  }

  void Gradients(Tape<T>* tape, T* gradients) const {
    NodeTape<T>& node = tape->nodes[this->node_];
    NodeTape<T>& input = tape->nodes[this->input_];
    const size_t units = this->units_, rows = tape->rows, ld = 3 * units, count = tape->count();
    const T* da = node.a.data();
    AddOuter(count, da, ld, input.y.data(), this->inputs_, ld, this->inputs_,
             gradients + this->weight_input_);
    this->AddStateGradient(gradients, [&](T* du) {
      AddOuter(rows, da, ld, node.h_first.data(), units, 2 * units, units, du);
      AddOuter(count - rows, da + rows * ld, ld, node.y.data(), units, 2 * units, units, du);
      AddOuter(count, da + 2 * units, ld, node.b.data(), units, units, units,
               du + 2 * units * units);
    });
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
std::unique_ptr<TrainLayer<T>> MakeGruLayer(const LayerPlace& place) {
  if (place.graph->nodes[place.node].reset_after) return std::make_unique<GruAfterLayer<T>>(place);
  return std::make_unique<GruBeforeLayer<T>>(place);
}

template std::unique_ptr<TrainLayer<float>> MakeGruLayer(const LayerPlace&);
template std::unique_ptr<TrainLayer<double>> MakeGruLayer(const LayerPlace&);

}  // namespace sequent::train
