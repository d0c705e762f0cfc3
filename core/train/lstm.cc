#include "core/train/recurrent_layer.h"

namespace sequent::train {
namespace {

using kernels::Function;

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

}  // namespace

template <typename T>
std::unique_ptr<TrainLayer<T>> MakeLstmLayer(const LayerPlace& place) {
  const Node& node = place.graph->nodes[place.node];
  if (node.peepholes || node.projection) return MakeLstmVariantLayer<T>(place);
  return std::make_unique<LstmLayer<T>>(place);
}

template std::unique_ptr<TrainLayer<float>> MakeLstmLayer(const LayerPlace&);
template std::unique_ptr<TrainLayer<double>> MakeLstmLayer(const LayerPlace&);

}  // namespace sequent::train
