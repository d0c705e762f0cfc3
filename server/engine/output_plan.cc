#include "server/engine/output_plan.h"

#include <algorithm>
#include <string_view>

#include "core/base/error.h"

namespace sequent::engine {
namespace {

constexpr uint32_t kAllClassesUpTo = 1000;
constexpr uint32_t kDefaultClasses = 10;

StatusOr<uint32_t> FindHead(const Model& model, const std::string& name) {
  const std::vector<HeadNode>& heads = model.graph().heads;
  for (size_t i = 0; i < heads.size(); ++i) {
    if (heads[i].name == name) return static_cast<uint32_t>(i);
  }
  std::vector<std::string_view> names;
  for (const HeadNode& head : heads) names.push_back(head.name);
  const std::string_view nearest = Nearest(name, names.data(), names.size());
  std::string message = StrCat("output.heads: the model has no head '", Quoted(name), "'");
  if (!nearest.empty()) message += StrCat("; did you mean '", ToAbsl(nearest), "'?");
  return MakeError(Reason::kUnknownHead, message);
}

Status CheckScore(const Model& model, const OutputPlan& plan) {
  const HeadNode& head = model.graph().heads[plan.heads[0]];
  if (!NamesClasses(head) || PredictsTokens(model, head)) return absl::OkStatus();
  return MakeError(Reason::kBadRequest,
                   StrCat("output.score: expected a head that predicts the input, got '", head.name,
                          "', which names classes"));
}

size_t LongestLabel(std::span<const std::string> labels) {
  size_t longest = 0;
  for (const std::string& label : labels) longest = std::max(longest, label.size());
  return longest;
}

uint64_t WorstStepBytes(const OutputPlan& plan, const HeadNode& head, size_t longest_label) {
  if (plan.raw) return sizeof(float) * head.outputs;
  if (head.kind == HeadKind::kQuantiles) {
    return sizeof(float) * head.values() * (1 + 2 * head.levels.size());
  }
  if (!NamesClasses(head)) return sizeof(float) * (1 + head.outputs);
  // A ClassScore: its tag and length, label, id and probability; and the step around them.
  constexpr uint64_t kClassBytes = 3 + 3 + 6 + 5;
  constexpr uint64_t kStepBytes = 6;
  const uint64_t classes = ClassesPerStep(plan, head.outputs);
  return kStepBytes + classes * (kClassBytes + longest_label);
}

}  // namespace

Status PlanOutput(const Model& model, const OutputSelection& selection, OutputPlan* plan) {
  const std::vector<HeadNode>& heads = model.graph().heads;
  if (selection.heads.size() > heads.size()) {
    return MakeError(Reason::kBadRequest, StrCat("output.heads: expected at most ", heads.size(),
                                                 ", got ", selection.heads.size()));
  }
  plan->heads.clear();
  plan->top_k = selection.top_k;
  plan->last_step_only = selection.last_step_only;
  plan->raw = selection.raw;
  plan->drawn_head = OutputPlan::kNoHead;
  plan->score = selection.score;
  for (const std::string& name : selection.heads) {
    SEQ_ASSIGN_OR_RETURN(const uint32_t head, FindHead(model, name));
    plan->heads.push_back(head);
  }
  if (plan->heads.empty()) {
    for (size_t i = 0; i < heads.size(); ++i) plan->heads.push_back(static_cast<uint32_t>(i));
  }
  const auto last =
      static_cast<size_t>(std::count_if(plan->heads.begin(), plan->heads.end(),
                                        [&heads](uint32_t head) { return heads[head].last_step; }));
  plan->last_step_heads = last > 0;
  plan->last_step_only |= last == plan->heads.size();
  return plan->score ? CheckScore(model, *plan) : absl::OkStatus();
}

uint32_t ClassesPerStep(const OutputPlan& plan, size_t classes) {
  const auto all = static_cast<uint32_t>(classes);
  if (plan.top_k > 0) return std::min(plan.top_k, all);
  return all <= kAllClassesUpTo ? all : kDefaultClasses;
}

std::span<const std::string> ClassLabels(const Model& model, const HeadNode& head) {
  if (!head.labels.empty()) return head.labels;
  if (model.text_codec() != nullptr && PredictsTokens(model, head)) {
    return model.text_codec()->vocabulary();
  }
  return {};
}

bool NamesClasses(const HeadNode& head) {
  return head.kind == HeadKind::kSoftmax || head.kind == HeadKind::kBernoulli;
}

bool PredictsTokens(const Model& model, const HeadNode& head) {
  const std::string& task = model.config().task();
  return head.kind == HeadKind::kSoftmax && head.labels.empty() && model.graph().tokens() &&
         task != "tag" && task != "classify" && head.outputs == model.graph().nodes[0].tokens;
}

std::vector<size_t> LongestLabels(const Model& model) {
  std::vector<size_t> longest;
  for (const HeadNode& head : model.graph().heads) {
    longest.push_back(LongestLabel(ClassLabels(model, head)));
  }
  return longest;
}

uint64_t WorstReplyBytes(const Model& model, std::span<const size_t> longest_labels,
                         const OutputPlan& plan, uint64_t steps) {
  constexpr uint64_t kEnvelopeBytes = 1024;  // ids, names of heads, numbers
  uint64_t bytes = kEnvelopeBytes + (plan.score ? sizeof(float) * steps : 0);
  for (uint32_t index : plan.heads) {
    const HeadNode& head = model.graph().heads[index];
    const bool once = plan.last_step_only || head.last_step;
    const uint64_t answered = once ? std::min<uint64_t>(steps, 1) : steps;
    bytes += answered * WorstStepBytes(plan, head, longest_labels[index]);
  }
  return bytes;
}

}  // namespace sequent::engine
