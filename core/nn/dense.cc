// y = W x + b.
#include <utility>

#include "core/nn/affine.h"
#include "core/nn/layer.h"

namespace sequent {
namespace {

class Dense final : public Layer {
 public:
  Dense(size_t units, Affine map) : Layer(units), map_(std::move(map)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const*, Pass* pass,
               Signal* output) const override {
    output->vectors = map_.Apply(window.pairs(), inputs[0].vectors, pass);
  }

 private:
  const Affine map_;
};

}  // namespace

std::unique_ptr<const Layer> MakeDense(const Node& node, const LayerInput&,
                                       const TensorMap& tensors) {
  const float* bias = node.bias ? tensors.at(node.name + ".bias").values.data() : nullptr;
  return std::make_unique<Dense>(node.width,
                                 Affine(Weights::Pack(tensors.at(node.name + ".weight")), bias));
}

}  // namespace sequent
