// Layers without weights: activation, identity (dropout outside training), concat, add.
#include <algorithm>
#include <utility>
#include <vector>

#include "core/kernels/elementwise.h"
#include "core/nn/functions.h"
#include "core/nn/layer.h"

namespace sequent {
namespace {

class Activation final : public Layer {
 public:
  Activation(size_t width, kernels::Function function) : Layer(width), function_(function) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const*, Pass* pass,
               Signal* output) const override {
    float** y = pass->arena.AllocateRows(window.pairs(), output_width());
    for (size_t i = 0; i < window.pairs(); ++i) {
      kernels::Activate(function_, output_width(), inputs[0].vectors[i], y[i]);
    }
    output->vectors = y;
  }

 private:
  const kernels::Function function_;
};

class Identity final : public Layer {
 public:
  explicit Identity(size_t width) : Layer(width) {}

  void Forward(const Window&, std::span<const Signal> inputs, float* const*, Pass*,
               Signal* output) const override {
    *output = inputs[0];
  }
};

class Concat final : public Layer {
 public:
  Concat(size_t width, std::vector<size_t> widths) : Layer(width), widths_(std::move(widths)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const*, Pass* pass,
               Signal* output) const override {
    float** y = pass->arena.AllocateRows(window.pairs(), output_width());
    for (size_t i = 0; i < window.pairs(); ++i) {
      float* end = y[i];
      for (size_t k = 0; k < inputs.size(); ++k) {
        end = std::copy_n(inputs[k].vectors[i], widths_[k], end);
      }
    }
    output->vectors = y;
  }

 private:
  const std::vector<size_t> widths_;  // of each input
};

class Add final : public Layer {
 public:
  explicit Add(size_t width) : Layer(width) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const*, Pass* pass,
               Signal* output) const override {
    float** y = pass->arena.AllocateRows(window.pairs(), output_width());
    for (size_t i = 0; i < window.pairs(); ++i) {
      std::copy_n(inputs[0].vectors[i], output_width(), y[i]);
      for (const Signal& term : inputs.subspan(1)) {
        const float* x = term.vectors[i];
        for (size_t j = 0; j < output_width(); ++j) y[i][j] += x[j];
      }
    }
    output->vectors = y;
  }
};

}  // namespace

std::unique_ptr<const Layer> MakeActivation(const Node& node) {
  return std::make_unique<Activation>(node.width, KernelFunction(node.activation));
}

std::unique_ptr<const Layer> MakeIdentity(const Node& node) {
  return std::make_unique<Identity>(node.width);
}

std::unique_ptr<const Layer> MakeConcat(const Graph& graph, const Node& node) {
  std::vector<size_t> widths;
  for (size_t input : node.inputs) widths.push_back(graph.nodes[input].width);
  return std::make_unique<Concat>(node.width, std::move(widths));
}

std::unique_ptr<const Layer> MakeAdd(const Node& node) { return std::make_unique<Add>(node.width); }

}  // namespace sequent
