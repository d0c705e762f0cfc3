// How work comes to sessions and sessions come to ticks.
//
//   Submit, Control, SubmitTo -> a session's FIFO -> (if it was idle) its lane's ready queue
//   Settle, after a tick      -> ready queue again | idle, with a timer | gone
//
// Thread safety: thread-safe; functions that take a Session say whose it must be.
#ifndef SEQUENT_SERVER_ENGINE_SESSION_FLOW_H_
#define SEQUENT_SERVER_ENGINE_SESSION_FLOW_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/status.h"
#include "server/engine/engine_context.h"
#include "server/engine/metrics.h"
#include "server/engine/session.h"

namespace sequent::engine {

class SessionFlow {
 public:
  explicit SessionFlow(EngineContext* context) : context_(context) {}

  // Queues a request, or answers it at once: for lack of room, or since its session is unknown.
  // Takes it over and leaves another one, whose memory can be used again, in its place.
  void Submit(StepRequest* request, int64_t now, Scheduler::Pushes* pushes);
  // Queues an act behind everything the live or coming session has. Not OK (SESSION_UNKNOWN,
  // SESSION_EXPIRED, QUEUE_FULL): it will not be called.
  Status Control(const std::string& id, ControlItem::Act act);

  // A session without an id, for its owner to submit to until it is released. Owns `row`.
  Session* NewTemporary(Lane* lane, StateRow row);
  // The session is idle, or in a tick that has just called the owner back.
  void SubmitTo(Session* temporary, std::unique_ptr<StepItem> item);
  void Release(Session* temporary);

  // Answers `item`: its `done` is called, and what it held of the queue's room is given back.
  void Answer(std::unique_ptr<StepItem> item, std::shared_ptr<const StepReply> reply);
  // The same with an error. `next_step` of the session, 0 = unknown.
  void Refuse(std::unique_ptr<StepItem> item, Status status, uint64_t next_step = 0);

  // By the tick that has the session: the item in front, nullptr if there is none; and taken away.
  Item* Front(Session* session);
  std::unique_ptr<Item> PopFront(Session* session);
  // By the tick that has the session, last: whatever is queued gets its turn. The session may be
  // gone afterwards.
  void Settle(Session* session);
  // The same under its shard's lock, if nothing is queued; else nothing, and false.
  bool SettleIdle(Session* session) SEQ_NO_THREAD_SAFETY_ANALYSIS;
  // By the tick that has the session: `row` becomes its state; a life begins, if it has none.
  // By whoever inserts a session under its shard's lock: the same.
  void BeginLife(Session* session, Lane* lane, StateRow row, uint64_t epoch, uint64_t next_step);
  // By the tick that has the session, or under its shard's lock while it is idle.
  void EndLife(Session* session, EndReason reason);
  void CacheReply(Session* session, const StepItem& item, const StepReply& reply);
  // By whoever parked it: takes the parking item away and goes on.
  void Unpark(Session* session);

  // Under its shard's lock: a session that has nothing to do is armed or goes.
  void Rest(Session* session) SEQ_NO_THREAD_SAFETY_ANALYSIS;
  // Under its shard's lock, while it is idle: it is gone, with what is kept of it.
  void Drop(Session* session);

  // SESSION_UNKNOWN, or SESSION_EXPIRED while that is remembered.
  Status Unknown(Shard* shard, const std::string& id) SEQ_REQUIRES(shard->mutex);
  // Ends what has not been used for too long, a bounded number at a time; true: there may be more.
  // Cheap when nothing is due.
  bool ExpireDue();
  // For stopping: answers everything queued in ready sessions; false: there were none.
  bool RefuseAllReady();

 private:
  void SubmitStateless(std::unique_ptr<StepItem> item, Scheduler::Pushes* pushes);
  void SubmitToSession(std::unique_ptr<StepItem> item, Scheduler::Pushes* pushes);
  // The session to queue in, made if the request begins it; an error otherwise.
  StatusOr<Session*> FindOrMake(Shard* shard, const StepRequest& request)
      SEQ_REQUIRES(shard->mutex);
  // Appends; true: the session was idle, so the caller pushes it once the lock is gone.
  bool Append(Session* session, std::unique_ptr<Item> item);
  void NoteRefusedForRoom(Session* session, const StepItem& item);
  // What a session whose front item costs `cost` steps costs in the ready queue.
  uint32_t ReadyCost(size_t cost) const;
  void Push(Lane* lane, Session* session) { context_->scheduler.Push(lane, session); }
  // Whether an ended session has replies to keep, and there is room for them.
  bool Remember(Session* session);
  // Gives memory of replies back that have been acknowledged. Under the shard's lock.
  void TrimReplies(Session* session);
  // It counts no more against the bound on sessions. Under the shard's lock.
  void GiveUpPlace(Session* session);
  // Fires up to `most` timers; how many are left of that.
  size_t ExpireDueOf(Shard* shard, int64_t now, size_t most);
  void Expire(Shard* shard, Session* session, int64_t now) SEQ_REQUIRES(shard->mutex);
  int64_t DueNanos(const Session& session) const;

  EngineContext* const context_;
  std::atomic<int64_t> next_expiry_{0};  // the largest value: somebody is at it, and has
  size_t expiring_shard_ = 0;            // the shard to go on with
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_SESSION_FLOW_H_
