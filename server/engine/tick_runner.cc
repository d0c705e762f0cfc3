#include "server/engine/tick_runner.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "server/engine/decode.h"
#include "server/engine/input_check.h"
#include "server/engine/tick.h"

namespace sequent::engine {
namespace {

// What a text codec held back of earlier requests becomes steps of this one.
uint64_t MaxHeldBack(const Model& model) {
  return model.text_codec() == nullptr ? 0 : model.text_codec()->max_pending_tokens();
}

bool NeedsTick(const StepItem& item) {
  if (item.from_last || item.units > item.units_done) return true;
  const TextCodec* codec = item.lane->model.text_codec();
  return item.flush && item.units == 0 && codec != nullptr &&
         item.request.input.kind != Input::Kind::kTokens &&
         codec->PendingBytes(item.lane->model.codec_state(item.working.data())) > 0;
}

Status NotFinite() {
  return MakeError(Reason::kInternalError,
                   "the model's output or state is no longer a number; nothing was applied");
}

std::unique_ptr<StepItem> AsStep(std::unique_ptr<Item> item) {
  return std::unique_ptr<StepItem>(static_cast<StepItem*>(item.release()));
}

// As many of the lane's sessions as its tick has room for, if each takes what its request asks for:
// up to max_tick_steps, or all of a whole sequence.
SessionChain PopReady(Lane* lane) {
  const bool whole = !lane->model.graph().streamable;
  SessionChain sessions;
  size_t rows = 0, units = 0;
  MutexLock lock(&lane->mutex);
  while (lane->tick->HasRoom(rows, units)) {
    Session* const session = lane->ready.Pop();
    if (session == nullptr) break;
    ++rows;
    units += whole ? session->items.front()->cost : session->ready_cost;
    sessions.Append(session);
  }
  return sessions;
}

}  // namespace

void TickRunner::Run(Lane* lane) {
  Tick& tick = *lane->tick;
  tick.Clear();
  const Turn begin{lane, context_->clock->Nanos()};
  for (SessionChain sessions; !(sessions = PopReady(lane)).empty();) {
    while (Session* session = sessions.PopFront()) {
      Advance(begin, session, session->items.front());
    }
  }
  if (tick.rows().empty()) return;
  tick.Run(*lane, *context_->clock, pool_);
  lane->metrics->TickDone(tick.seconds(), tick.rows().size());
  tick.queue_seconds()->Flush(lane->metrics->step_queue_seconds);
  const Turn end{lane, context_->clock->Nanos()};
  for (Tick::Row& row : tick.rows()) {
    row.item->reply->batch_rows = static_cast<uint32_t>(tick.rows().size());
    if (!row.finite) {
      Fail(row.session, NotFinite());
    } else if (row.whole && Finish(end, row.session, row.item, After::kSettle)) {
      continue;
    }
    flow_->Settle(row.session);
  }
}

// ---- before the tick ----

void TickRunner::Advance(const Turn& turn, Session* session, Item* front) {
  for (; front != nullptr; front = flow_->Front(session)) {
    if (front->kind == Item::Kind::kControl) {
      if (RunControl(session, static_cast<ControlItem*>(front))) return;
      continue;
    }
    auto* const item = static_cast<StepItem*>(front);
    if (!AdvanceStep(turn, session, item)) continue;
    if (item->lane == turn.lane) return turn.lane->tick->Add(session, item);
    break;  // a life that begins on another version: that one's tick
  }
  flow_->Settle(session);
}

bool TickRunner::RunControl(Session* session, ControlItem* item) {
  // Its own copy: once parked, the item may be taken away while the act is still returning.
  const ControlItem::Act act = std::move(item->act);
  if (act(session, absl::OkStatus()) == ControlItem::Next::kParked) return true;
  flow_->PopFront(session);
  return false;
}

bool TickRunner::AdvanceStep(const Turn& turn, Session* session, StepItem* item) {
  if (!item->running) {
    const StatusOr<bool> runs =
        item->internal ? StartInternal(session, item) : Start(turn, session, item);
    if (!runs.ok()) Fail(session, runs.status());
    if (!runs.ok() || !*runs) return false;
  }
  if (NeedsTick(*item)) return true;
  Finish(turn, session, item, After::kGoOn);
  return false;
}

StatusOr<bool> TickRunner::StartInternal(Session* session, StepItem* item) {
  item->lane = session->lane;
  SEQ_RETURN_IF_ERROR(Prepare(item, std::move(session->row)));
  return true;
}

StatusOr<bool> TickRunner::Start(const Turn& turn, Session* session, StepItem* item) {
  const StepRequest& request = item->request;
  if (request.deadline_nanos <= turn.now) {
    return MakeError(Reason::kDeadline, "the deadline passed before the request's turn came");
  }
  if (request.cancelled && request.cancelled()) {
    return absl::CancelledError("the call was cancelled before the request's turn came");
  }
  SEQ_RETURN_IF_ERROR(request.refusal);
  Admission admission;
  admission.kind = Admission::Kind::kBegins;
  if (!session->temporary()) {
    admission = Admit(*session, *item);
    if (item->numbered()) session->UnmarkFailed(request.stream_id);
  }
  if (admission.kind == Admission::Kind::kRefused) return admission.status;
  if (admission.kind == Admission::Kind::kReplayed) {
    Replay(session, std::move(admission.reply));
    return false;
  }
  SEQ_RETURN_IF_ERROR(StartAdmitted(turn, session, item, admission));
  item->reply->queue_us =
      static_cast<uint64_t>(std::max<int64_t>(turn.now - item->arrived_nanos, 0) / 1000);
  return true;
}

StatusOr<Lane*> TickRunner::LaneOfBirth(Session* session, const StepItem& item, bool resets) {
  if (session->temporary()) return session->lane;
  const StepRequest& request = item.request;
  if (!session->reserved) {
    SEQ_RETURN_IF_ERROR(context_->ReserveSession());
    MutexLock lock(&session->shard->mutex);
    session->reserved = true;
  }
  if (resets && request.model.empty()) {
    SEQ_RETURN_IF_ERROR(CheckModel(*session, request.model, request.version));
    return session->lane;
  }
  return context_->LaneForPieces(request.model, request.version);
}

Status TickRunner::StartAdmitted(const Turn& turn, Session* session, StepItem* item,
                                 const Admission& admission) {
  item->birth = admission.kind == Admission::Kind::kBegins;
  StateRow working;
  if (item->birth) {
    SEQ_ASSIGN_OR_RETURN(item->lane, LaneOfBirth(session, *item, admission.resets));
    working = StateRow::Allocate(&item->lane->slab);
    if (working.valid()) item->lane->model.InitState(working.data());
  } else {
    item->lane = session->lane;
    working =
        item->lane == turn.lane ? turn.lane->spare_rows.Copy(session->row) : session->row.Copy();
  }
  SEQ_RETURN_IF_ERROR(Prepare(item, std::move(working)));
  StepReply& reply = *item->reply;
  reply.step = admission.step;
  reply.epoch = item->birth ? item->request.epoch : session->epoch;
  reply.next_step = admission.step + item->units;
  reply.created = item->birth && !session->temporary();
  reply.reset = admission.resets;
  return absl::OkStatus();
}

Status TickRunner::Prepare(StepItem* item, StateRow working) {
  const Model& model = item->lane->model;
  SEQ_RETURN_IF_ERROR(CheckInput(model, item->request.input));
  SEQ_RETURN_IF_ERROR(PlanOutput(model, item->request.output, &item->plan));
  item->plan.drawn_head = item->drawn_head;
  const uint64_t worst = WorstReplyBytes(model, item->lane->longest_labels, item->plan,
                                         item->units + MaxHeldBack(model));
  if (!item->internal && worst > context_->options.max_reply_bytes) {
    return MakeError(Reason::kOutputTooLong,
                     StrCat("the answer could take ", worst, " bytes, expected at most ",
                            context_->options.max_reply_bytes,
                            " (--max-reply-bytes); ask for fewer steps, heads or classes"));
  }
  if (!working.valid()) {
    return MakeError(Reason::kSessionLimit, "there is no memory for the session's state");
  }
  item->working = std::move(working);
  item->reply = context_->replies->Make();
  item->reply->model = item->lane->version->name;
  item->reply->version = item->lane->version->version;
  item->reply->steps = item->units;
  EmptyResults(*item->lane, item->plan, &item->reply->heads);
  item->running = true;
  return absl::OkStatus();
}

// ---- after it ----

bool TickRunner::Finish(const Turn& turn, Session* session, StepItem* item, After after) {
  item->reply->compute_us = static_cast<uint64_t>(item->compute_nanos / 1000);
  if (const Status status = item->lane->model.ValidateState(item->working.data()); !status.ok()) {
    Fail(session, NotFinite());
    return false;
  }
  std::shared_ptr<const StepReply> reply = item->reply;
  std::unique_ptr<Item> done;
  bool settled = false;
  if (item->internal) {
    session->row = std::move(item->working);
    done = flow_->PopFront(session);
  } else {
    item->lane->metrics->steps->Increment(static_cast<double>(item->steps_made));
    MutexLock lock(&session->shard->mutex);
    if (!session->temporary()) Apply(turn, session, item);
    done = session->PopFront();
    if (after == After::kSettle) settled = flow_->SettleIdle(session);
  }
  flow_->Answer(AsStep(std::move(done)), std::move(reply));
  return settled;
}

void TickRunner::Apply(const Turn& turn, Session* session, StepItem* item) {
  const StepReply& reply = *item->reply;
  if (reply.reset) flow_->EndLife(session, EndReason::kReset);
  if (item->birth) {
    flow_->BeginLife(session, item->lane, std::move(item->working), reply.epoch, reply.next_step);
  } else {
    StateRow before = std::exchange(session->row, std::move(item->working));
    if (item->lane == turn.lane) turn.lane->spare_rows.Keep(std::move(before));
    session->next_step = reply.next_step;
  }
  session->last_used_nanos = turn.now;
  session->replies.Acknowledge(item->request.acked_step);
  if (item->numbered()) flow_->CacheReply(session, *item, reply);
  if (item->request.end) flow_->EndLife(session, EndReason::kClient);
}

void TickRunner::Replay(Session* session, std::shared_ptr<const StepReply> reply) {
  auto again = std::make_shared<StepReply>(*reply);
  again->replayed = true;
  session->lane->metrics->steps_replayed->Increment(again->steps);
  flow_->Answer(AsStep(flow_->PopFront(session)), std::move(again));
}

void TickRunner::Fail(Session* session, Status status) {
  const auto& front = static_cast<const StepItem&>(*flow_->Front(session));
  // While something stands in front, nobody else looks at the marks.
  if (!front.numbered()) session->MarkFailed(front.request.stream_id);
  std::unique_ptr<StepItem> item = AsStep(flow_->PopFront(session));
  const uint64_t next_step = session->life == Session::Life::kLive ? session->next_step : 0;
  flow_->Refuse(std::move(item), std::move(status), next_step);
}

}  // namespace sequent::engine
