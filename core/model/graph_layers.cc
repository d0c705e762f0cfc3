#include "core/model/graph_layers.h"

#include <array>
#include <utility>

#include "core/base/error.h"
#include "core/model/config_check.h"
#include "core/model/graph_sequence.h"

namespace sequent {
namespace {

constexpr std::array<std::string_view, 3> kRnnActivations = {"tanh", "relu", "leaky_relu"};
constexpr std::array<ActivationKind, 3> kRnnActivationKinds = {
    ActivationKind::kTanh, ActivationKind::kRelu, ActivationKind::kLeakyRelu};
constexpr std::array<std::string_view, 4> kFunctions = {"tanh", "sigmoid", "relu", "leaky_relu"};
constexpr std::array<ActivationKind, 4> kFunctionKinds = {
    ActivationKind::kTanh, ActivationKind::kSigmoid, ActivationKind::kRelu,
    ActivationKind::kLeakyRelu};
constexpr std::array<std::string_view, 2> kResets = {"after", "before"};
constexpr std::array<std::string_view, 2> kUpdateGates = {"keep_old", "take_new"};

Status SetUnits(const std::string& path, uint32_t units, Node* node) {
  SEQ_RETURN_IF_ERROR(CheckCount(path, units, kMaxWidth));
  node->width = node->units = units;
  return absl::OkStatus();
}

Status CheckShare(const std::string& path, float share) {
  // Written so that NaN fails it too.
  if (share >= 0 && share < 1) return absl::OkStatus();
  return Expected(path, "at least 0 and under 1", StrCat(share));
}

Status SetWeightDrop(const std::string& path, float share, Node* node) {
  node->weight_drop = share;
  return CheckShare(path + ".weight_drop", share);
}

Status SetRnn(const std::string& path, const v1::Rnn& rnn, Node* node) {
  node->kind = NodeKind::kRnn;
  SEQ_ASSIGN_OR_RETURN(const size_t choice,
                       CheckChoice(path + ".activation", rnn.activation(), kRnnActivations));
  node->activation = kRnnActivationKinds[choice];
  SEQ_RETURN_IF_ERROR(SetWeightDrop(path, rnn.weight_drop(), node));
  return SetUnits(path + ".units", rnn.units(), node);
}

Status SetLstm(const std::string& path, const v1::Lstm& lstm, Node* node) {
  node->kind = NodeKind::kLstm;
  node->peepholes = lstm.peepholes();
  SEQ_RETURN_IF_ERROR(SetWeightDrop(path, lstm.weight_drop(), node));
  SEQ_RETURN_IF_ERROR(SetUnits(path + ".units", lstm.units(), node));
  if (lstm.projection() == 0) return absl::OkStatus();
  if (lstm.projection() >= lstm.units()) {
    return Expected(path + ".projection", StrCat("0 or fewer than units, ", lstm.units()),
                    StrCat(lstm.projection()));
  }
  node->projection = true;
  node->width = lstm.projection();
  return absl::OkStatus();
}

Status SetGru(const std::string& path, const v1::Gru& gru, Node* node) {
  node->kind = NodeKind::kGru;
  node->bias = !gru.has_bias() || gru.bias();
  SEQ_ASSIGN_OR_RETURN(const size_t reset, CheckChoice(path + ".reset", gru.reset(), kResets));
  node->reset_after = reset == 0;
  SEQ_ASSIGN_OR_RETURN(const size_t gate,
                       CheckChoice(path + ".update_gate", gru.update_gate(), kUpdateGates));
  node->keep_old = gate == 0;
  SEQ_RETURN_IF_ERROR(SetWeightDrop(path, gru.weight_drop(), node));
  return SetUnits(path + ".units", gru.units(), node);
}

Status SetQrnn(const std::string& path, const v1::Qrnn& qrnn, Node* node) {
  node->kind = NodeKind::kQrnn;
  node->window = qrnn.window() == 0 ? 2 : qrnn.window();
  SEQ_RETURN_IF_ERROR(CheckCount(path + ".window", node->window, kMaxQrnnWindow));
  return SetUnits(path + ".units", qrnn.units(), node);
}

Status SetActivation(const std::string& path, const v1::Activation& activation, Node* node) {
  node->kind = NodeKind::kActivation;
  if (activation.function().empty()) {
    return Expected(path + ".function", "tanh | sigmoid | relu | leaky_relu", "''");
  }
  SEQ_ASSIGN_OR_RETURN(const size_t choice,
                       CheckChoice(path + ".function", activation.function(), kFunctions));
  node->activation = kFunctionKinds[choice];
  return absl::OkStatus();
}

Status SetDropout(const std::string& path, const v1::Dropout& dropout, Node* node) {
  node->kind = NodeKind::kDropout;
  node->dropout = dropout.rate();
  node->locked = dropout.locked();
  return CheckShare(path + ".rate", dropout.rate());
}

// The kind and its own fields. Layers whose width follows from their inputs leave it 0.
Status SetKind(const std::string& path, const v1::Layer& layer, Node* node) {
  switch (layer.kind_case()) {
    case v1::Layer::kEmbedding:
      node->kind = NodeKind::kEmbedding;
      return SetUnits(path + ".embedding.width", layer.embedding().width(), node);
    case v1::Layer::kDense:
      node->kind = NodeKind::kDense;
      node->bias = !layer.dense().has_bias() || layer.dense().bias();
      return SetUnits(path + ".dense.units", layer.dense().units(), node);
    case v1::Layer::kRnn:
      return SetRnn(path + ".rnn", layer.rnn(), node);
    case v1::Layer::kLstm:
      return SetLstm(path + ".lstm", layer.lstm(), node);
    case v1::Layer::kGru:
      return SetGru(path + ".gru", layer.gru(), node);
    case v1::Layer::kIndrnn:
      node->kind = NodeKind::kIndRnn;
      return SetUnits(path + ".indrnn.units", layer.indrnn().units(), node);
    case v1::Layer::kQrnn:
      return SetQrnn(path + ".qrnn", layer.qrnn(), node);
    case v1::Layer::kActivation:
      return SetActivation(path + ".activation", layer.activation(), node);
    case v1::Layer::kDropout:
      return SetDropout(path + ".dropout", layer.dropout(), node);
    case v1::Layer::kConcat:
      node->kind = NodeKind::kConcat;
      return absl::OkStatus();
    case v1::Layer::kAdd:
      node->kind = NodeKind::kAdd;
      return absl::OkStatus();
    case v1::Layer::kConv1D:
      return SetConv1d(path + ".conv1d", layer.conv1d(), node);
    case v1::Layer::kPool:
      return SetPool(path + ".pool", layer.pool(), node);
    case v1::Layer::KIND_NOT_SET:
      break;
  }
  return Expected(path,
                  "one of embedding, dense, rnn, lstm, gru, indrnn, qrnn, activation, dropout, "
                  "concat, add, conv1d, pool",
                  "no kind");
}

bool TakesSeveralInputs(NodeKind kind) {
  return kind == NodeKind::kConcat || kind == NodeKind::kAdd;
}

Status CheckInputs(const std::string& path, const Node& node, const std::vector<Node>& nodes) {
  const size_t count = node.inputs.size();
  if (TakesSeveralInputs(node.kind) && count < 2) {
    return Expected(path + ".inputs", "at least 2", StrCat(count));
  }
  if (!TakesSeveralInputs(node.kind) && count != 1) {
    return Expected(path + ".inputs", "exactly 1", StrCat(count));
  }
  for (const size_t index : node.inputs) {
    const bool tokens = nodes[index].tokens > 0;
    if (tokens == (node.kind == NodeKind::kEmbedding)) continue;
    return Expected(
        path + ".inputs", tokens ? "numbers (put an embedding in between)" : "a token input",
        StrCat("'", nodes[index].name, tokens ? "', a token input" : "', which is none"));
  }
  return absl::OkStatus();
}

Status SetWidthFromInputs(const std::string& path, const std::vector<Node>& nodes, Node* node) {
  const size_t first = nodes[node->inputs[0]].width;
  size_t sum = 0;
  for (const size_t index : node->inputs) {
    const size_t width = nodes[index].width;
    if (node->kind == NodeKind::kAdd && width != first) {
      return Expected(
          path + ".inputs",
          StrCat("equal widths to add ('", nodes[node->inputs[0]].name, "' has ", first, ")"),
          StrCat("'", nodes[index].name, "' of width ", width));
    }
    sum += width;
  }
  node->width = node->kind == NodeKind::kConcat ? sum : first;
  return CheckCount(path + ".inputs: their joint width", node->width, kMaxWidth);
}

// A window's inputs are one vector of the layer's product.
Status CheckWindow(const std::string& path, const std::vector<Node>& nodes, const Node& node) {
  if (node.kind != NodeKind::kQrnn && node.kind != NodeKind::kConv1d) return absl::OkStatus();
  const char* field = node.kind == NodeKind::kQrnn ? ".qrnn.window" : ".conv1d.kernel";
  return CheckCount(StrCat(path, field, ": its inputs' joint width"),
                    node.window * nodes[node.inputs[0]].width, kMaxWidth);
}

}  // namespace

StatusOr<Node> MakeLayerNode(const std::string& path, const v1::Layer& layer,
                             std::vector<size_t> inputs, const std::vector<Node>& nodes) {
  Node node{};
  node.name = layer.name();
  node.inputs = std::move(inputs);
  SEQ_RETURN_IF_ERROR(SetKind(path, layer, &node));
  SEQ_RETURN_IF_ERROR(CheckInputs(path, node, nodes));
  SEQ_RETURN_IF_ERROR(CheckWindow(path, nodes, node));
  SEQ_RETURN_IF_ERROR(SetSteps(path, nodes, &node));
  if (node.width == 0) SEQ_RETURN_IF_ERROR(SetWidthFromInputs(path, nodes, &node));
  return node;
}

}  // namespace sequent
