#include "core/train/recurrent_layer.h"

namespace sequent::train {
namespace {

using kernels::Function;

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

}  // namespace

template <typename T>
std::unique_ptr<TrainLayer<T>> MakeRnnLayer(const LayerPlace& place) {
  return std::make_unique<RnnLayer<T>>(place);
}

template std::unique_ptr<TrainLayer<float>> MakeRnnLayer(const LayerPlace&);
template std::unique_ptr<TrainLayer<double>> MakeRnnLayer(const LayerPlace&);

}  // namespace sequent::train
