// Gated recurrent units, gates r, z, n.
//
// Reset after: n = tanh(W x + b + r (U h + b')). Reset before: n = tanh(W x + b + U (r h)). Which
// way z points is the update gate's business. The two differ in what has to be known before the
// candidate's recurrent product can start, so they are two layers.
#include <algorithm>
#include <utility>
#include <vector>

#include "core/nn/input_half.h"
#include "core/nn/layer.h"
#include "core/nn/recurrent.h"
#include "core/nn/weights.h"

namespace sequent {
namespace {

using kernels::PanelWalk;
using kernels::UpdateGate;

UpdateGate UpdateOf(const Node& node) {
  return node.keep_old ? UpdateGate::kKeepOld : UpdateGate::kTakeNew;
}

class GruAfter final : public Layer {
 public:
  // `bias_state_n`: b' of the candidate, padded as GruAfterStep wants it; empty: none.
  GruAfter(size_t units, UpdateGate update, InputHalf input, Weights recurrent,
           AlignedVector<float> bias_state_n)
      : Layer(units, {units}),
        update_(update),
        input_(std::move(input)),
        recurrent_(std::move(recurrent)),
        bias_state_n_(std::move(bias_state_n)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const* states,
               Pass* pass, Signal* output) const override {
    const InputHalf::Steps input = input_.Begin(window, inputs[0], pass);
    float** h_all = pass->arena.AllocateRows(window.pairs(), output_width());
    const float* bias = bias_state_n_.empty() ? nullptr : bias_state_n_.data();
    Prepared prepared = recurrent_.Reserve(window.rows, &pass->arena);
    RunSteps(window, output_width(), states, h_all,
             [&](size_t t, size_t rows, size_t pair, const float* const* h, float* const* h_out) {
               recurrent_.Prepare(rows, h, &prepared);
               pass->ForPanels(recurrent_, rows, t, [&](const PanelWalk& walk) {
                 GruAfterStep(recurrent_, bias, update_, rows, input.At(pair), prepared, h_out,
                              walk);
               });
             });
    output->vectors = h_all;
  }

 private:
  const UpdateGate update_;
  const InputHalf input_;
  const Weights recurrent_;
  const AlignedVector<float> bias_state_n_;
};

class GruBefore final : public Layer {
 public:
  GruBefore(size_t units, UpdateGate update, InputHalf input_rz, InputHalf input_n,
            Weights recurrent_rz, Weights recurrent_n)
      : Layer(units, {units}),
        update_(update),
        input_rz_(std::move(input_rz)),
        input_n_(std::move(input_n)),
        recurrent_rz_(std::move(recurrent_rz)),
        recurrent_n_(std::move(recurrent_n)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const* states,
               Pass* pass, Signal* output) const override {
    const InputHalf::Steps input_rz = input_rz_.Begin(window, inputs[0], pass);
    const InputHalf::Steps input_n = input_n_.Begin(window, inputs[0], pass);
    float** z = pass->arena.AllocateRows(window.rows, output_width());
    float** rh = pass->arena.AllocateRows(window.rows, output_width());
    float** h_all = pass->arena.AllocateRows(window.pairs(), output_width());
    Prepared prepared = recurrent_rz_.Reserve(window.rows, &pass->arena);
    Prepared reset = recurrent_n_.Reserve(window.rows, &pass->arena);
    RunSteps(window, output_width(), states, h_all,
             [&](size_t t, size_t rows, size_t pair, const float* const* h, float* const* h_out) {
               recurrent_rz_.Prepare(rows, h, &prepared);
               pass->ForPanels(recurrent_rz_, rows, t, [&](const PanelWalk& walk) {
                 GruBeforeGates(recurrent_rz_, rows, input_rz.At(pair), prepared, z, rh, walk);
               });
               recurrent_n_.Prepare(rows, rh, &reset);
               pass->ForPanels(recurrent_n_, rows, t, [&](const PanelWalk& walk) {
                 GruBeforeState(recurrent_n_, update_, rows, input_n.At(pair), h, z, reset, h_out,
                                walk);
               });
             });
    output->vectors = h_all;
  }

 private:
  const UpdateGate update_;
  const InputHalf input_rz_, input_n_;
  const Weights recurrent_rz_, recurrent_n_;
};

}  // namespace

std::unique_ptr<const Layer> MakeGruAfter(const Node& node, const LayerInput& in,
                                          const TensorMap& tensors) {
  const size_t units = node.width;
  const Tensor& w = tensors.at(node.name + ".weight_input");
  const Tensor& u = tensors.at(node.name + ".weight_state");
  std::vector<float> bias;  // both biases of r and z add up outside of any product with r
  AlignedVector<float> bias_state_n;
  if (node.bias) {
    const AlignedVector<float>& input = tensors.at(node.name + ".bias_input").values;
    const AlignedVector<float>& state = tensors.at(node.name + ".bias_state").values;
    bias.assign(input.begin(), input.end());
    for (size_t i = 0; i < 2 * units; ++i) bias[i] += state[i];
    bias_state_n.assign(RoundUp(units, kernels::kMaxLanes), 0.0f);
    std::copy_n(state.begin() + 2 * units, units, bias_state_n.begin());
  }
  return std::make_unique<GruAfter>(units, UpdateOf(node),
                                    InputHalf(Weights::PackGates(w, units, 0, 3),
                                              node.bias ? bias.data() : nullptr, in.embedding),
                                    Weights::PackGates(u, units, 0, 3, Vectors::kWithinOne),
                                    std::move(bias_state_n));
}

std::unique_ptr<const Layer> MakeGruBefore(const Node& node, const LayerInput& in,
                                           const TensorMap& tensors) {
  const size_t units = node.width;
  const Tensor& w = tensors.at(node.name + ".weight_input");
  const Tensor& u = tensors.at(node.name + ".weight_state");
  const float* b = node.bias ? tensors.at(node.name + ".bias").values.data() : nullptr;
  const float* b_n = node.bias ? b + 2 * units : nullptr;
  return std::make_unique<GruBefore>(
      units, UpdateOf(node), InputHalf(Weights::PackGates(w, units, 0, 2), b, in.embedding),
      InputHalf(Weights::PackGates(w, units, 2, 1), b_n, in.embedding),
      Weights::PackGates(u, units, 0, 2, Vectors::kWithinOne),
      Weights::PackGates(u, units, 2, 1, Vectors::kWithinOne));
}

}  // namespace sequent
