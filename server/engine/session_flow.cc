#include "server/engine/session_flow.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/error.h"
#include "server/engine/admission.h"
#include "server/engine/input_check.h"

namespace sequent::engine {
namespace {

Status QueueFull(size_t max) {
  return MakeError(Reason::kQueueFull,
                   StrCat("the session has ", max,
                          " requests queued, as many as there may be (--max-session-queue)"));
}

Status StepsFull(size_t max) {
  return MakeError(Reason::kQueueFull, StrCat("there is no room among the ", max,
                                              " steps that may be queued (--max-queued-steps)"));
}

Status TooLong(uint64_t units, size_t max) {
  return MakeError(Reason::kInputTooLong,
                   StrCat("input: expected at most ", max, " steps, got ", units));
}

Status SequenceTooLong(uint64_t units, size_t max) {
  return MakeError(Reason::kInputTooLong, StrCat("input: expected a sequence of at most ", max,
                                                 " steps (bytes of a text; "
                                                 "--max-sequence-steps), got ",
                                                 units));
}

// A life may begin on another version than the last one was bound to.
Lane* LaneOfFront(const Session& session) {
  if (session.items.front()->kind != Item::Kind::kStep) return session.lane;
  const auto& item = static_cast<const StepItem&>(*session.items.front());
  return item.running ? item.lane : session.lane;
}

}  // namespace

// ---- work comes in ----

void SessionFlow::Submit(StepRequest* request, int64_t now, Scheduler::Pushes* pushes) {
  auto item = context_->items.Take();
  std::swap(item->request, *request);
  item->arrived_nanos = now;
  const uint64_t units = UnitsOf(item->request.input);
  const size_t most =
      std::min<size_t>(context_->options.max_queued_steps, std::numeric_limits<int32_t>::max());
  if (units > most) {
    if (item->request.refusal.ok()) item->request.refusal = TooLong(units, most);
    item->request.input = {};
  } else {
    item->units = static_cast<uint32_t>(units);
  }
  item->flush = item->request.end || item->stateless();
  item->cost = 0;  // nothing reserved yet
  context_->in_flight.fetch_add(1);
  if (context_->stopping.load()) return Refuse(std::move(item), StoppingError());
  if (item->stateless()) return SubmitStateless(std::move(item), pushes);
  SubmitToSession(std::move(item), pushes);
}

void SessionFlow::SubmitStateless(std::unique_ptr<StepItem> item, Scheduler::Pushes* pushes) {
  if (!item->request.refusal.ok()) {
    Status status = item->request.refusal;
    return Refuse(std::move(item), std::move(status));
  }
  auto lane = context_->LaneFor(item->request.model, item->request.version);
  if (!lane.ok()) return Refuse(std::move(item), lane.status());
  const size_t most = context_->options.max_sequence_steps;
  if (!(*lane)->model.graph().streamable && item->units > most) {
    Status status = SequenceTooLong(item->units, most);
    return Refuse(std::move(item), std::move(status));
  }
  const size_t cost = std::max<size_t>(item->units, 1);
  if (!context_->ReserveSteps(cost)) {
    return Refuse(std::move(item), StepsFull(context_->options.max_queued_steps));
  }
  item->cost = cost;
  Session* session = NewTemporary(*lane, StateRow());
  session->kept = false;
  session->phase = Session::Phase::kBusy;
  session->ready_cost = ReadyCost(cost);
  session->Append(std::move(item));
  pushes->Push(*lane, session);
}

void SessionFlow::SubmitToSession(std::unique_ptr<StepItem> item, Scheduler::Pushes* pushes) {
  Shard* const shard = context_->store.ShardOf(item->request.session_id);
  Session* session = nullptr;
  Lane* lane = nullptr;
  bool was_idle = false;
  Status status;
  {
    MutexLock lock(&shard->mutex);
    if (context_->stopping.load()) {
      status = StoppingError();
    } else if (auto found = FindOrMake(shard, item->request); !found.ok()) {
      status = found.status();
    } else {
      session = *found;
      lane = session->lane;
      session->last_used_nanos = item->arrived_nanos;
      const size_t cost = std::max<size_t>(item->units, 1);
      if (session->queued >= context_->options.max_session_queue) {
        status = QueueFull(context_->options.max_session_queue);
      } else if (!context_->ReserveSteps(cost)) {
        status = StepsFull(context_->options.max_queued_steps);
      } else {
        item->cost = cost;
        was_idle = Append(session, std::move(item));
        if (was_idle) session->row.Prefetch();
      }
      if (!status.ok()) {
        NoteRefusedForRoom(session, *item);
        if (session->phase == Session::Phase::kIdle)
          Rest(session);  // it may have been made for this
      }
    }
  }
  if (was_idle) pushes->Push(lane, session);
  if (!status.ok()) Refuse(std::move(item), std::move(status));
}

StatusOr<Session*> SessionFlow::FindOrMake(Shard* shard, const StepRequest& request) {
  Session* session = SessionStore::Find(shard, request.session_id);
  if (session != nullptr) return session;
  if (!request.refusal.ok()) return request.refusal;
  if (!CanBegin(request)) return Unknown(shard, request.session_id);
  SEQ_ASSIGN_OR_RETURN(Lane* const lane, context_->LaneForPieces(request.model, request.version));
  SEQ_RETURN_IF_ERROR(context_->ReserveSession());
  session = SessionStore::Insert(shard, request.session_id);
  session->lane = lane;
  session->reserved = true;
  return session;
}

Status SessionFlow::Control(const std::string& id, ControlItem::Act act) {
  Shard* const shard = context_->store.ShardOf(id);
  Session* session = nullptr;
  {
    MutexLock lock(&shard->mutex);
    if (context_->stopping.load()) return StoppingError();
    session = SessionStore::Find(shard, id);
    if (session == nullptr) return Unknown(shard, id);
    const bool idle = session->phase == Session::Phase::kIdle;
    if (idle && session->life != Session::Life::kLive) return SessionUnknown(id);
    if (session->queued >= context_->options.max_session_queue) {
      return QueueFull(context_->options.max_session_queue);
    }
    auto item = std::make_unique<ControlItem>(std::move(act));
    item->arrived_nanos = session->last_used_nanos = context_->clock->Nanos();
    if (!Append(session, std::move(item))) return absl::OkStatus();
  }
  Push(session->lane, session);
  return absl::OkStatus();
}

bool SessionFlow::Append(Session* session, std::unique_ptr<Item> item) {
  const bool was_idle = session->phase == Session::Phase::kIdle;
  if (was_idle) {
    session->phase = Session::Phase::kBusy;
    session->ready_cost = ReadyCost(item->cost);
  }
  session->Append(std::move(item));
  return was_idle;
}

uint32_t SessionFlow::ReadyCost(size_t cost) const {
  constexpr size_t kMost = std::numeric_limits<uint32_t>::max();
  const size_t most = std::min(context_->options.max_tick_steps, kMost);
  return static_cast<uint32_t>(std::clamp<size_t>(cost, 1, most));
}

void SessionFlow::NoteRefusedForRoom(Session* session, const StepItem& item) {
  if (item.numbered() || item.request.stream_id == 0) return;
  if (session->items.empty()) return session->MarkFailed(item.request.stream_id);
  std::unique_ptr<FailedStreams>& behind = session->items.back()->refused_behind;
  if (behind == nullptr) behind = std::make_unique<FailedStreams>();
  behind->Add(item.request.stream_id);
}

// ---- temporary sessions ----

Session* SessionFlow::NewTemporary(Lane* lane, StateRow row) {
  auto* session = new Session;
  session->shard = context_->store.NextShard();
  session->lane = lane;
  session->row = std::move(row);
  session->kept = true;
  return session;
}

void SessionFlow::SubmitTo(Session* temporary, std::unique_ptr<StepItem> item) {
  item->internal = true;
  item->arrived_nanos = context_->clock->Nanos();
  bool was_idle;
  {
    MutexLock lock(&temporary->shard->mutex);
    was_idle = Append(temporary, std::move(item));
  }
  if (was_idle) Push(temporary->lane, temporary);
}

void SessionFlow::Release(Session* temporary) {
  {
    MutexLock lock(&temporary->shard->mutex);
    temporary->kept = false;
    if (temporary->phase != Session::Phase::kIdle) return;
  }
  delete temporary;
}

// ---- answers ----

void SessionFlow::Answer(std::unique_ptr<StepItem> item, std::shared_ptr<const StepReply> reply) {
  context_->ReleaseSteps(item->cost);
  // Before the answer: whoever has it must not find its request in flight.
  if (!item->internal) context_->in_flight.fetch_sub(1);
  item->request.done(std::move(reply));
  context_->items.Give(std::move(item));
}

void SessionFlow::Refuse(std::unique_ptr<StepItem> item, Status status, uint64_t next_step) {
  auto reply = std::make_shared<StepReply>();
  reply->status = std::move(status);
  reply->epoch = item->request.epoch;
  reply->step = item->request.step;
  reply->next_step = next_step;
  Answer(std::move(item), std::move(reply));
}

// ---- after a tick ----

Item* SessionFlow::Front(Session* session) {
  MutexLock lock(&session->shard->mutex);
  return session->items.front();
}

std::unique_ptr<Item> SessionFlow::PopFront(Session* session) {
  MutexLock lock(&session->shard->mutex);
  return session->PopFront();
}

void SessionFlow::Settle(Session* session) {
  Lane* lane = nullptr;
  {
    MutexLock lock(&session->shard->mutex);
    if (SettleIdle(session)) return;
    session->phase = Session::Phase::kBusy;
    session->ready_cost = ReadyCost(session->items.front()->cost);
    lane = LaneOfFront(*session);
  }
  Push(lane, session);
}

bool SessionFlow::SettleIdle(Session* session) {
  if (!session->items.empty()) return false;
  session->phase = Session::Phase::kIdle;
  Rest(session);
  return true;
}

void SessionFlow::Rest(Session* session) {
  if (session->temporary()) {
    if (!session->kept) delete session;
    return;
  }
  if (session->life != Session::Life::kLive) GiveUpPlace(session);
  if (session->life != Session::Life::kLive && !Remember(session)) return Drop(session);
  TrimReplies(session);
  // While it lives its time only moves on: a timer that fires too early is armed again then, and a
  // step leaves the wheel alone.
  if (session->life == Session::Life::kLive && session->armed()) return;
  session->shard->wheel.Arm(session, DueNanos(*session));
}

void SessionFlow::Unpark(Session* session) {
  PopFront(session);
  Settle(session);
}

bool SessionFlow::RefuseAllReady() {
  Session* const session = context_->scheduler.PopAny();
  if (session == nullptr) return false;
  while (Front(session) != nullptr) {
    std::unique_ptr<Item> item = PopFront(session);
    if (item->kind == Item::Kind::kControl) {
      static_cast<ControlItem&>(*item).act(session, StoppingError());
    } else {
      Refuse(std::unique_ptr<StepItem>(static_cast<StepItem*>(item.release())), StoppingError());
    }
  }
  Settle(session);
  return true;
}

}  // namespace sequent::engine
