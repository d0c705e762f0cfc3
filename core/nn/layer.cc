#include "core/nn/layer.h"

#include <cmath>

#include "core/base/all_finite.h"

namespace sequent {

bool Layer::IsState(const float* state) const {
  const size_t stride = state_stride();
  for (size_t i = 0; i < state_vectors_; ++i, state += stride) {
    if (!AllFinite(state, output_width_)) return false;
    if (!AllZero(state + output_width_, stride - output_width_)) return false;
  }
  return true;
}

Status Layer::ValidateState(const float* state) const {
  if (IsState(state)) return absl::OkStatus();
  const size_t stride = state_stride();
  for (size_t i = 0; i < state_vectors_ * stride; ++i) {
    const bool padding = i % stride >= output_width_;
    if (padding ? state[i] != 0 : !std::isfinite(state[i])) {
      return absl::DataLossError(StrCat("value ", i, ": expected ",
                                        padding ? "0 (padding)" : "a finite number", ", got ",
                                        state[i]));
    }
  }
  return absl::OkStatus();
}

namespace {

LayerInput InputOf(const Graph& graph, const Node& node, const TensorMap& tensors) {
  const Node* from = &graph.nodes[node.inputs[0]];
  const size_t width = from->width;
  while (from->kind == NodeKind::kDropout) from = &graph.nodes[from->inputs[0]];
  const bool embedding = from->kind == NodeKind::kEmbedding;
  return {.width = width, .embedding = embedding ? &tensors.at(from->name + ".weight") : nullptr};
}

}  // namespace

std::unique_ptr<const Layer> MakeLayer(const Graph& graph, const Node& node,
                                       const TensorMap& tensors) {
  const LayerInput in = InputOf(graph, node, tensors);
  switch (node.kind) {
    case NodeKind::kInput:
      return nullptr;
    case NodeKind::kEmbedding:
      return MakeEmbedding(node, tensors);
    case NodeKind::kDense:
      return MakeDense(node, in, tensors);
    case NodeKind::kRnn:
      return MakeRnn(node, in, tensors);
    case NodeKind::kLstm:
      return MakeLstm(node, in, tensors);
    case NodeKind::kGru:
      return node.reset_after ? MakeGruAfter(node, in, tensors) : MakeGruBefore(node, in, tensors);
    case NodeKind::kActivation:
      return MakeActivation(node);
    case NodeKind::kDropout:
      return MakeIdentity(node);
    case NodeKind::kConcat:
      return MakeConcat(graph, node);
    case NodeKind::kAdd:
      return MakeAdd(node);
  }
  return nullptr;
}

}  // namespace sequent
