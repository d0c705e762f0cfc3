#include "core/model/graph_sequence.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/error.h"
#include "core/model/config_check.h"

namespace sequent {
namespace {

constexpr std::array<std::string_view, 3> kDirections = {"forward", "backward", "bidirectional"};
constexpr std::array<std::string_view, 3> kPaddings = {"causal", "same", "valid"};
constexpr std::array<std::string_view, 6> kPools = {"last", "final_states", "mean",
                                                    "max",  "attention",    "positions"};
constexpr std::array<PoolKind, 6> kPoolKinds = {PoolKind::kLast,      PoolKind::kFinalStates,
                                                PoolKind::kMean,      PoolKind::kMax,
                                                PoolKind::kAttention, PoolKind::kPositions};
constexpr size_t kMaxKernel = 64;
constexpr size_t kMaxPositions = 64;
constexpr size_t kMaxAttentionWindow = 1024;

std::string_view KindName(const v1::Layer& layer) {
  switch (layer.kind_case()) {
    case v1::Layer::kRnn:
      return "rnn";
    case v1::Layer::kLstm:
      return "lstm";
    case v1::Layer::kGru:
      return "gru";
    case v1::Layer::kIndrnn:
      return "indrnn";
    case v1::Layer::kQrnn:
      return "qrnn";
    default:
      return "";
  }
}

// "" for layers that have none.
std::string DirectionOf(const v1::Layer& layer) {
  switch (layer.kind_case()) {
    case v1::Layer::kRnn:
      return layer.rnn().direction();
    case v1::Layer::kLstm:
      return layer.lstm().direction();
    case v1::Layer::kGru:
      return layer.gru().direction();
    case v1::Layer::kIndrnn:
      return layer.indrnn().direction();
    case v1::Layer::kQrnn:
      return layer.qrnn().direction();
    default:
      return "";
  }
}

bool Recurrent(NodeKind kind) {
  return kind == NodeKind::kRnn || kind == NodeKind::kLstm || kind == NodeKind::kGru ||
         kind == NodeKind::kIndRnn || kind == NodeKind::kQrnn;
}

bool LooksAlongTheSequence(NodeKind kind) {
  return Recurrent(kind) || kind == NodeKind::kConv1d || kind == NodeKind::kPool ||
         kind == NodeKind::kAttention;
}

bool Causal(const Node& node) {
  if (node.kind == NodeKind::kConv1d) return node.before + 1 == node.window && node.trimmed == 0;
  if (node.kind == NodeKind::kPool) return node.pool == PoolKind::kLast;
  return node.kind != NodeKind::kReverse;
}

std::string StepsOf(const Node& node) {
  if (node.pooled) return "one step per sequence";
  return node.trimmed == 0 ? "the steps of the input" : StrCat(node.trimmed, " steps fewer");
}

// Follows the name of a layer in that of the node which puts its steps back in order.
constexpr absl::string_view kOrdered = ".ordered";

Node ReverseOf(const std::string& name, size_t input, const Node& like) {
  Node node{};
  node.kind = NodeKind::kReverse;
  node.name = name;
  node.inputs = {input};
  node.width = like.width;
  node.trimmed = like.trimmed;
  return node;
}

// reverse, the cell, reverse.
void AppendBackward(const std::string& name, Node cell, std::vector<Node>* nodes) {
  const size_t input = cell.inputs[0];
  nodes->push_back(ReverseOf(name + ".reversed", input, (*nodes)[input]));
  cell.inputs = {nodes->size() - 1};
  nodes->push_back(cell);
  nodes->push_back(ReverseOf(StrCat(name, kOrdered), nodes->size() - 1, cell));
  nodes->back().forward_columns = 0;
  nodes->back().reads_backward = true;
}

void AppendBidirectional(const Node& cell, std::vector<Node>* nodes) {
  Node joined{};
  joined.kind = NodeKind::kConcat;
  joined.name = cell.name;
  joined.width = 2 * cell.width;
  joined.trimmed = cell.trimmed;
  joined.forward_columns = cell.width;
  joined.reads_backward = true;
  for (const char* direction : {".forward", ".backward"}) {
    Node part = cell;
    part.name += direction;
    if (direction[1] == 'f') {
      nodes->push_back(std::move(part));
    } else {
      AppendBackward(cell.name, std::move(part), nodes);
    }
    joined.inputs.push_back(nodes->size() - 1);
  }
  nodes->push_back(std::move(joined));
}

// What a pool puts out, from what comes in.
Status SetPoolWidth(const std::string& path, const Node& input, Node* node) {
  if (node->pool == PoolKind::kFinalStates && !input.forward_columns.has_value()) {
    return Expected(path + ".inputs", "a recurrent layer for final_states",
                    StrCat("'", LayerName(input), "'"));
  }
  if (node->pool == PoolKind::kLast && input.reads_backward) {
    return Expected(path + ".pool.kind",
                    "final_states behind a layer that reads backward (its last state stands at the "
                    "first step)",
                    "last");
  }
  const size_t copies = node->pool == PoolKind::kPositions ? node->positions.size() : 1;
  node->width = copies * input.width;
  return CheckCount(path + ".pool.positions: their joint width", node->width, kMaxWidth);
}

}  // namespace

Status SetConv1d(const std::string& path, const v1::Conv1d& conv, Node* node) {
  node->kind = NodeKind::kConv1d;
  SEQ_RETURN_IF_ERROR(CheckCount(path + ".kernel", conv.kernel(), kMaxKernel));
  SEQ_ASSIGN_OR_RETURN(const size_t padding,
                       CheckChoice(path + ".padding", conv.padding(), kPaddings));
  node->window = conv.kernel();
  node->before = padding == 0 ? conv.kernel() - 1 : padding == 1 ? (conv.kernel() - 1) / 2 : 0;
  node->trimmed = padding == 2 ? conv.kernel() - 1 : 0;
  node->width = conv.filters();
  return CheckCount(path + ".filters", conv.filters(), kMaxWidth);
}

Status SetPool(const std::string& path, const v1::Pool& pool, Node* node) {
  node->kind = NodeKind::kPool;
  if (pool.kind().empty()) {
    return Expected(path + ".kind", "last | final_states | mean | max | attention | positions",
                    "''");
  }
  SEQ_ASSIGN_OR_RETURN(const size_t kind, CheckChoice(path + ".kind", pool.kind(), kPools));
  node->pool = kPoolKinds[kind];
  node->positions.assign(pool.positions().begin(), pool.positions().end());
  if (node->pool == PoolKind::kPositions) {
    return CheckCount(path + ".positions", node->positions.size(), kMaxPositions);
  }
  if (node->positions.empty()) return absl::OkStatus();
  return Expected(path + ".positions", StrCat("none for ", pool.kind()),
                  StrCat(node->positions.size()));
}

Status SetAttention(const std::string& path, const v1::Attention& attention, Node* node) {
  node->kind = NodeKind::kAttention;
  node->attention_heads = attention.heads() == 0 ? 1 : attention.heads();
  node->window = attention.window();
  return CheckCount(path + ".window", attention.window(), kMaxAttentionWindow);
}

Status CheckAttentionHeads(const std::string& path, const Node& node) {
  if (node.kind != NodeKind::kAttention || node.width % node.attention_heads == 0) {
    return absl::OkStatus();
  }
  return Expected(path + ".attention.heads", StrCat("a divisor of the width, ", node.width),
                  StrCat(node.attention_heads));
}

std::string LayerName(const Node& node) {
  if (node.kind != NodeKind::kReverse) return node.name;
  return node.name.substr(0, node.name.size() - kOrdered.size());
}

Status SetSteps(const std::string& path, const std::vector<Node>& nodes, Node* node) {
  const Node& first = nodes[node->inputs[0]];
  for (const size_t index : node->inputs) {
    const Node& input = nodes[index];
    if (input.pooled == first.pooled && input.trimmed == first.trimmed) continue;
    return Expected(path + ".inputs",
                    StrCat("layers with equally many steps ('", LayerName(first), "' has ",
                           StepsOf(first), ")"),
                    StrCat("'", LayerName(input), "', which has ", StepsOf(input)));
  }
  if (first.pooled && LooksAlongTheSequence(node->kind)) {
    return Expected(path + ".inputs", "a layer with an output per step",
                    StrCat("'", LayerName(first), "', which has one per sequence"));
  }
  node->pooled = first.pooled || node->kind == NodeKind::kPool;
  node->trimmed = node->pooled ? 0 : node->trimmed + first.trimmed;
  // A recurrent layer and an attention carry what they read on to the last step.
  node->reads_backward = !Recurrent(node->kind) && node->kind != NodeKind::kAttention &&
                         std::any_of(node->inputs.begin(), node->inputs.end(),
                                     [&](size_t index) { return nodes[index].reads_backward; });
  if (Recurrent(node->kind)) node->forward_columns = node->width;
  if (node->kind == NodeKind::kDropout || node->kind == NodeKind::kActivation) {
    node->forward_columns = first.forward_columns;
  }
  return node->kind == NodeKind::kPool ? SetPoolWidth(path, first, node) : absl::OkStatus();
}

Status AppendLayer(const std::string& path, const v1::Layer& layer, Node node,
                   std::vector<Node>* nodes) {
  const std::string where = StrCat(path, ".", ToAbsl(KindName(layer)), ".direction");
  SEQ_ASSIGN_OR_RETURN(const size_t direction, CheckChoice(where, DirectionOf(layer), kDirections));
  if (direction == 0) {
    nodes->push_back(std::move(node));
  } else if (direction == 1) {
    const std::string name = node.name;
    AppendBackward(name, std::move(node), nodes);
  } else {
    SEQ_RETURN_IF_ERROR(CheckCount(where + ": the joint width", 2 * node.width, kMaxWidth));
    AppendBidirectional(node, nodes);
  }
  return absl::OkStatus();
}

void SetStreamable(Graph* graph) {
  graph->streamable = std::all_of(graph->nodes.begin(), graph->nodes.end(), Causal);
  if (!graph->streamable) return;
  for (Node& node : graph->nodes) node.pooled = false;
}

Status CheckSeesNoFuture(const std::string& path, const v1::Layer& layer, const std::string& task) {
  const std::string why = StrCat(" in task ", task, " (it would see the future)");
  const std::string direction = DirectionOf(layer);
  if (!direction.empty() && direction != "forward") {
    return Expected(StrCat(path, ".", ToAbsl(KindName(layer)), ".direction"), "forward" + why,
                    direction);
  }
  const std::string& padding = layer.conv1d().padding();
  if (!padding.empty() && padding != "causal") {
    return Expected(path + ".conv1d.padding", "causal" + why, padding);
  }
  const std::string& pool = layer.pool().kind();
  if (!pool.empty() && pool != "last") return Expected(path + ".pool.kind", "last" + why, pool);
  return absl::OkStatus();
}

}  // namespace sequent
