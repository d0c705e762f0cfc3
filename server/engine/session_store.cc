#include "server/engine/session_store.h"

#include <algorithm>
#include <utility>

#include "absl/hash/hash.h"

namespace sequent::engine {
namespace {

int64_t Nanos(double seconds) { return static_cast<int64_t>(seconds * 1e9); }

uint64_t HashOf(std::string_view id) { return absl::Hash<std::string_view>{}(id); }

}  // namespace

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
  return found == shard->by_id.end() ? nullptr : found->second.get();
}

Session* SessionStore::Insert(Shard* shard, std::unique_ptr<Session> session) {
  Session* const inserted = session.get();
  inserted->shard = shard;
  shard->by_id.emplace(inserted->id, std::move(session));
  shard->in_order.insert(inserted->id);
  shard->expired.Remove(HashOf(inserted->id));
  return inserted;
}

void SessionStore::Erase(Session* session) SEQ_NO_THREAD_SAFETY_ANALYSIS {
  if (session->temporary()) {
    delete session;
    return;
  }
  Shard* const shard = session->shard;
  shard->wheel.Disarm(session);
  shard->in_order.erase(session->id);
  // The key is the session's own id: out of the map first, destroyed after.
  auto node = shard->by_id.extract(std::string_view(session->id));
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

std::vector<std::string> SessionStore::IdsAfter(std::string_view after, size_t count) {
  std::vector<std::string> ids;
  for (const auto& shard : shards_) {
    MutexLock lock(&shard->mutex);
    auto it = shard->in_order.upper_bound(after);
    for (size_t i = 0; i < count && it != shard->in_order.end(); ++i, ++it) ids.emplace_back(*it);
  }
  std::sort(ids.begin(), ids.end());
  if (ids.size() > count) ids.resize(count);
  return ids;
}

}  // namespace sequent::engine
