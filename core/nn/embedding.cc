// A row of a table per token: addresses only, nothing is copied.
#include <utility>

#include "core/nn/layer.h"

namespace sequent {
namespace {

class Embedding final : public Layer {
 public:
  Embedding(size_t width, AlignedVector<float> table) : Layer(width), table_(std::move(table)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const*, Pass* pass,
               Signal* output) const override {
    const float** vectors = pass->arena.Allocate<const float*>(window.pairs());
    for (size_t i = 0; i < window.pairs(); ++i) {
      vectors[i] = table_.data() + inputs[0].tokens[i] * output_width();
    }
    output->vectors = vectors;
    output->tokens = inputs[0].tokens;
  }

 private:
  const AlignedVector<float> table_;  // [tokens, output_width]
};

}  // namespace

std::unique_ptr<const Layer> MakeEmbedding(const Node& node, const TensorMap& tensors) {
  return std::make_unique<Embedding>(node.width, tensors.at(node.name + ".weight").values);
}

}  // namespace sequent
