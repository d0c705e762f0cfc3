#include "server/engine/session_calls.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "server/engine/admission.h"
#include "server/engine/state_format.h"

namespace sequent::engine {
namespace {

constexpr uint32_t kDefaultPage = 100;
constexpr uint32_t kLargestPage = 1000;

Status Exists(const std::string& id) {
  return MakeError(Reason::kSessionExists,
                   StrCat("there is a session '", Quoted(id, 128), "' already"));
}

Status Mismatch(std::string_view field, std::string_view expected, std::string_view got) {
  return MakeError(Reason::kStateMismatch, StrCat("state.", ToAbsl(field), ": expected ",
                                                  ToAbsl(expected), ", got ", Quoted(got)));
}

bool IsLive(const Session* session) {
  return session != nullptr && session->life == Session::Life::kLive;
}

}  // namespace

SessionInfo SessionCalls::InfoOf(const Session& session) const {
  SessionInfo info;
  info.session_id = std::string(session.id());
  info.model = session.lane->version->name;
  info.version = session.lane->version->version;
  info.epoch = session.epoch;
  info.next_step = session.next_step;
  info.queued_requests = session.queued;
  info.idle_seconds =
      static_cast<double>(context_->clock->Nanos() - session.last_used_nanos) * 1e-9;
  info.state_bytes = session.lane->model.state_size();
  return info;
}

StatusOr<SessionInfo> SessionCalls::Get(const std::string& id) {
  Shard* const shard = context_->store.ShardOf(id);
  MutexLock lock(&shard->mutex);
  const Session* session = SessionStore::Find(shard, id);
  if (session == nullptr) return flow_->Unknown(shard, id);
  if (!IsLive(session)) return SessionUnknown(id);
  return InfoOf(*session);
}

StatusOr<Engine::SessionPage> SessionCalls::List(const std::string& model, uint32_t page_size,
                                                 const std::string& page_token) {
  if (!page_token.empty()) {
    if (const Status status = CheckSessionId(page_token); !status.ok()) {
      return MakeError(Reason::kBadRequest, "page_token: expected one that a page came with");
    }
  }
  const size_t size = std::min(page_size == 0 ? kDefaultPage : page_size, kLargestPage);
  Engine::SessionPage page;
  std::string after = page_token;
  // Ids are spread evenly over the shards: mostly one look makes a page.
  const size_t of_each = 2 * size / context_->store.shard_count() + 8;
  do {
    std::vector<SessionInfo> seen;
    const std::string until =
        context_->store.VisitAfter(after, of_each, [&](const Session& session) {
          if (!IsLive(&session)) return;
          if (!model.empty() && session.lane->version->name != model) return;
          seen.push_back(InfoOf(session));
        });
    std::sort(seen.begin(), seen.end(), [](const SessionInfo& a, const SessionInfo& b) {
      return a.session_id < b.session_id;
    });
    for (SessionInfo& info : seen) {
      if (!until.empty() && info.session_id > until) break;
      if (page.sessions.size() == size) {
        page.next_page_token = page.sessions.back().session_id;
        return page;
      }
      page.sessions.push_back(std::move(info));
    }
    after = until;
  } while (!after.empty());
  return page;
}

template <typename Result, typename Act>
void SessionCalls::InTurn(const std::string& id, std::function<void(Result)> done, Act act) {
  context_->in_flight.fetch_add(1);
  auto finish = [this, done](Result result) {
    context_->in_flight.fetch_sub(1);
    done(std::move(result));
  };
  const Status queued = flow_->Control(
      id, [finish, act = std::move(act), id](Session* session, const Status& status) {
        if (!status.ok()) {
          finish(status);
        } else if (!IsLive(session)) {
          finish(SessionUnknown(id));
        } else {
          finish(act(session));
        }
        return ControlItem::Next::kDone;
      });
  if (!queued.ok()) finish(queued);
}

void SessionCalls::Close(const std::string& id, std::function<void(Status)> done) {
  InTurn<Status>(id, std::move(done), [this](Session* session) {
    MutexLock lock(&session->shard->mutex);
    flow_->EndLife(session, EndReason::kClient);
    return absl::OkStatus();
  });
}

void SessionCalls::Fork(const std::string& id, const std::string& new_id,
                        std::function<void(StatusOr<SessionInfo>)> done) {
  InTurn<StatusOr<SessionInfo>>(id, std::move(done),
                                [this, new_id](Session* session) -> StatusOr<SessionInfo> {
                                  return Insert(new_id, session->lane, session->row.Copy(),
                                                session->epoch, session->next_step);
                                });
}

void SessionCalls::Export(const std::string& id, bool close,
                          std::function<void(StatusOr<SessionState>)> done) {
  InTurn<StatusOr<SessionState>>(id, std::move(done),
                                 [this, close](Session* session) -> StatusOr<SessionState> {
                                   const Lane& lane = *session->lane;
                                   SessionState state;
                                   state.state = PackState(lane.model, session->row.data());
                                   state.model = lane.version->name;
                                   state.version = lane.version->version;
                                   state.fingerprint = lane.model.fingerprint();
                                   state.epoch = session->epoch;
                                   state.next_step = session->next_step;
                                   if (close) {
                                     MutexLock lock(&session->shard->mutex);
                                     flow_->EndLife(session, EndReason::kClient);
                                   }
                                   return state;
                                 });
}

StatusOr<SessionInfo> SessionCalls::Import(const std::string& id, const SessionState& state) {
  SEQ_ASSIGN_OR_RETURN(Lane* const lane, context_->LaneForPieces(state.model, state.version));
  if (state.fingerprint != lane->model.fingerprint()) {
    return Mismatch("fingerprint", lane->model.fingerprint(), state.fingerprint);
  }
  if (state.next_step == 0) return Mismatch("next_step", "a number from 1 on", "0");
  StateRow row = StateRow::Allocate(&lane->slab);
  if (row.valid()) SEQ_RETURN_IF_ERROR(UnpackState(lane->model, state.state, row.data()));
  return Insert(id, lane, std::move(row), state.epoch, state.next_step);
}

StatusOr<SessionInfo> SessionCalls::Insert(const std::string& id, Lane* lane, StateRow row,
                                           uint64_t epoch, uint64_t next_step) {
  if (!row.valid()) {
    return MakeError(Reason::kSessionLimit, "there is no memory for the session's state");
  }
  Shard* const shard = context_->store.ShardOf(id);
  MutexLock lock(&shard->mutex);
  Session* const old = SessionStore::Find(shard, id);
  const bool over =
      old != nullptr && old->phase == Session::Phase::kIdle && old->life == Session::Life::kEnded;
  if (old != nullptr && !over) return Exists(id);
  SEQ_RETURN_IF_ERROR(context_->ReserveSession());
  if (over) flow_->Drop(old);
  Session* const session = SessionStore::Insert(shard, id);
  session->lane = lane;
  session->reserved = true;
  session->last_used_nanos = context_->clock->Nanos();
  flow_->BeginLife(session, lane, std::move(row), epoch, next_step);
  flow_->Rest(session);
  return InfoOf(*session);
}

}  // namespace sequent::engine
