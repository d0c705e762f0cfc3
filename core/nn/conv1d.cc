// y(t) = W [x(t - before) .. x(t - before + k - 1)] + b, one product over the joined inputs of all
// steps.
#include <algorithm>
#include <utility>

#include "core/nn/affine.h"
#include "core/nn/layer.h"
#include "core/nn/past_inputs.h"

namespace sequent {
namespace {

// State: the last k - 1 inputs, oldest first.
class CausalConv final : public Layer {
 public:
  CausalConv(size_t filters, const PastInputs& past, Affine map)
      : Layer(filters, past.StateWidths()), past_(past), map_(std::move(map)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const* states,
               Pass* pass, Signal* output) const override {
    const float* const* x = inputs[0].vectors;
    if (past_.kept() > 0) {
      float** joined = past_.Join(window, x, states, &pass->arena);
      past_.Keep(window, x, states);
      x = joined;
    }
    output->vectors = map_.Apply(window.pairs(), x, pass);
  }

 private:
  const PastInputs past_;
  const Affine map_;
};

// `same` and `valid`: the window holds whole sequences.
class WholeConv final : public Layer {
 public:
  WholeConv(const Node& node, size_t inputs, size_t trimmed, Affine map)
      : Layer(node.width),
        kernel_(node.window),
        before_(node.before),
        inputs_(inputs),
        trimmed_(trimmed),
        map_(std::move(map)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const*, Pass* pass,
               Signal* output) const override {
    const Window out = trimmed_ == 0 ? window : Trimmed(window, trimmed_, &pass->arena);
    float** joined = pass->arena.AllocateRows(out.pairs(), kernel_ * inputs_);
    for (size_t r = 0; r < out.rows; ++r) {
      for (size_t t = 0; t < out.length[r]; ++t) {
        Join(window, inputs[0].vectors, r, t, joined[out.pair(r, t)]);
      }
    }
    output->vectors = map_.Apply(out.pairs(), joined, pass);
  }

 private:
  // `to`: the inputs that row r's step t of the output sees.
  void Join(const Window& window, const float* const* x, size_t r, size_t t, float* to) const {
    for (size_t k = 0; k < kernel_; ++k, to += inputs_) {
      const size_t at = t + k;  // plus `before`
      if (at < before_ || at - before_ >= window.length[r]) {
        std::fill_n(to, inputs_, 0.0f);
      } else {
        std::copy_n(x[window.pair(r, at - before_)], inputs_, to);
      }
    }
  }

  const size_t kernel_, before_, inputs_, trimmed_;
  const Affine map_;
};

}  // namespace

std::unique_ptr<const Layer> MakeConv1d(const Graph& graph, const Node& node,
                                        const TensorMap& tensors) {
  const Node& input = graph.nodes[node.inputs[0]];
  Affine map(Weights::Pack(tensors.at(node.name + ".weight")),
             tensors.at(node.name + ".bias").values.data());
  const size_t trimmed = node.trimmed - input.trimmed;
  if (trimmed == 0 && node.before + 1 == node.window) {
    return std::make_unique<CausalConv>(node.width, PastInputs(node.before, input.width),
                                        std::move(map));
  }
  return std::make_unique<WholeConv>(node, input.width, trimmed, std::move(map));
}

}  // namespace sequent
