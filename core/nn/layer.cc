#include "core/nn/layer.h"

#include <cmath>

namespace sequent {

Status Layer::ValidateState(const float* state) const {
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

std::unique_ptr<const Layer> MakeLayer(const Graph& graph, const Node& node,
                                       const TensorMap& tensors) {
  const size_t in = graph.nodes[node.inputs[0]].width;
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
