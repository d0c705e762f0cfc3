// z, f, o = tanh, s, s of W [x(t-k+1) .. x(t)] + b; c' = f c + (1 - f) z; h' = o c'.
//
// Nothing but the elementwise last part depends on the step before, so all gates of a window are
// one product over vectors of k inputs, oldest first.
#include <utility>

#include "core/kernels/scan.h"
#include "core/nn/input_half.h"
#include "core/nn/layer.h"
#include "core/nn/past_inputs.h"
#include "core/nn/weights.h"

namespace sequent {
namespace {

// State: the last k - 1 inputs, oldest first, then c.
class Qrnn final : public Layer {
 public:
  Qrnn(size_t units, const PastInputs& past, InputHalf gates)
      : Layer(units, StateWidths(units, past)), past_(past), gates_(std::move(gates)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const* states,
               Pass* pass, Signal* output) const override {
    const float* const* x = inputs[0].vectors;
    Signal joined = inputs[0];
    if (past_.kept() > 0) {
      joined = {.vectors = past_.Join(window, x, states, &pass->arena), .tokens = nullptr};
    }
    const float* const* sums = gates_.Sums(window, joined, pass);
    past_.Keep(window, x, states);
    float** h_all = pass->arena.AllocateRows(window.pairs(), output_width());
    float** c = pass->arena.Allocate<float*>(window.rows);  // advanced in place
    for (size_t r = 0; r < window.rows; ++r) c[r] = states[r] + state_offset(past_.kept());
    for (size_t t = 0; t < window.steps; ++t) {
      const size_t pair = window.first[t];
      kernels::QrnnStep(output_width(), window.rows_at(t), sums + pair, c, h_all + pair);
    }
    output->vectors = h_all;
  }

 private:
  static std::vector<size_t> StateWidths(size_t units, const PastInputs& past) {
    std::vector<size_t> widths = past.StateWidths();
    widths.push_back(units);
    return widths;
  }

  const PastInputs past_;
  const InputHalf gates_;
};

}  // namespace

std::unique_ptr<const Layer> MakeQrnn(const Node& node, const LayerInput& in,
                                      const TensorMap& tensors) {
  const Tensor& w = tensors.at(node.name + ".weight");
  const float* b = tensors.at(node.name + ".bias").values.data();
  // A window of one input can be looked up.
  const Tensor* embedding = node.window == 1 ? in.embedding : nullptr;
  return std::make_unique<Qrnn>(node.width, PastInputs(node.window - 1, in.width),
                                InputHalf(Weights::Pack(w), b, embedding));
}

}  // namespace sequent
