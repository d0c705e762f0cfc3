// y = gain (x - mean) / sqrt(variance + 1e-5) + bias, over the elements of each vector.
#include <cmath>
#include <utility>

#include "core/nn/layer.h"
#include "core/nn/ordered_sum.h"

namespace sequent {
namespace {

constexpr float kEpsilon = 1e-5f;

class LayerNorm final : public Layer {
 public:
  LayerNorm(AlignedVector<float> gain, AlignedVector<float> bias)
      : Layer(gain.size()), gain_(std::move(gain)), bias_(std::move(bias)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const*, Pass* pass,
               Signal* output) const override {
    float** y = pass->arena.AllocateRows(window.pairs(), output_width());
    for (size_t i = 0; i < window.pairs(); ++i) Normalise(inputs[0].vectors[i], y[i]);
    output->vectors = y;
  }

 private:
  void Normalise(const float* x, float* y) const {
    const size_t n = output_width();
    const float share = 1 / static_cast<float>(n);
    const float mean = OrderedSum(n, [x](size_t i) { return x[i]; }) * share;
    const float variance =
        OrderedSum(n, [x, mean](size_t i) { return (x[i] - mean) * (x[i] - mean); }) * share;
    const float scale = 1 / std::sqrt(variance + kEpsilon);
    for (size_t i = 0; i < n; ++i) y[i] = (x[i] - mean) * scale * gain_[i] + bias_[i];
  }

  const AlignedVector<float> gain_, bias_;
};

}  // namespace

std::unique_ptr<const Layer> MakeLayerNorm(const Node& node, const TensorMap& tensors) {
  return std::make_unique<LayerNorm>(tensors.at(node.name + ".weight").values,
                                     tensors.at(node.name + ".bias").values);
}

}  // namespace sequent
