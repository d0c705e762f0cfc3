// Fields are written in falling order of their numbers (backward_writer.h).
#include "server/rpc/response_writer.h"

#include <algorithm>
#include <string>

#include "server/rpc/conversions.h"

namespace sequent::rpc {
namespace {

using engine::HeadResult;
using engine::StepReply;

void WriteFloats(uint32_t field, std::span<const float> values, uint32_t width,
                 BackwardWriter* out) {
  const size_t before = out->size();
  out->Number(v1::FloatSteps::kWidthFieldNumber, width);
  out->Packed(v1::FloatSteps::kValuesFieldNumber, values);
  out->Message(field, before);
}

void WriteScore(std::string_view label, const HeadResult::Class& entry, BackwardWriter* out) {
  const size_t before = out->size();
  out->Float(v1::ClassScore::kProbabilityFieldNumber, entry.probability);
  out->Int32(v1::ClassScore::kIdFieldNumber, entry.id);
  out->String(v1::ClassScore::kLabelFieldNumber, label);
  out->Message(v1::ClassScores::kScoresFieldNumber, before);
}

std::string_view LabelOf(const HeadResult& head, const HeadResult::Class& entry) {
  const auto id = static_cast<size_t>(entry.id);
  return entry.id >= 0 && id < head.labels.size() ? head.labels[id] : std::string_view();
}

// Small ids with short labels, as most classes of most answers are: every length is one byte.
constexpr size_t kShortLabel = 64;
constexpr size_t kMaxSmallScore = 2 + 2 + kShortLabel + 2 + 1 + sizeof(float);

bool IsSmall(std::string_view label, const HeadResult::Class& entry) {
  return entry.id >= 0 && entry.id < 0x80 && entry.probability > 0 && !label.empty() &&
         label.size() <= kShortLabel;
}

// Writes a small one in front of `end` and returns where it begins.
uint8_t* WriteSmallScore(std::string_view label, int32_t id, float probability, uint8_t* end) {
  using Writer = BackwardWriter;
  const uint8_t* const message_end = end;
  end -= sizeof(float);
  std::memcpy(end, &probability, sizeof(float));
  *--end = Writer::TagOf(v1::ClassScore::kProbabilityFieldNumber, Writer::kFixed32);
  if (id != 0) {
    *--end = static_cast<uint8_t>(id);
    *--end = Writer::TagOf(v1::ClassScore::kIdFieldNumber, Writer::kVarint);
  }
  for (size_t i = label.size(); i-- > 0;) *--end = static_cast<uint8_t>(label[i]);
  *--end = static_cast<uint8_t>(label.size());
  *--end = Writer::TagOf(v1::ClassScore::kLabelFieldNumber, Writer::kDelimited);
  const auto bytes = static_cast<uint8_t>(message_end - end);
  *--end = bytes;
  *--end = Writer::TagOf(v1::ClassScores::kScoresFieldNumber, Writer::kDelimited);
  return end;
}

void WriteScores(const HeadResult& head, std::span<const HeadResult::Class> scores,
                 BackwardWriter* out) {
  constexpr size_t kAtOnce = 256;
  const size_t before = out->size();
  for (size_t left = scores.size(); left > 0;) {
    // As many small ones as there are, without asking for room for each; then one that is not.
    const size_t stop = left - std::min(left, kAtOnce);
    uint8_t* const end = out->Reserve((left - stop) * kMaxSmallScore);
    uint8_t* begin = end;
    std::string_view label;
    for (; left > stop; --left) {
      const HeadResult::Class entry = scores[left - 1];
      label = LabelOf(head, entry);
      if (!IsSmall(label, entry)) break;
      begin = WriteSmallScore(label, entry.id, entry.probability, begin);
    }
    out->Wrote(static_cast<size_t>(end - begin));
    if (left > stop) WriteScore(label, scores[--left], out);
  }
  out->Message(v1::ClassSteps::kStepsFieldNumber, before);
}

void WriteClasses(const HeadResult& head, BackwardWriter* out) {
  const size_t before = out->size();
  const size_t per_step = head.classes_per_step;
  const size_t steps = per_step == 0 ? 0 : head.classes.size() / per_step;
  for (size_t step = steps; step-- > 0;) {
    WriteScores(head, std::span(head.classes).subspan(step * per_step, per_step), out);
  }
  out->Message(v1::HeadOutput::kClassesFieldNumber, before);
}

void WriteDistribution(const HeadResult& head, BackwardWriter* out) {
  const size_t before = out->size();
  if (head.degrees_of_freedom > 0) {
    out->Float(v1::Distribution::kDegreesOfFreedomFieldNumber, head.degrees_of_freedom);
  }
  if (!head.levels.empty()) {
    const auto width = head.width * static_cast<uint32_t>(head.levels.size());
    WriteFloats(v1::Distribution::kQuantilesFieldNumber, head.quantiles, width, out);
    out->Packed(v1::Distribution::kLevelsFieldNumber, head.levels);
  }
  if (!head.scales.empty()) {
    WriteFloats(v1::Distribution::kScaleFieldNumber, head.scales, head.width, out);
  }
  WriteFloats(v1::Distribution::kMeanFieldNumber, head.values, head.width, out);
  out->Message(v1::HeadOutput::kDistributionFieldNumber, before);
}

void WriteHead(const HeadResult& head, BackwardWriter* out) {
  const size_t before = out->size();
  switch (head.kind) {
    case HeadResult::Kind::kValues:
      WriteFloats(v1::HeadOutput::kValuesFieldNumber, head.values, head.width, out);
      break;
    case HeadResult::Kind::kDistribution:
      WriteDistribution(head, out);
      break;
    case HeadResult::Kind::kClasses:
      WriteClasses(head, out);
      break;
    case HeadResult::Kind::kText:
      out->StringAnyway(v1::HeadOutput::kTextFieldNumber, head.text);
      break;
  }
  out->String(v1::HeadOutput::kNameFieldNumber, head.name);
  out->Message(v1::PredictResponse::kHeadsFieldNumber, before);
}

void WriteTiming(const StepReply& reply, BackwardWriter* out) {
  const size_t before = out->size();
  out->Number(v1::Timing::kBatchRowsFieldNumber, reply.batch_rows);
  out->Number(v1::Timing::kComputeUsFieldNumber, reply.compute_us);
  out->Number(v1::Timing::kQueueUsFieldNumber, reply.queue_us);
  out->Message(v1::PredictResponse::kTimingFieldNumber, before);
}

// Ids of the request are echoed if they are valid.
void WriteIds(const v1::PredictRequest& request, BackwardWriter* out) {
  const std::string& session_id = request.session_id();
  if (!session_id.empty() && engine::CheckSessionId(session_id).ok()) {
    out->String(v1::PredictResponse::kSessionIdFieldNumber, session_id);
  }
  if (CheckRequestId(request.request_id()).ok()) {
    out->String(v1::PredictResponse::kRequestIdFieldNumber, request.request_id());
  }
}

// An answer that is no refusal: it has no `status`.
void WriteAnswer(const v1::PredictRequest& request, const StepReply& reply, BackwardWriter* out) {
  using Response = v1::PredictResponse;
  WriteTiming(reply, out);
  out->Number(Response::kResetFieldNumber, reply.reset);
  out->Number(Response::kCreatedFieldNumber, reply.created);
  out->Number(Response::kReplayedFieldNumber, reply.replayed);
  out->Packed(Response::kScoresFieldNumber, reply.scores);
  for (size_t i = reply.heads.size(); i-- > 0;) WriteHead(reply.heads[i], out);
  out->Number(Response::kNextStepFieldNumber, reply.next_step);
  out->Number(Response::kStepsFieldNumber, reply.steps);
  out->Number(Response::kStepFieldNumber, reply.step);
  out->Number(Response::kEpochFieldNumber, reply.epoch);
  out->Number(Response::kVersionFieldNumber, static_cast<uint64_t>(reply.version));
  out->String(Response::kModelFieldNumber, reply.model);
  WriteIds(request, out);
}

}  // namespace

void WriteResponse(const v1::PredictRequest& request, const StepReply& reply, BackwardWriter* out) {
  constexpr uint32_t kField = v1::PredictStreamResponse::kResponsesFieldNumber;
  const size_t before = out->size();
  if (!reply.status.ok()) {  // rare: through the message
    v1::PredictResponse refusal;
    FillResponse(request, reply, &refusal);
    return out->StringAnyway(kField, refusal.SerializeAsString());
  }
  WriteAnswer(request, reply, out);
  out->Message(kField, before);
}

}  // namespace sequent::rpc
