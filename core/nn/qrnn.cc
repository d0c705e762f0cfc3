// z, f, o = tanh, s, s of W [x(t-k+1) .. x(t)] + b; c' = f c + (1 - f) z; h' = o c'.
//
// Nothing but the elementwise last part depends on the step before, so all gates of a window are
// one product over vectors of k inputs, oldest first.
#include <algorithm>
#include <utility>

#include "core/kernels/scan.h"
#include "core/nn/input_half.h"
#include "core/nn/layer.h"
#include "core/nn/weights.h"

namespace sequent {
namespace {

// State: the last k - 1 inputs, oldest first, then c.
class Qrnn final : public Layer {
 public:
  Qrnn(size_t units, size_t window, size_t inputs, InputHalf gates)
      : Layer(units, StateWidths(units, window, inputs)),
        kept_(window - 1),
        inputs_(inputs),
        gates_(std::move(gates)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const* states,
               Pass* pass, Signal* output) const override {
    const Signal joined = kept_ == 0 ? inputs[0] : Join(window, inputs[0].vectors, states, pass);
    const float* const* sums = gates_.Sums(window, joined, pass);
    KeepInputs(window, inputs[0].vectors, states);
    float** h_all = pass->arena.AllocateRows(window.pairs(), output_width());
    float** c = pass->arena.Allocate<float*>(window.rows);  // advanced in place
    for (size_t r = 0; r < window.rows; ++r) c[r] = states[r] + state_offset(kept_);
    for (size_t t = 0; t < window.steps; ++t) {
      const size_t pair = window.first[t];
      kernels::QrnnStep(output_width(), window.rows_at(t), sums + pair, c, h_all + pair);
    }
    output->vectors = h_all;
  }

 private:
  static std::vector<size_t> StateWidths(size_t units, size_t window, size_t inputs) {
    std::vector<size_t> widths(window - 1, inputs);
    widths.push_back(units);
    return widths;
  }

  // Row r's input at step t - back of the window; those before its first step are in the state.
  const float* InputBefore(const Window& window, const float* const* x, const float* state,
                           size_t r, size_t t, size_t back) const {
    if (back <= t) return x[window.pair(r, t - back)];
    return state + state_offset(kept_ + t - back);
  }

  // For every pair the inputs of its steps side by side.
  Signal Join(const Window& window, const float* const* x, float* const* states, Pass* pass) const {
    float** joined = pass->arena.AllocateRows(window.pairs(), (kept_ + 1) * inputs_);
    for (size_t r = 0; r < window.rows; ++r) {
      for (size_t t = 0; t < window.length[r]; ++t) {
        float* to = joined[window.pair(r, t)];
        for (size_t back = kept_ + 1; back-- > 0; to += inputs_) {
          std::copy_n(InputBefore(window, x, states[r], r, t, back), inputs_, to);
        }
      }
    }
    return {.vectors = joined, .tokens = nullptr};
  }

  void KeepInputs(const Window& window, const float* const* x, float* const* states) const {
    for (size_t r = 0; r < window.rows; ++r) {
      const size_t last = window.length[r] - 1;
      // Those that stay move towards the beginning, so none is overwritten before it is read.
      for (size_t i = 0; i < kept_; ++i) {
        std::copy_n(InputBefore(window, x, states[r], r, last, kept_ - 1 - i), inputs_,
                    states[r] + state_offset(i));
      }
    }
  }

  const size_t kept_, inputs_;
  const InputHalf gates_;
};

}  // namespace

std::unique_ptr<const Layer> MakeQrnn(const Node& node, const LayerInput& in,
                                      const TensorMap& tensors) {
  const Tensor& w = tensors.at(node.name + ".weight");
  const float* b = tensors.at(node.name + ".bias").values.data();
  // A window of one input can be looked up.
  const Tensor* embedding = node.window == 1 ? in.embedding : nullptr;
  return std::make_unique<Qrnn>(node.width, node.window, in.width,
                                InputHalf(Weights::Pack(w), b, embedding));
}

}  // namespace sequent
