#include "core/nn/layer.h"

#include <cmath>
#include <utility>

#include "core/kernels/finite.h"

namespace sequent {

Layer::Layer(size_t output_width, std::vector<size_t> state_widths)
    : output_width_(output_width), state_widths_(std::move(state_widths)), state_offsets_{0} {
  for (const size_t width : state_widths_) {
    state_offsets_.push_back(state_offsets_.back() + RoundUp(width, kAlignment / sizeof(float)));
  }
}

bool Layer::IsState(const float* state) const {
  for (size_t i = 0; i < state_widths_.size(); ++i) {
    const float* begin = state + state_offset(i);
    const float* end = begin + state_widths_[i];
    const auto padding = static_cast<size_t>(state + state_offset(i + 1) - end);
    if (!kernels::AllFinite(state_widths_[i], begin)) return false;
    if (padding > 0 && !kernels::AllZero(padding, end)) return false;
  }
  return true;
}

Status Layer::ValidateState(const float* state) const {
  if (IsState(state)) return absl::OkStatus();
  size_t vector = 0;
  for (size_t i = 0; i < state_offsets_.back(); ++i) {
    if (i == state_offset(vector + 1)) ++vector;
    const bool padding = i - state_offset(vector) >= state_widths_[vector];
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
  while (from->kind == NodeKind::kDropout || from->kind == NodeKind::kReverse) {
    from = &graph.nodes[from->inputs[0]];
  }
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
      return node.peepholes || node.projection ? MakeLstmVariant(node, in, tensors)
                                               : MakeLstm(node, in, tensors);
    case NodeKind::kGru:
      return node.reset_after ? MakeGruAfter(node, in, tensors) : MakeGruBefore(node, in, tensors);
    case NodeKind::kIndRnn:
      return MakeIndRnn(node, in, tensors);
    case NodeKind::kQrnn:
      return MakeQrnn(node, in, tensors);
    case NodeKind::kActivation:
      return MakeActivation(node);
    case NodeKind::kDropout:
      return MakeIdentity(node);
    case NodeKind::kConcat:
      return MakeConcat(graph, node);
    case NodeKind::kAdd:
      return MakeAdd(node);
    case NodeKind::kConv1d:
      return MakeConv1d(graph, node, tensors);
    case NodeKind::kPool:
      return MakePool(graph, node, tensors);
    case NodeKind::kAttention:
      return MakeAttention(node, tensors);
    case NodeKind::kLayerNorm:
      return MakeLayerNorm(node, tensors);
    case NodeKind::kReverse:
      return MakeReverse(node);
  }
  return nullptr;
}

}  // namespace sequent
