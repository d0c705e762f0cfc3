// Lives of sessions: beginning, what is kept of them, ending, expiry.
#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/error.h"
#include "server/engine/admission.h"
#include "server/engine/packed_reply.h"
#include "server/engine/session_flow.h"

namespace sequent::engine {
namespace {

// Timers that fire in one go: others wait for the shard's lock, and ticks for the worker, less than
// for a tick.
constexpr size_t kExpiriesAtOnce = 512;
constexpr int64_t kBeingLookedAt = std::numeric_limits<int64_t>::max();

// Under the shard's lock.
void ForgetReplies(Session* session) SEQ_NO_THREAD_SAFETY_ANALYSIS {
  if (session->replies.bytes() == 0) return;
  session->lane->reply_bytes.fetch_sub(session->replies.bytes());
  session->replies.Clear(&session->shard->slots);
}

}  // namespace

void SessionFlow::BeginLife(Session* session, Lane* lane, StateRow row, uint64_t epoch,
                            uint64_t next_step) SEQ_NO_THREAD_SAFETY_ANALYSIS {
  ForgetReplies(session);
  session->shard->wheel.Disarm(session);  // armed for the end of what was before
  if (std::exchange(session->remembered, false)) context_->store.UnreserveEnded();
  session->lane = lane;
  session->row = std::move(row);
  session->life = Session::Life::kLive;
  session->epoch = epoch;
  session->next_step = next_step;
  lane->sessions.fetch_add(1);
  lane->metrics->SessionCreated();
}

void SessionFlow::EndLife(Session* session, EndReason reason) {
  session->life = Session::Life::kEnded;
  session->row.Reset();
  session->last_used_nanos = context_->clock->Nanos();
  session->lane->sessions.fetch_sub(1);
  session->lane->metrics->SessionEnded(reason);
  // At once: who has heard of the end may begin another session. A reset keeps its place.
  if (reason != EndReason::kReset) GiveUpPlace(session);
}

void SessionFlow::GiveUpPlace(Session* session) {
  if (std::exchange(session->reserved, false)) context_->store.Unreserve();
}

void SessionFlow::CacheReply(Session* session, const StepItem& item,
                             const StepReply& reply) SEQ_NO_THREAD_SAFETY_ANALYSIS {
  const EngineOptions& options = context_->options;
  ReplyCache& replies = session->replies;
  const size_t before = replies.bytes();
  const bool no_room = options.max_session_bytes > 0 &&
                       context_->scheduler.SessionBytes() + before > options.max_session_bytes;
  const size_t bytes = PackedBytes(reply, item.plan.heads);
  PackReply(reply, item.plan.heads,
            replies.Add(reply.step, item.units, item.request.end, bytes,
                        no_room ? 1 : options.max_session_queue, options.max_session_reply_bytes,
                        &session->shard->slots));
  session->lane->reply_bytes.fetch_add(replies.bytes() - before);
}

void SessionFlow::TrimReplies(Session* session) SEQ_NO_THREAD_SAFETY_ANALYSIS {
  const size_t before = session->replies.bytes();
  session->replies.Trim(&session->shard->slots);
  session->lane->reply_bytes.fetch_sub(before - session->replies.bytes());
}

bool SessionFlow::Remember(Session* session) {
  if (session->remembered) return true;
  if (session->life != Session::Life::kEnded || session->replies.empty()) return false;
  return session->remembered = context_->store.ReserveEnded();
}

void SessionFlow::Drop(Session* session) {
  ForgetReplies(session);
  GiveUpPlace(session);
  if (session->remembered) context_->store.UnreserveEnded();
  SessionStore::Erase(session);
}

Status SessionFlow::Unknown(Shard* shard, const std::string& id) {
  if (!context_->store.HasExpired(shard, id, context_->clock->Nanos())) return SessionUnknown(id);
  return MakeError(Reason::kSessionExpired,
                   StrCat("session '", Quoted(id, 128), "' was not used for ",
                          context_->options.session_ttl_seconds, " s (--session-ttl)"));
}

int64_t SessionFlow::DueNanos(const Session& session) const {
  const double seconds = session.life == Session::Life::kLive
                             ? context_->options.session_ttl_seconds
                             : context_->options.reply_retention_seconds;
  return session.last_used_nanos + static_cast<int64_t>(seconds * 1e9);
}

bool SessionFlow::ExpireDue() {
  const int64_t now = context_->clock->Nanos();
  int64_t next = next_expiry_.load(std::memory_order_relaxed);
  if (now < next) return false;
  if (!next_expiry_.compare_exchange_strong(next, kBeingLookedAt)) return false;
  size_t left = kExpiriesAtOnce;
  while (left > 0 && expiring_shard_ < context_->store.shard_count()) {
    left = ExpireDueOf(context_->store.shard(expiring_shard_), now, left);
    if (left > 0) ++expiring_shard_;
  }
  const bool more = expiring_shard_ < context_->store.shard_count();
  if (!more) expiring_shard_ = 0;
  next_expiry_.store(more ? now : now + context_->store.timer_nanos());
  return more;
}

size_t SessionFlow::ExpireDueOf(Shard* shard, int64_t now, size_t most) {
  constexpr size_t kUnderOneLock = 64;
  while (true) {
    MutexLock lock(&shard->mutex);
    for (size_t i = 0; i < kUnderOneLock; ++i) {
      if (most == 0) return 0;
      Timer* const timer = shard->wheel.PopDue(now);
      if (timer == nullptr) return most;
      Expire(shard, static_cast<Session*>(timer), now);
      --most;
    }
  }
}

void SessionFlow::Expire(Shard* shard, Session* session, int64_t now) {
  if (session->phase != Session::Phase::kIdle) return;  // armed again when it rests
  const int64_t due = DueNanos(*session);
  if (due > now) return shard->wheel.Arm(session, due);
  if (session->life == Session::Life::kLive) {
    EndLife(session, EndReason::kExpired);
    context_->store.RememberExpired(shard, session->id(), now);
  }
  Drop(session);
}

}  // namespace sequent::engine
