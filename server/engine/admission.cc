#include "server/engine/admission.h"

#include <optional>
#include <string>

#include "core/base/error.h"
#include "server/engine/lane.h"
#include "server/engine/packed_reply.h"

namespace sequent::engine {
namespace {

Admission Refused(Status status) {
  Admission refused;
  refused.status = std::move(status);
  return refused;
}

Admission Replayed(const Session& session, const ReplyCache::Entry& entry) {
  auto reply = std::make_shared<StepReply>();
  UnpackReply(entry.reply, *session.lane, reply.get());
  reply->epoch = session.epoch;
  reply->step = entry.step;
  reply->steps = entry.steps;
  reply->next_step = entry.step + entry.steps;
  Admission replayed;
  replayed.kind = Admission::Kind::kReplayed;
  replayed.reply = std::move(reply);
  return replayed;
}

Admission Continues(uint64_t step) {
  Admission continues;
  continues.kind = Admission::Kind::kContinues;
  continues.step = step;
  return continues;
}

std::optional<ReplyCache::Entry> FindReply(const Session& session, const StepItem& item,
                                           uint64_t step) {
  return session.replies.Find(step, item.units, item.request.end);
}

Status Gap(uint64_t step, uint64_t next_step) {
  return WithNextStep(
      MakeError(Reason::kStepGap, StrCat("step: expected ", next_step, ", got ", step)), next_step);
}

Status Overlap(uint64_t step, uint32_t units, uint64_t next_step) {
  return WithNextStep(
      MakeError(Reason::kStepOverlap,
                StrCat("step: ", step, "..", step + units - (units > 0 ? 1 : 0),
                       " were applied in other pieces; expected one of the requests as they were "
                       "sent, or step ",
                       next_step)),
      next_step);
}

Status TooOld(uint64_t step, uint64_t next_step) {
  return WithNextStep(
      MakeError(Reason::kStepTooOld,
                StrCat("step: ", step, " was applied, and its reply is no longer kept; expected ",
                       next_step)),
      next_step);
}

Admission Begin(const StepItem& item, bool resets) {
  const uint64_t step = item.request.step;
  if (step > 1) return Refused(Gap(step, 1));
  Admission begins;
  begins.kind = Admission::Kind::kBegins;
  begins.resets = resets;
  return begins;
}

// A retried start names the life it began: only then is its reply that of this request.
Admission AdmitWithoutLife(const Session& session, const StepItem& item) {
  const StepRequest& request = item.request;
  const bool same_life = request.epoch == session.epoch && (!request.start || request.epoch != 0);
  if (session.life == Session::Life::kEnded && item.numbered() &&
      (same_life || (request.epoch == 0 && !request.start))) {
    const uint64_t step = request.step != 0 ? request.step : 1;
    if (const auto entry = FindReply(session, item, step)) return Replayed(session, *entry);
  }
  if (CanBegin(request)) return Begin(item, false);
  return Refused(SessionUnknown(session.id()));
}

Admission AdmitNumbered(const Session& session, const StepItem& item, uint64_t step) {
  if (const auto entry = FindReply(session, item, step)) return Replayed(session, *entry);
  const uint64_t next = session.next_step;
  if (step == next) return Continues(next);
  if (step > next) return Refused(Gap(step, next));
  const bool covered = session.replies.Covers(step);
  if (covered || step + item.units > next) return Refused(Overlap(step, item.units, next));
  return Refused(TooOld(step, next));
}

}  // namespace

bool CanBegin(const StepRequest& request) {
  return request.start || (request.step == 1 && !request.model.empty());
}

Status SessionUnknown(std::string_view id) {
  return MakeError(Reason::kSessionUnknown, StrCat("there is no session '", Quoted(id, 128), "'"));
}

Status CheckModel(const Session& session, const std::string& model, int64_t version) {
  const ModelVersion& bound = *session.lane->version;
  if ((model.empty() || model == bound.name) && (version == 0 || version == bound.version)) {
    return absl::OkStatus();
  }
  std::string got = Quoted(model.empty() ? bound.name : model);
  if (version != 0) got += StrCat(" version ", version);
  return MakeError(Reason::kModelMismatch, StrCat("model: the session is bound to ", bound.name,
                                                  " version ", bound.version, ", got ", got));
}

Status CheckEpoch(const Session& session, uint64_t epoch) {
  if (epoch == 0 || epoch == session.epoch) return absl::OkStatus();
  return WithNextStep(
      MakeError(Reason::kSessionReplaced,
                StrCat("epoch: the session lives in epoch ", session.epoch, ", got ", epoch)),
      session.next_step);
}

Status CheckNextStep(const Session& session, uint64_t step) {
  if (step == session.next_step) return absl::OkStatus();
  return step > session.next_step ? Gap(step, session.next_step) : TooOld(step, session.next_step);
}

Admission Admit(const Session& session, const StepItem& item) {
  const StepRequest& request = item.request;
  const uint64_t stream = request.stream_id;
  if (!item.numbered() && session.failed_streams != nullptr &&
      session.failed_streams->Contains(stream)) {
    return Refused(WithNextStep(
        MakeError(
            Reason::kPreviousStepFailed,
            "an earlier request of this session on this stream failed; say `step` or `start`"),
        session.next_step));
  }
  if (session.life != Session::Life::kLive) return AdmitWithoutLife(session, item);
  const bool retried_start = request.epoch != 0 && request.epoch == session.epoch;
  if (request.start && !retried_start) return Begin(item, true);
  if (Status status = CheckEpoch(session, request.epoch); !status.ok()) return Refused(status);
  if (Status status = CheckModel(session, request.model, request.version); !status.ok()) {
    return Refused(status);
  }
  if (!item.numbered()) {
    return Continues(session.next_step);
  }
  return AdmitNumbered(session, item, request.step != 0 ? request.step : 1);
}

}  // namespace sequent::engine
