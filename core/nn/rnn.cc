// h' = f(W x + U h + b).
#include <utility>

#include "core/nn/functions.h"
#include "core/nn/input_half.h"
#include "core/nn/layer.h"
#include "core/nn/recurrent.h"
#include "core/nn/weights.h"

namespace sequent {
namespace {

class Rnn final : public Layer {
 public:
  Rnn(size_t units, kernels::Function function, InputHalf input, Weights recurrent)
      : Layer(units, {units}),
        function_(function),
        input_(std::move(input)),
        recurrent_(std::move(recurrent)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const* states,
               Pass* pass, Signal* output) const override {
    const InputHalf::Steps input = input_.Begin(window, inputs[0], pass);
    float** h_all = pass->arena.AllocateRows(window.pairs(), output_width());
    Prepared prepared = recurrent_.Reserve(window.rows, &pass->arena);
    RunSteps(window, output_width(), states, h_all,
             [&](size_t t, size_t rows, size_t pair, const float* const* h, float* const* h_out) {
               recurrent_.Prepare(rows, h, &prepared);
               pass->ForPanels(recurrent_, rows, t, [&](const kernels::PanelWalk& walk) {
                 RnnStep(recurrent_, function_, rows, input.At(pair), prepared, h_out, walk);
               });
             });
    output->vectors = h_all;
  }

 private:
  const kernels::Function function_;
  const InputHalf input_;
  const Weights recurrent_;
};

}  // namespace

std::unique_ptr<const Layer> MakeRnn(const Node& node, const LayerInput& in,
                                     const TensorMap& tensors) {
  const size_t units = node.width;
  const Tensor& w = tensors.at(node.name + ".weight_input");
  const Tensor& u = tensors.at(node.name + ".weight_state");
  const float* b = tensors.at(node.name + ".bias").values.data();
  const kernels::Function function = KernelFunction(node.activation);
  const bool within_one =
      function == kernels::Function::kTanh || function == kernels::Function::kSigmoid;
  return std::make_unique<Rnn>(
      units, function, InputHalf(Weights::PackGates(w, units, 0, 1), b, in.embedding),
      Weights::PackGates(u, units, 0, 1, within_one ? Vectors::kWithinOne : Vectors::kAnySize));
}

}  // namespace sequent
