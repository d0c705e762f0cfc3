// c' = s(f) c + s(i) tanh(g), h' = s(o) tanh(c'), the gates i, f, g, o = W x + U h + b.
#include <utility>

#include "core/nn/input_half.h"
#include "core/nn/layer.h"
#include "core/nn/recurrent.h"
#include "core/nn/weights.h"

namespace sequent {
namespace {

// State: h, then c.
class Lstm final : public Layer {
 public:
  Lstm(size_t units, InputHalf input, Weights recurrent)
      : Layer(units, {units, units}), input_(std::move(input)), recurrent_(std::move(recurrent)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const* states,
               Pass* pass, Signal* output) const override {
    const InputHalf::Steps input = input_.Begin(window, inputs[0], pass);
    float** h_all = pass->arena.AllocateRows(window.pairs(), output_width());
    float** c = pass->arena.Allocate<float*>(window.rows);  // advanced in place
    for (size_t r = 0; r < window.rows; ++r) c[r] = states[r] + state_offset(1);
    Prepared prepared = recurrent_.Reserve(window.rows, &pass->arena);
    RunSteps(window, output_width(), states, h_all,
             [&](size_t t, size_t rows, size_t pair, const float* const* h, float* const* h_out) {
               recurrent_.Prepare(rows, h, &prepared);
               pass->ForPanels(recurrent_, rows, t, [&](const kernels::PanelWalk& walk) {
                 LstmStep(recurrent_, rows, input.At(pair), prepared, c, c, h_out, walk);
               });
             });
    output->vectors = h_all;
  }

 private:
  const InputHalf input_;
  const Weights recurrent_;
};

}  // namespace

std::unique_ptr<const Layer> MakeLstm(const Node& node, const LayerInput& in,
                                      const TensorMap& tensors) {
  const size_t units = node.width;
  const Tensor& w = tensors.at(node.name + ".weight_input");
  const Tensor& u = tensors.at(node.name + ".weight_state");
  const float* b = tensors.at(node.name + ".bias").values.data();
  return std::make_unique<Lstm>(units,
                                InputHalf(Weights::PackGates(w, units, 0, 4), b, in.embedding),
                                Weights::PackGates(u, units, 0, 4, Vectors::kWithinOne));
}

}  // namespace sequent
