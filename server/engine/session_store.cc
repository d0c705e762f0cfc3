#include "server/engine/session_store.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"

namespace sequent::engine {
namespace {

int64_t Nanos(double seconds) { return static_cast<int64_t>(seconds * 1e9); }

}  // namespace

uint64_t HashOf(std::string_view id) { return absl::Hash<std::string_view>{}(id); }

Shard::~Shard() {
  for (Session* session : by_id) {
    session->replies.Clear(&slots);
    session->~Session();
  }
}

SessionStore::SessionStore(const EngineOptions& options, int64_t now)
    : max_sessions_(options.max_sessions), ttl_nanos_(Nanos(options.session_ttl_seconds)) {
  const int64_t span = std::max(ttl_nanos_, Nanos(options.reply_retention_seconds));
  const size_t max_expired = options.max_sessions / kShards + 16;
  for (auto& shard : shards_) {
    shard = std::make_unique<Shard>(now, span, max_expired, ttl_nanos_);
  }
  MutexLock lock(&shards_[0]->mutex);
  timer_nanos_ = shards_[0]->wheel.slot_nanos();
}

Shard* SessionStore::ShardOf(std::string_view id) {
  // The upper bits: the map inside the shard uses the lower ones.
  return shards_[(HashOf(id) >> 48) % kShards].get();
}

Shard* SessionStore::NextShard() {
  return shards_[next_shard_.fetch_add(1, std::memory_order_relaxed) % kShards].get();
}

Session* SessionStore::Find(Shard* shard, std::string_view id) {
  const auto found = shard->by_id.find(id);
  return found == shard->by_id.end() ? nullptr : *found;
}

Session* SessionStore::Insert(Shard* shard, std::string_view id) {
  Session* const session = Session::Place(shard->slots.Take(Session::BytesFor(id)), id);
  session->shard = shard;
  shard->by_id.insert(session);
  shard->in_order.insert(session);
  shard->expired.Remove(HashOf(id));
  return session;
}

void SessionStore::Erase(Session* session) SEQ_NO_THREAD_SAFETY_ANALYSIS {
  if (session->temporary()) {
    delete session;
    return;
  }
  Shard* const shard = session->shard;
  shard->wheel.Disarm(session);
  shard->in_order.erase(session);
  shard->by_id.erase(session);
  const size_t bytes = Session::BytesFor(session->id());
  session->replies.Clear(&shard->slots);
  session->~Session();
  shard->slots.Give(session, bytes);
}

bool SessionStore::ReserveOne(std::atomic<size_t>* count) {
  size_t now = count->load();
  while (now < max_sessions_) {
    if (count->compare_exchange_weak(now, now + 1)) return true;
  }
  return false;
}

void SessionStore::RememberExpired(Shard* shard, std::string_view id, int64_t now) {
  shard->expired.Add(HashOf(id), now);
}

bool SessionStore::HasExpired(Shard* shard, std::string_view id, int64_t now) const {
  return shard->expired.Contains(HashOf(id), now);
}

std::string SessionStore::VisitAfter(std::string_view after, size_t of_each,
                                     const std::function<void(const Session&)>& visit) {
  std::string until;  // the first id behind which a shard has more
  for (const auto& shard : shards_) {
    MutexLock lock(&shard->mutex);
    auto it = shard->in_order.upper_bound(after);
    std::string_view last;
    for (size_t i = 0; i < of_each && it != shard->in_order.end(); ++i, ++it) {
      visit(**it);
      last = (*it)->id();
    }
    if (it != shard->in_order.end() && (until.empty() || last < until)) until = last;
  }
  return until;
}

}  // namespace sequent::engine
