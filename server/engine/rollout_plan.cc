#include "server/engine/rollout_plan.h"

#include <algorithm>
#include <span>
#include <string>

#include "core/base/error.h"
#include "server/engine/input_check.h"
#include "server/engine/output_plan.h"

namespace sequent::engine {
namespace {

constexpr size_t kMaxStops = 64;
constexpr size_t kMaxStopBytes = 1024;
// What all paths together may keep for the summary, in sizes of the largest answer.
constexpr uint64_t kMaxKeptAnswers = 16;

Status Bad(std::string_view message) { return MakeError(Reason::kBadRequest, message); }

Status CheckCount(std::string_view name, uint64_t value, uint64_t max) {
  if (value >= 1 && value <= max) return absl::OkStatus();
  return Bad(StrCat(ToAbsl(name), ": expected 1..", max, ", got ", value));
}

Status CheckStops(const std::vector<std::string>& stops) {
  if (stops.size() > kMaxStops) {
    return Bad(StrCat("stop: expected at most ", kMaxStops, ", got ", stops.size()));
  }
  for (size_t i = 0; i < stops.size(); ++i) {
    if (!stops[i].empty() && stops[i].size() <= kMaxStopBytes) continue;
    return Bad(
        StrCat("stop[", i, "]: expected 1..", kMaxStopBytes, " bytes, got ", stops[i].size()));
  }
  return absl::OkStatus();
}

std::vector<int32_t> SourcesOf(size_t columns, const FeedbackNode& feedback) {
  std::vector<int32_t> sources(columns, -1);
  for (size_t k = 0; k < feedback.columns.size(); ++k) {
    sources[feedback.columns[k]] = static_cast<int32_t>(k);
  }
  int32_t known = 0;
  for (int32_t& source : sources) {
    if (source < 0) source = -1 - known++;
  }
  return sources;
}

// Fed columns are finite; the known ones must be what the codec takes.
Status CheckKnown(const Model& model, const RolloutPlan& plan, const RolloutRequest& request) {
  if (request.known_width != plan.known_width &&
      !(request.known_inputs.empty() && plan.known_width == 0)) {
    return MakeError(Reason::kInputWidth, StrCat("known_inputs.width: expected ", plan.known_width,
                                                 " (the input columns that are not fed back), got ",
                                                 request.known_width));
  }
  const size_t expected = plan.known_width * request.steps;
  if (request.known_inputs.size() != expected) {
    return MakeError(Reason::kInputWidth,
                     StrCat("known_inputs.values: expected ", request.steps, " x ",
                            plan.known_width, " values, got ", request.known_inputs.size()));
  }
  std::vector<float> rows(plan.known_width == 0 ? 0 : plan.sources.size() * request.steps, 1.0f);
  for (size_t i = 0; i < rows.size(); ++i) {
    const int32_t source = plan.sources[i % plan.sources.size()];
    const size_t step = i / plan.sources.size();
    if (source < 0) rows[i] = request.known_inputs[step * plan.known_width - 1 - source];
  }
  SEQ_RETURN_IF_ERROR(CheckTimes(*model.series_codec(), "known_inputs.unix_ms", request.known_times,
                                 request.steps));
  const std::span<const int64_t> before = request.prompt.unix_ms;
  if (!before.empty() && !request.known_times.empty() && request.known_times[0] <= before.back()) {
    return MakeError(Reason::kInputTime,
                     StrCat("known_inputs.unix_ms: expected times after the prompt's, got ",
                            request.known_times[0], " after ", before.back()));
  }
  return model.series_codec()->Check(rows);
}

// The summary, and what is kept to make it.
Status CheckSize(const EngineOptions& options, const Model& model, const RolloutPlan& plan,
                 const RolloutRequest& request) {
  const uint64_t paths = uint64_t{request.steps} * request.samples;
  uint64_t summary = 0, kept = 0;
  if (plan.text) {
    summary = kept = paths * model.text_codec()->max_text_bytes();
  }
  for (const HeadNode& head : model.graph().heads) {
    if (NamesClasses(head)) continue;
    const uint64_t values = head.values() * sizeof(float);
    summary += request.steps * values * (2 + request.quantiles.size());
    kept += (paths + request.steps) * values;
  }
  kept += paths * sizeof(float) * std::max<size_t>(plan.sources.size(), 1);
  if (summary <= options.max_reply_bytes && kept <= kMaxKeptAnswers * options.max_reply_bytes) {
    return absl::OkStatus();
  }
  return MakeError(Reason::kOutputTooLong,
                   StrCat("the summary could take ", summary, " bytes and its paths ", kept,
                          ", expected at most ", options.max_reply_bytes, " and ",
                          kMaxKeptAnswers * options.max_reply_bytes,
                          " (--max-reply-bytes); ask for fewer steps, samples or quantiles"));
}

Status NoFeedback(const Graph& graph) {
  std::string message =
      "the model has no feedback: it does not say which output goes to which input";
  for (const HeadNode& head : graph.heads) {
    if (head.horizon == 1) continue;
    message += StrCat("; Predict answers the ", head.horizon, " next steps that head '", head.name,
                      "' says at once");
    break;
  }
  return absl::FailedPreconditionError(message);
}

}  // namespace

Status CheckRollout(const EngineOptions& options, const RolloutRequest& request) {
  SEQ_RETURN_IF_ERROR(CheckCount("steps", request.steps, options.max_rollout_steps));
  SEQ_RETURN_IF_ERROR(CheckCount("samples", request.samples, options.max_rollout_samples));
  SEQ_RETURN_IF_ERROR(CheckStops(request.stop));
  if (!request.commit) return absl::OkStatus();
  if (request.session_id.empty()) return Bad("commit: expected a session_id to advance, got none");
  if (request.samples != 1) {
    return Bad(StrCat("commit: expected samples = 1, got ", request.samples));
  }
  if (request.step == 0) return Bad("commit: expected step, the session's next number, got 0");
  return absl::OkStatus();
}

StatusOr<RolloutPlan> PlanRollout(const EngineOptions& options, const Model& model,
                                  const RolloutRequest& request) {
  const Graph& graph = model.graph();
  if (!graph.feedback) return NoFeedback(graph);
  RolloutPlan plan;
  plan.head = graph.feedback->head;
  const HeadNode& head = graph.heads[plan.head];
  plan.text = head.kind == HeadKind::kSoftmax && model.text_codec() != nullptr;
  plan.drawn = head.kind != HeadKind::kPoint && request.sampling.top_k != 1;
  if (head.kind == HeadKind::kSoftmax) {
    if (!request.known_inputs.empty() || request.known_width != 0) {
      return MakeError(Reason::kInputWidth,
                       "known_inputs: expected none, since all that goes in is fed back");
    }
    if (!request.known_times.empty()) {
      return MakeError(Reason::kInputTime,
                       "known_inputs.unix_ms: expected none for a model of tokens");
    }
  } else {
    if (!request.stop.empty()) return Bad("stop: expected none for a model of measurements");
    plan.sources = SourcesOf(model.series_codec()->columns(), *graph.feedback);
    plan.known_width = plan.sources.size() - graph.feedback->columns.size();
    SEQ_RETURN_IF_ERROR(CheckKnown(model, plan, request));
  }
  SEQ_RETURN_IF_ERROR(CheckSize(options, model, plan, request));
  return plan;
}

}  // namespace sequent::engine
