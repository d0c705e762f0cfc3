// y = gain (x - mean) / sqrt(variance + 1e-5) + bias, over the elements of each vector.
#include <cmath>

#include "core/train/sequence.h"

namespace sequent::train {
namespace {

// a: (x - mean) / deviation.  b: 1 / deviation, one a pair.
template <typename T>
class LayerNormLayer final : public TrainLayer<T> {
 public:
  explicit LayerNormLayer(const LayerPlace& place)
      : index_(place.node),
        input_(place.graph->nodes[place.node].inputs[0]),
        width_(place.graph->nodes[place.node].width),
        gain_(place.offsets->at(0)),
        bias_(place.offsets->at(1)) {}
  void Prepare(const T*) override {}

  void Forward(const T* parameters, Tape<T>* tape) const override {
    NodeTape<T>& node = tape->nodes[index_];
    node.a.resize(node.y.size());
    node.b.resize(tape->count());
    for (size_t n = 0; n < tape->count(); ++n) {
      const size_t at = n * width_;
      node.b[n] = Normalise(tape->nodes[input_].y.data() + at, node.a.data() + at);
      Stretch(parameters, node.a.data() + at, node.y.data() + at);
    }
  }

  void Backward(const T* parameters, Tape<T>* tape, T* gradients) const override {
    NodeTape<T>& node = tape->nodes[index_];
    for (size_t n = 0; n < tape->count(); ++n) {
      const size_t at = n * width_;
      const T* dy = node.dy.data() + at;
      const T* a = node.a.data() + at;
      T* __restrict dgain = gradients + gain_;
      T* __restrict dbias = gradients + bias_;
      for (size_t i = 0; i < width_; ++i) {
        dgain[i] += dy[i] * a[i];
        dbias[i] += dy[i];
      }
      InputBack(parameters + gain_, a, node.b[n], dy, tape->nodes[input_].dy.data() + at);
    }
  }

 private:
  // Returns 1 / deviation.
  T Normalise(const T* __restrict x, T* __restrict a) const {
    T mean = 0, variance = 0;
    for (size_t i = 0; i < width_; ++i) mean += x[i];
    mean /= static_cast<T>(width_);
    for (size_t i = 0; i < width_; ++i) variance += (x[i] - mean) * (x[i] - mean);
    const T scale = 1 / std::sqrt(variance / static_cast<T>(width_) + T(1e-5));
    for (size_t i = 0; i < width_; ++i) a[i] = (x[i] - mean) * scale;
    return scale;
  }

  void Stretch(const T* __restrict parameters, const T* __restrict a, T* __restrict y) const {
    for (size_t i = 0; i < width_; ++i) {
      y[i] = a[i] * parameters[gain_ + i] + parameters[bias_ + i];
    }
  }

  void InputBack(const T* __restrict gain, const T* __restrict a, T scale, const T* __restrict dy,
                 T* __restrict dx) const {
    T mean = 0, along = 0;
    for (size_t i = 0; i < width_; ++i) {
      mean += dy[i] * gain[i];
      along += dy[i] * gain[i] * a[i];
    }
    mean /= static_cast<T>(width_);
    along /= static_cast<T>(width_);
    for (size_t i = 0; i < width_; ++i) {
      dx[i] += scale * (dy[i] * gain[i] - mean - a[i] * along);
    }
  }

  const size_t index_, input_, width_, gain_, bias_;
};

}  // namespace

template <typename T>
std::unique_ptr<TrainLayer<T>> MakeLayerNormLayer(const LayerPlace& place) {
  return std::make_unique<LayerNormLayer<T>>(place);
}

template std::unique_ptr<TrainLayer<float>> MakeLayerNormLayer(const LayerPlace&);
template std::unique_ptr<TrainLayer<double>> MakeLayerNormLayer(const LayerPlace&);

}  // namespace sequent::train
