#include "server/rpc/conversions.h"

#include <algorithm>
#include <bit>

#include "server/rpc/errors.h"

namespace sequent::rpc {
namespace {

// RawSteps are little-endian on the wire and used where they lie.
static_assert(std::endian::native == std::endian::little);

constexpr size_t kMaxRequestIdBytes = 128;
constexpr int kMaxQuantiles = 100;

template <typename T>
std::span<const T> SpanOf(const google::protobuf::RepeatedField<T>& field) {
  return {field.data(), static_cast<size_t>(field.size())};
}

// Whether `count` floats of `width` make whole steps.
Status CheckSteps(std::string_view field, size_t count, uint32_t width) {
  if (width == 0 && count > 0) {
    return MakeError(Reason::kInputWidth,
                     StrCat(ToAbsl(field), ".width: expected > 0, got 0 with ", count, " values"));
  }
  if (width > 0 && count % width != 0) {
    return MakeError(Reason::kInputWidth,
                     StrCat(ToAbsl(field), ".values: expected a multiple of width ", width,
                            ", got ", count, " values"));
  }
  return absl::OkStatus();
}

StatusOr<engine::Input> FloatInput(std::string_view field, std::span<const float> values,
                                   uint32_t width, std::span<const int64_t> unix_ms) {
  SEQ_RETURN_IF_ERROR(CheckSteps(field, values.size(), width));
  engine::Input input;
  input.kind = engine::Input::Kind::kFloats;
  input.values = values;
  input.width = width;
  input.unix_ms = unix_ms;
  return input;
}

StatusOr<engine::Input> FromFloats(const v1::FloatSteps& floats) {
  return FloatInput("floats", SpanOf(floats.values()), floats.width(), SpanOf(floats.unix_ms()));
}

StatusOr<engine::Input> FromRaw(const v1::RawSteps& raw) {
  const std::string& bytes = raw.values();
  if (bytes.size() % sizeof(float) != 0) {
    return MakeError(Reason::kInputWidth,
                     StrCat("raw.values: expected a multiple of 4 x width ", raw.width(),
                            " bytes (float32), got ", bytes.size(), " bytes"));
  }
  const auto* values = reinterpret_cast<const float*>(bytes.data());
  return FloatInput("raw", {values, bytes.size() / sizeof(float)}, raw.width(),
                    SpanOf(raw.unix_ms()));
}

// PredictRequest.input and RolloutRequest.prompt have the same alternatives.
template <typename Message>
StatusOr<engine::Input> InputOf(const Message& message) {
  if (message.has_floats()) return FromFloats(message.floats());
  if (message.has_raw()) return FromRaw(message.raw());
  engine::Input input;
  if (message.has_tokens()) {
    input.kind = engine::Input::Kind::kTokens;
    input.tokens = SpanOf(message.tokens().ids());
  } else if (message.has_text()) {
    input.kind = engine::Input::Kind::kText;
    input.text = message.text();
  }
  return input;
}

Status CheckIds(std::string_view request_id, std::string_view session_id,
                const Affinity& affinity) {
  SEQ_RETURN_IF_ERROR(CheckRequestId(request_id));
  return session_id.empty() ? absl::OkStatus() : CheckSession(session_id, affinity);
}

Status FillStepRequest(const v1::PredictRequest& request, const Affinity& affinity,
                       engine::StepRequest* step) {
  SEQ_RETURN_IF_ERROR(CheckIds(request.request_id(), request.session_id(), affinity));
  if (request.version() < 0) {
    return MakeError(Reason::kBadRequest,
                     StrCat("version: expected >= 0, got ", request.version()));
  }
  SEQ_ASSIGN_OR_RETURN(step->input, InputOf(request));
  return absl::OkStatus();
}

void FillSelection(const v1::OutputSelection& wire, engine::OutputSelection* selection) {
  selection->heads.assign(wire.heads().begin(), wire.heads().end());
  selection->last_step_only = wire.last_step_only();
  selection->top_k = wire.top_k();
  selection->raw = wire.raw();
  selection->score = wire.score();
}

Status CheckQuantiles(std::span<const float> levels) {
  if (levels.size() > kMaxQuantiles) {
    return MakeError(Reason::kBadRequest, StrCat("quantiles: expected at most ", kMaxQuantiles,
                                                 " levels, got ", levels.size()));
  }
  for (size_t i = 0; i < levels.size(); ++i) {
    if (levels[i] > 0 && levels[i] < 1) continue;
    return MakeError(Reason::kBadRequest,
                     StrCat("quantiles[", i, "]: expected a level in (0, 1), got ", levels[i]));
  }
  return absl::OkStatus();
}

SamplingOptions ToSampling(const v1::Sampling& wire) {
  SamplingOptions sampling;
  if (wire.temperature() != 0) sampling.temperature = wire.temperature();
  if (wire.top_p() != 0) sampling.top_p = wire.top_p();
  sampling.top_k = wire.top_k();
  return sampling;
}

void FillFloats(std::span<const float> values, uint32_t width, v1::FloatSteps* steps) {
  steps->mutable_values()->Add(values.begin(), values.end());
  steps->set_width(width);
}

void FillClasses(const engine::HeadResult& result, v1::ClassSteps* wire) {
  const size_t per_step = result.classes_per_step;
  if (per_step == 0) return;
  for (size_t begin = 0; begin + per_step <= result.classes.size(); begin += per_step) {
    v1::ClassScores* scores = wire->add_steps();
    for (const auto& entry : std::span(result.classes).subspan(begin, per_step)) {
      v1::ClassScore* score = scores->add_scores();
      score->set_id(entry.id);
      score->set_probability(entry.probability);
      const auto id = static_cast<size_t>(entry.id);
      if (entry.id >= 0 && id < result.labels.size()) score->set_label(result.labels[id]);
    }
  }
}

}  // namespace

Status CheckRequestId(std::string_view id) {
  if (id.size() > kMaxRequestIdBytes) {
    return MakeError(Reason::kBadRequest,
                     StrCat("request_id: expected at most ", kMaxRequestIdBytes,
                            " characters, got ", id.size()));
  }
  if (!std::all_of(id.begin(), id.end(), [](char c) { return c >= 0x20 && c < 0x7f; })) {
    return MakeError(Reason::kBadRequest,
                     StrCat("request_id: expected printable ASCII, got '", Quoted(id), "'"));
  }
  return absl::OkStatus();
}

Status CheckSession(std::string_view id, const Affinity& affinity) {
  SEQ_RETURN_IF_ERROR(engine::CheckSessionId(id));
  return affinity.Check(id);
}

engine::StepRequest ToStepRequest(const v1::PredictRequest& request, const Affinity& affinity) {
  engine::StepRequest step;
  ToStepRequest(request, affinity, &step);
  return step;
}

void ToStepRequest(const v1::PredictRequest& request, const Affinity& affinity,
                   engine::StepRequest* step) {
  step->session_id = request.session_id();
  step->model = request.model();
  step->version = request.version();
  step->start = request.start();
  step->end = request.end();
  step->epoch = request.epoch();
  step->step = request.step();
  step->acked_step = request.acked_step();
  FillSelection(request.output(), &step->output);
  step->input = {};
  step->deadline_nanos = engine::kNoDeadline;
  step->stream_id = 0;
  step->refusal = FillStepRequest(request, affinity, step);
}

StatusOr<engine::RolloutRequest> ToRolloutRequest(const v1::RolloutRequest& request,
                                                  const Affinity& affinity) {
  SEQ_RETURN_IF_ERROR(CheckIds(request.request_id(), request.session_id(), affinity));
  SEQ_RETURN_IF_ERROR(CheckQuantiles(SpanOf(request.quantiles())));
  const v1::FloatSteps& known = request.known_inputs();
  SEQ_RETURN_IF_ERROR(CheckSteps("known_inputs", known.values_size(), known.width()));
  engine::RolloutRequest rollout;
  rollout.session_id = request.session_id();
  rollout.model = request.model();
  rollout.version = request.version();
  rollout.epoch = request.epoch();
  rollout.step = request.step();
  SEQ_ASSIGN_OR_RETURN(rollout.prompt, InputOf(request));
  rollout.steps = request.steps();
  rollout.samples = std::max(1u, request.samples());
  rollout.sampling = ToSampling(request.sampling());
  if (request.sampling().has_seed()) rollout.seed = request.sampling().seed();
  rollout.stop.assign(request.stop().begin(), request.stop().end());
  rollout.quantiles.assign(request.quantiles().begin(), request.quantiles().end());
  rollout.known_inputs = SpanOf(known.values());
  rollout.known_width = known.width();
  rollout.known_times = SpanOf(known.unix_ms());
  rollout.commit = request.commit();
  SEQ_RETURN_IF_ERROR(CheckSampling(rollout.sampling));
  return rollout;
}

void FillResponse(const v1::PredictRequest& request, const engine::StepReply& reply,
                  v1::PredictResponse* response) {
  if (CheckRequestId(request.request_id()).ok()) response->set_request_id(request.request_id());
  if (engine::CheckSessionId(request.session_id()).ok()) {
    response->set_session_id(request.session_id());
  }
  response->set_model(reply.model);
  response->set_version(reply.version);
  response->set_epoch(reply.epoch);
  response->set_step(reply.step);
  response->set_steps(reply.steps);
  response->set_next_step(NextStepOf(reply.status).value_or(reply.next_step));
  for (const auto& head : reply.heads) FillHead(head, response->add_heads());
  response->mutable_scores()->Add(reply.scores.begin(), reply.scores.end());
  if (!reply.status.ok()) FillStatus(reply.status, response->mutable_status());
  response->set_replayed(reply.replayed);
  response->set_created(reply.created);
  response->set_reset(reply.reset);
  response->mutable_timing()->set_queue_us(reply.queue_us);
  response->mutable_timing()->set_compute_us(reply.compute_us);
  response->mutable_timing()->set_batch_rows(reply.batch_rows);
}

void FillDistribution(const engine::HeadResult& result, v1::Distribution* distribution) {
  FillFloats(result.values, result.width, distribution->mutable_mean());
  if (!result.scales.empty()) {
    FillFloats(result.scales, result.width, distribution->mutable_scale());
  }
  distribution->set_degrees_of_freedom(result.degrees_of_freedom);
  if (result.levels.empty()) return;
  distribution->mutable_levels()->Add(result.levels.begin(), result.levels.end());
  FillFloats(result.quantiles, result.width * static_cast<uint32_t>(result.levels.size()),
             distribution->mutable_quantiles());
}

void FillHead(const engine::HeadResult& result, v1::HeadOutput* head) {
  head->set_name(result.name);
  switch (result.kind) {
    case engine::HeadResult::Kind::kValues:
      FillFloats(result.values, result.width, head->mutable_values());
      break;
    case engine::HeadResult::Kind::kDistribution:
      FillDistribution(result, head->mutable_distribution());
      break;
    case engine::HeadResult::Kind::kClasses:
      FillClasses(result, head->mutable_classes());
      break;
    case engine::HeadResult::Kind::kText:
      head->set_text(result.text);
      break;
  }
}

void FillRolloutStep(const engine::RolloutStep& step, v1::RolloutStep* wire) {
  wire->set_sample(step.sample);
  wire->set_index(step.index);
  for (const auto& head : step.heads) FillHead(head, wire->add_heads());
}

void FillRolloutSummary(const engine::RolloutSummary& summary, std::span<const float> levels,
                        v1::RolloutSummary* wire) {
  for (const auto& text : summary.texts) wire->add_texts(text);
  for (const auto& forecast : summary.forecasts) {
    v1::Distribution* distribution = wire->add_forecast();
    FillFloats(forecast.mean, forecast.width, distribution->mutable_mean());
    FillFloats(forecast.scale, forecast.width, distribution->mutable_scale());
    if (levels.empty()) continue;
    distribution->mutable_levels()->Add(levels.begin(), levels.end());
    FillFloats(forecast.quantiles, forecast.width * static_cast<uint32_t>(levels.size()),
               distribution->mutable_quantiles());
  }
  wire->set_stop_reason(summary.stop_reason);
}

void FillSessionInfo(const engine::SessionInfo& info, v1::SessionInfo* wire) {
  wire->set_session_id(info.session_id);
  wire->set_model(info.model);
  wire->set_version(info.version);
  wire->set_epoch(info.epoch);
  wire->set_next_step(info.next_step);
  wire->set_queued_requests(info.queued_requests);
  wire->set_idle_seconds(info.idle_seconds);
  wire->set_state_bytes(info.state_bytes);
}

void FillSessionState(engine::SessionState state, v1::SessionState* wire) {
  wire->set_state(std::move(state.state));
  wire->set_model(state.model);
  wire->set_version(state.version);
  wire->set_fingerprint(state.fingerprint);
  wire->set_epoch(state.epoch);
  wire->set_next_step(state.next_step);
}

engine::SessionState ToSessionState(const v1::SessionState& wire) {
  engine::SessionState state;
  state.state = wire.state();
  state.model = wire.model();
  state.version = wire.version();
  state.fingerprint = wire.fingerprint();
  state.epoch = wire.epoch();
  state.next_step = wire.next_step();
  return state;
}

}  // namespace sequent::rpc
