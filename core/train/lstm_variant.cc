// An LSTM with peepholes, with a projection of what it puts out (m), or with both.
#include "core/train/recurrent_layer.h"

namespace sequent::train {
namespace {

using kernels::Function;

// state: h, then c.  a: gates i, f, g, o.  b: c of every step.  c: tanh(c).  d: m, if h is a
// projection of it.
template <typename T>
class LstmVariantLayer final : public Recurrent<T> {
 public:
  explicit LstmVariantLayer(const LayerPlace& place)
      : Recurrent<T>(place, 4),
        peepholes_(place.graph->nodes[place.node].peepholes),
        projected_(place.graph->nodes[place.node].projection) {
    if (peepholes_) peephole_ = place.offsets->at(3);
    if (projected_) projection_ = place.offsets->back();
  }

  void Prepare(const T* parameters) override {
    Recurrent<T>::Prepare(parameters);
    if (projected_)
      projection_linear_.Prepare(parameters + projection_, this->outputs_, this->units_);
  }
  size_t state_width() const override { return this->outputs_ + this->units_; }

  void Forward(const T* parameters, Tape<T>* tape) const override {
    this->InputHalf(parameters, tape);
    NodeTape<T>& node = tape->nodes[this->node_];
    const size_t units = this->units_, outputs = this->outputs_, rows = tape->rows;
    const auto c_state = node.state.begin() + static_cast<ptrdiff_t>(rows * outputs);
    node.b.resize(tape->count() * units);
    node.c.resize(tape->count() * units);
    if (projected_) node.d.resize(tape->count() * units);
    node.c_first.assign(c_state, node.state.end());
    const T* peephole = peepholes_ ? parameters + peephole_ : nullptr;
    T* m = projected_ ? node.d.data() : node.y.data();
    for (size_t t = 0; t < tape->steps; ++t) {
      T* a = node.a.data() + t * rows * 4 * units;
      this->state_linear_.Forward(rows, this->Before(*tape, node.state, t), outputs, nullptr, true,
                                  a, 4 * units);
      const T* c_before = CellBefore(node, t, rows * units);
      for (size_t r = 0; r < rows; ++r) {
        const size_t n = (t * rows + r) * units;
        Step(peephole, a + r * 4 * units, c_before + r * units, node.b.data() + n,
             node.c.data() + n, m + n);
      }
      if (projected_) {
        projection_linear_.Forward(rows, m + t * rows * units, units, nullptr, false,
                                   node.y.data() + t * rows * outputs, outputs);
      }
    }
    this->KeepState(tape);
    std::copy(node.b.end() - static_cast<ptrdiff_t>(rows * units), node.b.end(), c_state);
  }

  void Backward(const T* parameters, Tape<T>* tape, T* gradients) const override {
    NodeTape<T>& node = tape->nodes[this->node_];
    const size_t units = this->units_, outputs = this->outputs_, rows = tape->rows;
    const T* peephole = peepholes_ ? parameters + peephole_ : nullptr;
    std::vector<T>& dc = tape->scratch;
    dc.assign(rows * units, T(0));
    std::vector<T> projected_back(projected_ ? rows * units : 0);
    for (size_t t = tape->steps; t-- > 0;) {
      T* a = node.a.data() + t * rows * 4 * units;
      const T* c_before = CellBefore(node, t, rows * units);
      const T* dm = node.dy.data() + t * rows * outputs;
      if (projected_) {
        std::fill(projected_back.begin(), projected_back.end(), T(0));
        projection_linear_.BackwardInput(rows, dm, outputs, projected_back.data(), units);
        dm = projected_back.data();
      }
      for (size_t r = 0; r < rows; ++r) {
        StepBack(peephole, a + r * 4 * units, c_before + r * units,
                 node.c.data() + (t * rows + r) * units, dm + r * units, dc.data() + r * units);
      }
      if (t > 0) {
        this->state_linear_.BackwardInput(rows, a, 4 * units,
                                          node.dy.data() + (t - 1) * rows * outputs, outputs);
      }
    }
    this->WeightGradients(tape, node.a.data(), node.a.data(), node.h_first, gradients);
    if (peepholes_) AddPeepholes(*tape, gradients + peephole_);
    if (projected_) {
      AddOuter(tape->count(), node.dy.data(), outputs, node.d.data(), units, outputs, units,
               gradients + projection_);
    }
  }

 private:
  static const T* CellBefore(const NodeTape<T>& node, size_t t, size_t block) {
    return t == 0 ? node.c_first.data() : node.b.data() + (t - 1) * block;
  }

  void Step(const T* peephole, T* __restrict a, const T* __restrict c_before, T* __restrict c,
            T* __restrict tanh_c, T* __restrict m) const {
    const size_t units = this->units_;
    if (peephole != nullptr) {
      for (size_t j = 0; j < units; ++j) {
        a[j] += peephole[j] * c_before[j];
        a[units + j] += peephole[units + j] * c_before[j];
      }
    }
    Apply(Function::kSigmoid, 2 * units, a, a);
    Apply(Function::kTanh, units, a + 2 * units, a + 2 * units);
    for (size_t j = 0; j < units; ++j) {
      c[j] = a[units + j] * c_before[j] + a[j] * a[2 * units + j];
    }
    T* o = a + 3 * units;
    if (peephole != nullptr) {
      for (size_t j = 0; j < units; ++j) o[j] += peephole[2 * units + j] * c[j];
    }
    Apply(Function::kSigmoid, units, o, o);
    Apply(Function::kTanh, units, c, tanh_c);
    for (size_t j = 0; j < units; ++j) m[j] = o[j] * tanh_c[j];
  }

  void StepBack(const T* peephole, T* __restrict a, const T* __restrict c_before,
                const T* __restrict tanh_c, const T* __restrict dm, T* __restrict dc) const {
    const size_t units = this->units_;
    for (size_t j = 0; j < units; ++j) {
      const T i = a[j], f = a[units + j], g = a[2 * units + j], o = a[3 * units + j];
      const T d_o = dm[j] * tanh_c[j] * o * (1 - o);
      T d = dc[j] + dm[j] * o * (1 - tanh_c[j] * tanh_c[j]);
      if (peephole != nullptr) d += d_o * peephole[2 * units + j];
      const T d_i = d * g * i * (1 - i), d_f = d * c_before[j] * f * (1 - f);
      a[j] = d_i;
      a[units + j] = d_f;
      a[2 * units + j] = d * i * (1 - g * g);
      a[3 * units + j] = d_o;
      dc[j] = d * f;
      if (peephole != nullptr) dc[j] += d_i * peephole[j] + d_f * peephole[units + j];
    }
  }

  void AddPeepholes(const Tape<T>& tape, T* __restrict gradient) const {
    const NodeTape<T>& node = tape.nodes[this->node_];
    const size_t units = this->units_;
    for (size_t n = 0; n < tape.count(); ++n) {
      const T* da = node.a.data() + n * 4 * units;
      const T* c = node.b.data() + n * units;
      const T* c_before = n < tape.rows ? node.c_first.data() + n * units : c - tape.rows * units;
      for (size_t j = 0; j < units; ++j) {
        gradient[j] += da[j] * c_before[j];
        gradient[units + j] += da[units + j] * c_before[j];
        gradient[2 * units + j] += da[3 * units + j] * c[j];
      }
    }
  }

  const bool peepholes_, projected_;
  size_t peephole_ = 0, projection_ = 0;
  Linear<T> projection_linear_;
};

}  // namespace

template <typename T>
std::unique_ptr<TrainLayer<T>> MakeLstmVariantLayer(const LayerPlace& place) {
  return std::make_unique<LstmVariantLayer<T>>(place);
}

template std::unique_ptr<TrainLayer<float>> MakeLstmVariantLayer(const LayerPlace&);
template std::unique_ptr<TrainLayer<double>> MakeLstmVariantLayer(const LayerPlace&);

}  // namespace sequent::train
