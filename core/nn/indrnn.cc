// h' = relu(W x + b + u h), a recurrent weight per unit: all products of a window are one, and what
// is left of a step is elementwise.
#include <utility>

#include "core/kernels/scan.h"
#include "core/nn/input_half.h"
#include "core/nn/layer.h"
#include "core/nn/recurrent.h"
#include "core/nn/weights.h"

namespace sequent {
namespace {

class IndRnn final : public Layer {
 public:
  IndRnn(size_t units, InputHalf input, AlignedVector<float> recurrent)
      : Layer(units, {units}), input_(std::move(input)), recurrent_(std::move(recurrent)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const* states,
               Pass* pass, Signal* output) const override {
    const float* const* sums = input_.Sums(window, inputs[0], pass);
    float** h_all = pass->arena.AllocateRows(window.pairs(), output_width());
    RunSteps(window, output_width(), states, h_all,
             [&](size_t, size_t rows, size_t pair, const float* const* h, float* const* h_out) {
               kernels::IndRnnStep(output_width(), recurrent_.data(), rows, sums + pair, h, h_out);
             });
    output->vectors = h_all;
  }

 private:
  const InputHalf input_;
  const AlignedVector<float> recurrent_;
};

}  // namespace

std::unique_ptr<const Layer> MakeIndRnn(const Node& node, const LayerInput& in,
                                        const TensorMap& tensors) {
  const Tensor& w = tensors.at(node.name + ".weight_input");
  const float* b = tensors.at(node.name + ".bias").values.data();
  return std::make_unique<IndRnn>(node.width, InputHalf(Weights::Pack(w), b, in.embedding),
                                  tensors.at(node.name + ".recurrent").values);
}

}  // namespace sequent
