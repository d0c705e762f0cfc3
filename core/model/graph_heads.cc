#include "core/model/graph_heads.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "core/base/error.h"
#include "core/model/config_check.h"
#include "core/model/graph_sequence.h"

namespace sequent {
namespace {

using Names = google::protobuf::RepeatedPtrField<std::string>;

constexpr std::array<std::string_view, 4> kDistributions = {"point", "gaussian", "student_t",
                                                            "quantiles"};
constexpr HeadKind kDistributionKinds[] = {HeadKind::kPoint, HeadKind::kGaussian,
                                           HeadKind::kStudentT, HeadKind::kQuantiles};
constexpr float kDefaultLevels[] = {0.05f, 0.25f, 0.5f, 0.75f, 0.95f};
constexpr double kDefaultDegreesOfFreedom = 5;

// Indexes of the input's columns that bear these names.
StatusOr<std::vector<size_t>> FindColumns(const std::string& path, const Names& names,
                                          const v1::FeatureInput& features) {
  std::unordered_map<std::string_view, size_t> index_of;
  for (int i = 0; i < features.columns_size(); ++i) {
    index_of.emplace(features.columns(i).name(), static_cast<size_t>(i));
  }
  std::vector<bool> taken(index_of.size(), false);
  std::vector<size_t> found;
  for (int i = 0; i < names.size(); ++i) {
    const std::string where = Indexed(path, static_cast<size_t>(i));
    const std::string got = StrCat("'", Quoted(names[i]), "'");
    const auto at = index_of.find(names[i]);
    if (at == index_of.end()) return Expected(where, "the name of an input column", got);
    if (taken[at->second]) return Expected(where, "a column not listed before", got);
    taken[at->second] = true;
    found.push_back(at->second);
  }
  return found;
}

Status CheckLabels(const std::string& path, const Names& labels) {
  if (static_cast<size_t>(labels.size()) > kMaxTokens) {
    return Expected(path, StrCat("at most ", kMaxTokens), StrCat(labels.size()));
  }
  std::unordered_set<std::string_view> seen;
  for (int i = 0; i < labels.size(); ++i) {
    const std::string where = Indexed(path, static_cast<size_t>(i));
    SEQ_RETURN_IF_ERROR(CheckLabel(where, labels[i]));
    if (!seen.insert(labels[i]).second) {
      return Expected(where, "a label not used before", StrCat("'", Quoted(labels[i]), "'"));
    }
  }
  return absl::OkStatus();
}

// A language model predicts its own input's tokens.
Status SetTokenClasses(const std::string& path, const v1::SoftmaxHead& softmax, size_t tokens,
                       HeadNode* head) {
  if (softmax.labels_size() > 0) {
    return Expected(path + ".labels", "none in a language_model: its classes are the tokens",
                    StrCat(softmax.labels_size()));
  }
  if (softmax.classes() != 0 && softmax.classes() != tokens) {
    return Expected(path + ".classes", StrCat("0 or the input's ", tokens, " tokens"),
                    StrCat(softmax.classes()));
  }
  head->outputs = tokens;
  return absl::OkStatus();
}

Status SetSoftmax(const std::string& path, const v1::SoftmaxHead& softmax, size_t tokens,
                  bool language_model, HeadNode* head) {
  head->kind = HeadKind::kSoftmax;
  if (language_model) return SetTokenClasses(path, softmax, tokens, head);
  SEQ_RETURN_IF_ERROR(CheckLabels(path + ".labels", softmax.labels()));
  head->labels.assign(softmax.labels().begin(), softmax.labels().end());
  if (!head->labels.empty()) {
    head->outputs = head->labels.size();
    if (softmax.classes() == 0 || softmax.classes() == head->outputs) return absl::OkStatus();
    return Expected(path + ".classes", StrCat("0 or the number of labels, ", head->outputs),
                    StrCat(softmax.classes()));
  }
  head->outputs = softmax.classes() != 0 ? softmax.classes() : tokens;
  return CheckCount(path + ".classes", head->outputs, kMaxTokens);
}

Status SetBernoulli(const std::string& path, const v1::BernoulliHead& bernoulli, HeadNode* head) {
  head->kind = HeadKind::kBernoulli;
  SEQ_RETURN_IF_ERROR(CheckLabels(path + ".labels", bernoulli.labels()));
  head->labels.assign(bernoulli.labels().begin(), bernoulli.labels().end());
  head->outputs = head->labels.size();
  return CheckCount(path + ".labels", head->outputs, kMaxTokens);
}

// A model that runs on and on has no last step.
Status SetLastStep(const std::string& path, bool last_step, const std::string& task,
                   HeadNode* head) {
  head->last_step = last_step;
  if (!last_step || task == "classify" || task == "tag") return absl::OkStatus();
  return Expected(path, StrCat("false for task ", task), "true");
}

Status SetLevels(const std::string& path, const v1::RegressionHead& regression, HeadNode* head) {
  if (head->kind != HeadKind::kQuantiles) {
    if (regression.levels_size() == 0) return absl::OkStatus();
    return Expected(path, "none but for distribution quantiles", StrCat(regression.levels_size()));
  }
  if (static_cast<size_t>(regression.levels_size()) > kMaxLevels) {
    return Expected(path, StrCat("at most ", kMaxLevels), StrCat(regression.levels_size()));
  }
  for (int i = 0; i < regression.levels_size(); ++i) {
    const auto level = static_cast<float>(regression.levels(i));
    const float before = i == 0 ? 0 : head->levels.back();
    if (!(level > before && level < 1)) {
      return Expected(Indexed(path, static_cast<size_t>(i)),
                      StrCat("a level above ", before, " and below 1"),
                      StrCat(regression.levels(i)));
    }
    head->levels.push_back(level);
  }
  if (head->levels.empty()) {
    head->levels.assign(std::begin(kDefaultLevels), std::end(kDefaultLevels));
  }
  return absl::OkStatus();
}

// More than 2, so that there is a standard deviation.
Status SetDegreesOfFreedom(const std::string& path, double degrees, HeadNode* head) {
  if (head->kind != HeadKind::kStudentT) {
    if (degrees == 0) return absl::OkStatus();
    return Expected(path, "none but for distribution student_t", StrCat(degrees));
  }
  head->degrees_of_freedom = degrees == 0 ? kDefaultDegreesOfFreedom : degrees;
  if (head->degrees_of_freedom > 2 && head->degrees_of_freedom <= 1e6) return absl::OkStatus();
  return Expected(path, "more than 2, at most 1e6 (0 means 5)", StrCat(degrees));
}

// All columns, or those named; a column of labels is none to predict.
Status SetColumns(const std::string& path, const Names& names, const v1::FeatureInput& features,
                  HeadNode* head) {
  const size_t last = static_cast<size_t>(features.columns_size()) - 1;
  const bool labelled = features.columns(features.columns_size() - 1).labels_size() > 0;
  SEQ_ASSIGN_OR_RETURN(head->columns, FindColumns(path, names, features));
  for (size_t i = 0; labelled && i < head->columns.size(); ++i) {
    if (head->columns[i] != last) continue;
    return Expected(
        Indexed(path, i), "a column of values",
        StrCat("'", Quoted(features.columns(static_cast<int>(last)).name()), "', one of labels"));
  }
  if (!head->columns.empty()) return absl::OkStatus();
  head->columns.resize(labelled ? last : last + 1);
  std::iota(head->columns.begin(), head->columns.end(), size_t{0});
  return absl::OkStatus();
}

size_t OutputsPerColumn(const HeadNode& head) {
  if (head.kind == HeadKind::kQuantiles) return head.levels.size();
  return head.has_scale() ? 2 : 1;
}

Status SetTie(const std::string& path, const std::string& name, const Graph& graph,
              HeadNode* head) {
  const auto& nodes = graph.nodes;
  const auto found =
      std::find_if(nodes.begin(), nodes.end(), [&](const Node& node) { return node.name == name; });
  const std::string got = StrCat("'", Quoted(name), "'");
  if (found == nodes.end() || found->kind != NodeKind::kEmbedding) {
    return Expected(path, "the name of an embedding", got);
  }
  if (found->width != head->in_width) {
    return Expected(path, StrCat("an embedding as wide as the head's input, ", head->in_width),
                    StrCat(got, " of width ", found->width));
  }
  if (const size_t tokens = nodes[found->inputs[0]].tokens; tokens != head->outputs) {
    return Expected(
        path, StrCat("an embedding of as many tokens as the head has classes, ", head->outputs),
        StrCat(got, " of ", tokens));
  }
  head->tied_to = static_cast<size_t>(found - nodes.begin());
  return absl::OkStatus();
}

// Several steps at once only where steps are forecast.
Status SetHorizon(const std::string& path, uint32_t horizon, const std::string& task,
                  HeadNode* head) {
  head->horizon = std::max(1u, horizon);
  const size_t each = head->columns.size() * OutputsPerColumn(*head);
  head->outputs = head->horizon * each;
  if (head->horizon == 1) return absl::OkStatus();
  if (task != "forecast") return Expected(path, StrCat("0 or 1 for task ", task), StrCat(horizon));
  const size_t most = std::clamp<size_t>(kMaxTokens / each, 1, kMaxHorizon);
  if (horizon <= most) return absl::OkStatus();
  return Expected(path, StrCat("at most ", most, " steps of ", each, " outputs each"),
                  StrCat(horizon));
}

Status SetRegression(const std::string& path, const v1::RegressionHead& regression,
                     const v1::Input& input, const std::string& task, HeadNode* head) {
  if (!input.has_features()) return Expected(path, "softmax for a token input", "regression");
  SEQ_ASSIGN_OR_RETURN(const size_t choice, CheckChoice(path + ".distribution",
                                                        regression.distribution(), kDistributions));
  head->kind = kDistributionKinds[choice];
  SEQ_RETURN_IF_ERROR(SetLevels(path + ".levels", regression, head));
  SEQ_RETURN_IF_ERROR(
      SetDegreesOfFreedom(path + ".degrees_of_freedom", regression.degrees_of_freedom(), head));
  SEQ_RETURN_IF_ERROR(SetColumns(path + ".columns", regression.columns(), input.features(), head));
  return SetHorizon(path + ".horizon", regression.horizon(), task, head);
}

Status SetLossWeight(const std::string& path, float weight, HeadNode* head) {
  if (!std::isfinite(weight) || weight < 0) {
    return Expected(path, "a finite number >= 0 (0 means 1)", StrCat(weight));
  }
  head->loss_weight = weight == 0 ? 1 : weight;
  return absl::OkStatus();
}

StatusOr<FeedbackNode> TokenFeedback(const v1::Feedback& feedback, size_t head,
                                     const Graph& graph) {
  if (feedback.columns_size() > 0) {
    return Expected("feedback.columns", "none for a softmax head", StrCat(feedback.columns_size()));
  }
  const size_t tokens = graph.nodes[0].tokens;
  const size_t classes = graph.heads[head].outputs;
  if (tokens != classes) {
    return Expected("feedback.head",
                    StrCat("a head with as many classes as the input has tokens, ", tokens),
                    StrCat("'", graph.heads[head].name, "' with ", classes));
  }
  return FeedbackNode{head, {}};
}

StatusOr<FeedbackNode> ColumnFeedback(const v1::Feedback& feedback, size_t head,
                                      const v1::FeatureInput& features, const Graph& graph) {
  const std::vector<size_t>& own = graph.heads[head].columns;
  if (feedback.columns_size() == 0) return FeedbackNode{head, own};
  SEQ_ASSIGN_OR_RETURN(std::vector<size_t> columns,
                       FindColumns("feedback.columns", feedback.columns(), features));
  if (columns.size() != own.size()) {
    return Expected(
        "feedback.columns",
        StrCat("none or one per column of '", graph.heads[head].name, "', ", own.size()),
        StrCat(columns.size()));
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    const v1::SeriesColumn& column = features.columns(static_cast<int>(columns[i]));
    if (column.labels_size() == 0) continue;
    return Expected(Indexed("feedback.columns", i), "a column of values",
                    StrCat("'", Quoted(column.name()), "', one of labels"));
  }
  return FeedbackNode{head, std::move(columns)};
}

}  // namespace

StatusOr<HeadNode> MakeHead(const std::string& path, const v1::ModelConfig& config, int head,
                            size_t input, const Graph& graph) {
  const v1::Head& source = config.heads(head);
  HeadNode node{};
  node.name = source.name();
  node.input = input;
  node.in_width = graph.nodes[input].width;
  if (graph.nodes[input].tokens > 0) {
    return Expected(path + ".input", "a layer (put an embedding in between)",
                    StrCat("'", graph.nodes[input].name, "', a token input"));
  }
  if (graph.nodes[input].trimmed > 0) {
    return Expected(path + ".input",
                    "a layer with as many steps as the input (put a pool in between)",
                    StrCat("'", LayerName(graph.nodes[input]), "', which has ",
                           graph.nodes[input].trimmed, " fewer"));
  }
  SEQ_RETURN_IF_ERROR(SetLossWeight(path + ".loss_weight", source.loss_weight(), &node));
  if (source.has_softmax()) {
    SEQ_RETURN_IF_ERROR(SetSoftmax(path + ".softmax", source.softmax(), graph.nodes[0].tokens,
                                   config.task() == "language_model", &node));
    if (const std::string& tied_to = source.softmax().tied_to(); !tied_to.empty()) {
      SEQ_RETURN_IF_ERROR(SetTie(path + ".softmax.tied_to", tied_to, graph, &node));
    }
  } else if (source.has_regression()) {
    SEQ_RETURN_IF_ERROR(SetRegression(path + ".regression", source.regression(), config.inputs(0),
                                      config.task(), &node));
  } else if (source.has_bernoulli()) {
    SEQ_RETURN_IF_ERROR(SetBernoulli(path + ".bernoulli", source.bernoulli(), &node));
  } else {
    return Expected(path, "one of softmax, regression, bernoulli", "no kind");
  }
  SEQ_RETURN_IF_ERROR(SetLastStep(path + ".last_step", source.last_step(), config.task(), &node));
  return node;
}

StatusOr<FeedbackNode> MakeFeedback(const v1::ModelConfig& config, const Graph& graph) {
  const v1::Feedback& feedback = config.feedback();
  const auto& heads = graph.heads;
  const auto at = std::find_if(heads.begin(), heads.end(),
                               [&](const HeadNode& head) { return head.name == feedback.head(); });
  if (at == heads.end()) {
    return Expected("feedback.head", "the name of a head",
                    StrCat("'", Quoted(feedback.head()), "'"));
  }
  const size_t head = static_cast<size_t>(at - heads.begin());
  if (at->kind == HeadKind::kBernoulli || at->last_step) {
    return Expected("feedback.head", "a head that predicts the input",
                    StrCat("'", at->name, "', which does not"));
  }
  if (at->horizon > 1) {
    return Expected("feedback.head", "a head that says one step, since a step is fed back",
                    StrCat("'", at->name, "', which says ", at->horizon));
  }
  if (at->kind == HeadKind::kSoftmax) return TokenFeedback(feedback, head, graph);
  return ColumnFeedback(feedback, head, config.inputs(0).features(), graph);
}

}  // namespace sequent
