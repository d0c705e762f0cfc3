#include "core/model/graph.h"

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_map>
#include <utility>

#include "core/base/error.h"
#include "core/model/config_check.h"
#include "core/model/graph_heads.h"
#include "core/model/graph_layers.h"
#include "core/model/graph_sequence.h"
#include "core/model/input_check.h"
#include "core/model/tensor_table.h"

namespace sequent {
namespace {

constexpr std::string_view kInputName = "input";
constexpr std::array<std::string_view, 4> kTasks = {"language_model", "forecast", "classify",
                                                    "tag"};
constexpr size_t kUnplaced = std::numeric_limits<size_t>::max();

// Works on *vertices*: 0 is the input, 1 + i is layers[i] of the configuration. A vertex becomes a
// node when everything it reads is one.
class GraphBuilder {
 public:
  explicit GraphBuilder(const v1::ModelConfig& config) : config_(config) {}

  StatusOr<Graph> Build() && {
    SEQ_RETURN_IF_ERROR(CheckTask());
    SEQ_RETURN_IF_ERROR(AddInput());
    SEQ_RETURN_IF_ERROR(NameLayers());
    SEQ_RETURN_IF_ERROR(ConnectLayers());
    SEQ_RETURN_IF_ERROR(AddLayers());
    SEQ_RETURN_IF_ERROR(AddHeads());
    SEQ_RETURN_IF_ERROR(CheckEveryLayerIsUsed());
    if (config_.has_feedback()) {
      if (!graph_.streamable) {
        return Expected("feedback", "none in a model that takes whole sequences", "one");
      }
      SEQ_ASSIGN_OR_RETURN(graph_.feedback, MakeFeedback(config_, graph_));
    }
    SEQ_RETURN_IF_ERROR(CheckParameterCount());
    return std::move(graph_);
  }

 private:
  Status CheckTask() const;
  Status AddInput();
  Status AddName(const std::string& path, const std::string& name, size_t vertex);
  Status NameLayers();
  Status ConnectLayers();
  Status AddLayers();
  Status AddLayer(size_t vertex);
  Status CycleError() const;
  Status AddHeads();
  StatusOr<size_t> HeadInput(const std::string& path, const std::string& name) const;
  Status CheckEveryLayerIsUsed() const;
  Status CheckParameterCount() const;

  bool Ready(size_t vertex) const {
    return std::all_of(reads_[vertex].begin(), reads_[vertex].end(),
                       [this](size_t input) { return node_of_[input] != kUnplaced; });
  }
  static std::string LayerPath(size_t vertex) { return Indexed("layers", vertex - 1); }

  const v1::ModelConfig& config_;
  Graph graph_;
  std::unordered_map<std::string, size_t> vertex_of_;  // by name; heads are in it too, without use
  std::vector<std::vector<size_t>> reads_;             // per vertex: the vertices it reads
  std::vector<size_t> node_of_;                        // per vertex, or kUnplaced
};

Status GraphBuilder::CheckTask() const {
  if (!config_.name().empty()) SEQ_RETURN_IF_ERROR(CheckLabel("name", config_.name()));
  if (config_.task().empty())
    return Expected("task", "language_model | forecast | classify | tag", "''");
  SEQ_ASSIGN_OR_RETURN(const size_t task, CheckChoice("task", config_.task(), kTasks));
  if (config_.inputs_size() != 1) {
    return Expected("inputs", "exactly 1", StrCat(config_.inputs_size()));
  }
  const v1::Input& input = config_.inputs(0);
  if (input.kind_case() == v1::Input::KIND_NOT_SET) {
    return Expected("inputs[0]", "one of tokens, features", "no kind");
  }
  if (task == 0 && !input.has_tokens()) {
    return Expected("inputs[0]", "tokens for task language_model", "features");
  }
  if (task == 1 && !input.has_features()) {
    return Expected("inputs[0]", "features for task forecast", "tokens");
  }
  return absl::OkStatus();
}

Status GraphBuilder::AddInput() {
  const v1::Input& input = config_.inputs(0);
  if (!input.name().empty() && input.name() != kInputName) {
    return Expected("inputs[0].name", "'input'", StrCat("'", Quoted(input.name()), "'"));
  }
  Node node{};
  node.kind = NodeKind::kInput;
  node.name = std::string(kInputName);
  if (input.has_tokens()) {
    SEQ_ASSIGN_OR_RETURN(node.tokens, CheckTokenInput("inputs[0].tokens", input.tokens()));
  } else {
    SEQ_ASSIGN_OR_RETURN(node.width, CheckFeatureInput("inputs[0].features", input.features()));
  }
  vertex_of_.emplace(node.name, 0);
  graph_.nodes.push_back(std::move(node));
  return absl::OkStatus();
}

// Layers and heads share one name space: their tensors are all "<name>.<parameter>".
Status GraphBuilder::AddName(const std::string& path, const std::string& name, size_t vertex) {
  SEQ_RETURN_IF_ERROR(CheckName(path, name));
  const std::string got = StrCat("'", name, "'");
  if (name == "asset") return Expected(path, "a name other than the reserved 'asset'", got);
  if (vertex_of_.emplace(name, vertex).second) return absl::OkStatus();
  return Expected(path, "a name not used before", got);
}

Status GraphBuilder::NameLayers() {
  const size_t count = static_cast<size_t>(config_.layers_size());
  if (count > kMaxLayers) return Expected("layers", StrCat("at most ", kMaxLayers), StrCat(count));
  for (size_t vertex = 1; vertex <= count; ++vertex) {
    const std::string& name = config_.layers(static_cast<int>(vertex - 1)).name();
    SEQ_RETURN_IF_ERROR(AddName(LayerPath(vertex) + ".name", name, vertex));
  }
  return absl::OkStatus();
}

Status GraphBuilder::ConnectLayers() {
  const size_t count = static_cast<size_t>(config_.layers_size());
  reads_.resize(1 + count);
  for (size_t vertex = 1; vertex <= count; ++vertex) {
    const v1::Layer& layer = config_.layers(static_cast<int>(vertex - 1));
    const std::string path = LayerPath(vertex) + ".inputs";
    const size_t inputs = static_cast<size_t>(layer.inputs_size());
    if (inputs > kMaxLayers) return Expected(path, StrCat("at most ", kMaxLayers), StrCat(inputs));
    if (inputs == 0) reads_[vertex].push_back(vertex - 1);
    for (size_t i = 0; i < inputs; ++i) {
      const std::string& name = layer.inputs(static_cast<int>(i));
      const auto found = vertex_of_.find(name);
      if (found == vertex_of_.end()) {
        return Expected(Indexed(path, i), "the name of a layer or input",
                        StrCat("'", Quoted(name), "'"));
      }
      reads_[vertex].push_back(found->second);
    }
  }
  return absl::OkStatus();
}

// In the configuration's order as far as inputs allow: each pass places every layer that is ready.
Status GraphBuilder::AddLayers() {
  node_of_.assign(reads_.size(), kUnplaced);
  node_of_[0] = 0;
  const auto unplaced = [this] { return std::count(node_of_.begin(), node_of_.end(), kUnplaced); };
  while (const auto before = unplaced()) {
    for (size_t vertex = 1; vertex < reads_.size(); ++vertex) {
      if (node_of_[vertex] == kUnplaced && Ready(vertex)) SEQ_RETURN_IF_ERROR(AddLayer(vertex));
    }
    if (unplaced() == before) return CycleError();
  }
  SetStreamable(&graph_);
  return absl::OkStatus();
}

Status GraphBuilder::AddLayer(size_t vertex) {
  std::vector<size_t> inputs;
  for (const size_t input : reads_[vertex]) inputs.push_back(node_of_[input]);
  const std::string path = LayerPath(vertex);
  const v1::Layer& layer = config_.layers(static_cast<int>(vertex - 1));
  SEQ_ASSIGN_OR_RETURN(Node node, MakeLayerNode(path, layer, std::move(inputs), graph_.nodes));
  SEQ_RETURN_IF_ERROR(AppendLayer(path, layer, std::move(node), &graph_.nodes));
  node_of_[vertex] = graph_.nodes.size() - 1;
  const bool predicts = config_.task() == "language_model" || config_.task() == "forecast";
  return predicts ? CheckSeesNoFuture(path, layer, config_.task()) : absl::OkStatus();
}

// Every unplaced layer reads an unplaced one, so walking those ends up going round the cycle; after
// as many steps as there are layers the walk is on it for certain.
Status GraphBuilder::CycleError() const {
  const auto unplaced = [this](size_t input) { return node_of_[input] == kUnplaced; };
  size_t at = 1;
  while (!unplaced(at)) ++at;
  for (size_t step = 0; step < reads_.size(); ++step) {
    at = *std::find_if(reads_[at].begin(), reads_[at].end(), unplaced);
  }
  return Expected(
      LayerPath(at) + ".inputs", "layers without a cycle",
      StrCat("'", config_.layers(static_cast<int>(at - 1)).name(), "', which depends on itself"));
}

StatusOr<size_t> GraphBuilder::HeadInput(const std::string& path, const std::string& name) const {
  if (name.empty()) return node_of_.back();
  const auto found = vertex_of_.find(name);
  if (found == vertex_of_.end() || found->second >= node_of_.size()) {
    return Expected(path, "the name of a layer or input", StrCat("'", Quoted(name), "'"));
  }
  return node_of_[found->second];
}

Status GraphBuilder::AddHeads() {
  SEQ_RETURN_IF_ERROR(CheckCount("heads", static_cast<uint64_t>(config_.heads_size()), kMaxHeads));
  for (int i = 0; i < config_.heads_size(); ++i) {
    const std::string path = Indexed("heads", static_cast<size_t>(i));
    SEQ_RETURN_IF_ERROR(AddName(path + ".name", config_.heads(i).name(), kUnplaced));
    SEQ_ASSIGN_OR_RETURN(const size_t input, HeadInput(path + ".input", config_.heads(i).input()));
    SEQ_ASSIGN_OR_RETURN(HeadNode head, MakeHead(path, config_, i, input, graph_));
    graph_.heads.push_back(std::move(head));
  }
  return absl::OkStatus();
}

Status GraphBuilder::CheckEveryLayerIsUsed() const {
  std::vector<bool> used(graph_.nodes.size(), false);
  for (const HeadNode& head : graph_.heads) used[head.input] = true;
  for (size_t i = graph_.nodes.size(); i-- > 0;) {
    if (!used[i]) continue;
    for (const size_t input : graph_.nodes[i].inputs) used[input] = true;
  }
  for (size_t vertex = 1; vertex < node_of_.size(); ++vertex) {
    if (used[node_of_[vertex]]) continue;
    return Expected(LayerPath(vertex), "a layer that some head depends on",
                    StrCat("'", LayerName(graph_.nodes[node_of_[vertex]]), "', which none does"));
  }
  return absl::OkStatus();
}

// Widths and counts are bounded, so that neither a product nor the sum can overflow 64 bits.
Status GraphBuilder::CheckParameterCount() const {
  uint64_t total = 0;
  for (const TensorSpec& spec : TensorTable(graph_)) {
    uint64_t size = 1;
    for (const size_t extent : spec.shape) size *= extent;
    total += size;
    if (total > kMaxParameters) {
      return Expected(spec.name, StrCat("a model of at most ", kMaxParameters, " parameters"),
                      StrCat(total, " up to here"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<Graph> ResolveGraph(const v1::ModelConfig& config) { return GraphBuilder(config).Build(); }

std::vector<size_t> ColumnHorizons(const Graph& graph, size_t columns) {
  std::vector<size_t> horizons(columns, 1);
  for (const HeadNode& head : graph.heads) {
    for (const size_t column : head.columns) {
      horizons[column] = std::max(horizons[column], head.horizon);
    }
  }
  return horizons;
}

}  // namespace sequent
