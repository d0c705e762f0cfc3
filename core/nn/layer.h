// One node of the graph at work: immutable weights, packed, and the equations.
//
// Equations, tensor names and shapes: proto/sequent/v1/model.proto, core/model/tensor_table.h.
// Layers obey batch invariance: what a pair gives does not depend on which other pairs are in the
// window.
//
// Thread safety: immutable after construction.
#ifndef SEQUENT_CORE_NN_LAYER_H_
#define SEQUENT_CORE_NN_LAYER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/model/graph.h"
#include "core/model/tensor.h"
#include "core/nn/pass.h"
#include "core/nn/window.h"

namespace sequent {

class Layer {
 public:
  virtual ~Layer() = default;

  size_t output_width() const { return output_width_; }
  // Bytes that a row keeps for this layer, a multiple of 64: vectors of floats, each padded with
  // zeros to 64 bytes. All zeros before the first step.
  size_t state_size() const { return state_offset(state_widths_.size()) * sizeof(float); }

  // Runs all pairs of the window, which are the inputs'; the output's are too, but where a layer
  // says otherwise (pool: one per row; a valid conv1d: Trimmed). `states[r]` is row r's segment,
  // advanced in place to its last step (unused by layers without state). What `output` points to
  // lives in the pass' arena or the inputs.
  virtual void Forward(const Window& window, std::span<const Signal> inputs, float* const* states,
                       Pass* pass, Signal* output) const = 0;

  // DATA_LOSS unless the segment holds finite values and its padding is zero, and what else a layer
  // knows of its state.
  virtual Status ValidateState(const float* state) const;

 protected:
  // `state_widths`: floats of each vector of the state.
  explicit Layer(size_t output_width, std::vector<size_t> state_widths = {});

  // Floats from the beginning of a row's segment to vector i of the state.
  size_t state_offset(size_t i) const { return state_offsets_[i]; }

 private:
  bool IsState(const float* state) const;

  const size_t output_width_;
  const std::vector<size_t> state_widths_;
  std::vector<size_t> state_offsets_;  // one per vector, and the end
};

// The layer of a node that is no input; `tensors` must have passed CheckTensors.
std::unique_ptr<const Layer> MakeLayer(const Graph& graph, const Node& node,
                                       const TensorMap& tensors);

// What feeds a layer: its width, and the table [tokens, width] if it is an embedding, else nullptr.
struct LayerInput {
  size_t width;
  const Tensor* embedding;
};

// What MakeLayer chooses from.
std::unique_ptr<const Layer> MakeEmbedding(const Node& node, const TensorMap& tensors);
std::unique_ptr<const Layer> MakeDense(const Node& node, const LayerInput& in,
                                       const TensorMap& tensors);
std::unique_ptr<const Layer> MakeRnn(const Node& node, const LayerInput& in,
                                     const TensorMap& tensors);
std::unique_ptr<const Layer> MakeLstm(const Node& node, const LayerInput& in,
                                      const TensorMap& tensors);
// With peepholes, a projection, or both.
std::unique_ptr<const Layer> MakeLstmVariant(const Node& node, const LayerInput& in,
                                             const TensorMap& tensors);
std::unique_ptr<const Layer> MakeGruAfter(const Node& node, const LayerInput& in,
                                          const TensorMap& tensors);
std::unique_ptr<const Layer> MakeGruBefore(const Node& node, const LayerInput& in,
                                           const TensorMap& tensors);
std::unique_ptr<const Layer> MakeIndRnn(const Node& node, const LayerInput& in,
                                        const TensorMap& tensors);
std::unique_ptr<const Layer> MakeQrnn(const Node& node, const LayerInput& in,
                                      const TensorMap& tensors);
std::unique_ptr<const Layer> MakeActivation(const Node& node);
std::unique_ptr<const Layer> MakeIdentity(const Node& node);
std::unique_ptr<const Layer> MakeConcat(const Graph& graph, const Node& node);
std::unique_ptr<const Layer> MakeAdd(const Node& node);
std::unique_ptr<const Layer> MakeConv1d(const Graph& graph, const Node& node,
                                        const TensorMap& tensors);
std::unique_ptr<const Layer> MakePool(const Graph& graph, const Node& node,
                                      const TensorMap& tensors);
std::unique_ptr<const Layer> MakeAttention(const Node& node, const TensorMap& tensors);
std::unique_ptr<const Layer> MakeLayerNorm(const Node& node, const TensorMap& tensors);
std::unique_ptr<const Layer> MakeReverse(const Node& node);

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_LAYER_H_
