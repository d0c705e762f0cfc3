// h' = relu(W x + b + u h): products over all steps at once, and a scan.
#include <algorithm>

#include "core/train/recurrent.h"

namespace sequent::train {
namespace {

// state: h.  a: W x + b, then the gradients before the relu.
template <typename T>
class IndRnnLayer final : public TrainLayer<T> {
 public:
  explicit IndRnnLayer(const LayerPlace& place)
      : node_(place.node),
        input_(place.graph->nodes[node_].inputs[0]),
        inputs_(place.graph->nodes[input_].width),
        units_(place.graph->nodes[node_].width),
        weight_(place.offsets->at(0)),
        recurrent_(place.offsets->at(1)),
        bias_(place.offsets->at(2)) {}

  void Prepare(const T* parameters) override {
    linear_.Prepare(parameters + weight_, units_, inputs_);
  }
  size_t state_width() const override { return units_; }

  void Forward(const T* parameters, Tape<T>* tape) const override {
    NodeTape<T>& node = tape->nodes[node_];
    const size_t block = tape->rows * units_;
    node.a.resize(tape->count() * units_);
    linear_.Forward(tape->count(), tape->nodes[input_].y.data(), inputs_, parameters + bias_, false,
                    node.a.data(), units_);
    node.h_first = node.state;
    for (size_t n = 0; n < tape->count(); ++n) {
      Step(parameters + recurrent_, node.a.data() + n * units_, Before(*tape, n),
           node.y.data() + n * units_);
    }
    std::copy(node.y.end() - static_cast<ptrdiff_t>(block), node.y.end(), node.state.begin());
  }

  void Backward(const T* parameters, Tape<T>* tape, T* gradients) const override {
    NodeTape<T>& node = tape->nodes[node_];
    NodeTape<T>& input = tape->nodes[input_];
    const size_t count = tape->count(), rows = tape->rows;
    for (size_t n = count; n-- > 0;) {
      T* dh = n < rows ? nullptr : node.dy.data() + (n - rows) * units_;
      StepBack(parameters + recurrent_, node.y.data() + n * units_, node.dy.data() + n * units_,
               node.a.data() + n * units_, dh);
    }
    const T* da = node.a.data();
    AddOuter(count, da, units_, input.y.data(), inputs_, units_, inputs_, gradients + weight_);
    for (size_t n = 0; n < count; ++n) {
      AddProducts(da + n * units_, Before(*tape, n), gradients + recurrent_);
    }
    AddRows(count, da, units_, units_, gradients + bias_);
    linear_.BackwardInput(count, da, units_, input.dy.data(), inputs_);
  }

 private:
  // h of the step before pair n = step x rows + row.
  const T* Before(const Tape<T>& tape, size_t n) const {
    const NodeTape<T>& node = tape.nodes[node_];
    return n < tape.rows ? node.h_first.data() + n * units_
                         : node.y.data() + (n - tape.rows) * units_;
  }

  void Step(const T* __restrict u, const T* __restrict a, const T* __restrict h,
            T* __restrict y) const {
    for (size_t j = 0; j < units_; ++j) {
      const T sum = a[j] + u[j] * h[j];
      y[j] = sum < 0 ? T(0) : sum;
    }
  }

  void StepBack(const T* __restrict u, const T* __restrict y, const T* __restrict dy,
                T* __restrict da, T* __restrict dh) const {
    for (size_t j = 0; j < units_; ++j) da[j] = y[j] > 0 ? dy[j] : T(0);
    if (dh == nullptr) return;
    for (size_t j = 0; j < units_; ++j) dh[j] += u[j] * da[j];
  }

  void AddProducts(const T* __restrict a, const T* __restrict b, T* __restrict sum) const {
    for (size_t j = 0; j < units_; ++j) sum[j] += a[j] * b[j];
  }

  const size_t node_, input_, inputs_, units_, weight_, recurrent_, bias_;
  Linear<T> linear_;
};

}  // namespace

template <typename T>
std::unique_ptr<TrainLayer<T>> MakeIndRnnLayer(const LayerPlace& place) {
  return std::make_unique<IndRnnLayer<T>>(place);
}

template std::unique_ptr<TrainLayer<float>> MakeIndRnnLayer(const LayerPlace&);
template std::unique_ptr<TrainLayer<double>> MakeIndRnnLayer(const LayerPlace&);

}  // namespace sequent::train
