// Where sessions are found by id: a sharded map, each shard with its own lock, expiry timers and
// memory of expired ids.
//
// Thread safety: thread-safe where not said otherwise; functions that take a Shard want its mutex
// held.
#ifndef SEQUENT_SERVER_ENGINE_SESSION_STORE_H_
#define SEQUENT_SERVER_ENGINE_SESSION_STORE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "core/base/mutex.h"
#include "server/engine/expired_ids.h"
#include "server/engine/options.h"
#include "server/engine/session.h"
#include "server/engine/timer_wheel.h"

namespace sequent::engine {

struct Shard {
  Shard(int64_t now, int64_t span_nanos, size_t max_expired, int64_t ttl_nanos)
      : wheel(now, span_nanos), expired(max_expired, ttl_nanos) {}

  Mutex mutex;
  absl::flat_hash_map<std::string_view, std::unique_ptr<Session>> by_id SEQ_GUARDED_BY(mutex);
  absl::btree_set<std::string_view> in_order SEQ_GUARDED_BY(mutex);
  TimerWheel wheel SEQ_GUARDED_BY(mutex);
  ExpiredIds expired SEQ_GUARDED_BY(mutex);
};

class SessionStore {
 public:
  SessionStore(const EngineOptions& options, int64_t now);

  Shard* ShardOf(std::string_view id);
  // For a session without an id; any will do.
  Shard* NextShard();

  // nullptr: there is none.
  static Session* Find(Shard* shard, std::string_view id) SEQ_REQUIRES(shard->mutex);
  // Takes a session whose id is not there yet.
  static Session* Insert(Shard* shard, std::unique_ptr<Session> session) SEQ_REQUIRES(shard->mutex);
  // Destroys an idle session, temporary ones too.
  static void Erase(Session* session);

  // Counts one more session against the bound on sessions; false: there is no room.
  bool Reserve() { return ReserveOne(&active_); }
  void Unreserve() { active_.fetch_sub(1); }
  // The same for ended sessions whose replies are kept: as many as may live.
  bool ReserveEnded() { return ReserveOne(&ended_); }
  void UnreserveEnded() { ended_.fetch_sub(1); }

  void RememberExpired(Shard* shard, std::string_view id, int64_t now) SEQ_REQUIRES(shard->mutex);
  bool HasExpired(Shard* shard, std::string_view id, int64_t now) const SEQ_REQUIRES(shard->mutex);

  // Up to `count` ids after `after`, in order.
  std::vector<std::string> IdsAfter(std::string_view after, size_t count);

  int64_t ttl_nanos() const { return ttl_nanos_; }
  size_t shard_count() const { return shards_.size(); }
  Shard* shard(size_t i) { return shards_[i].get(); }
  // How often due timers are worth a look.
  int64_t timer_nanos() const { return timer_nanos_; }

 private:
  static constexpr size_t kShards = 64;

  bool ReserveOne(std::atomic<size_t>* count);

  const size_t max_sessions_;
  const int64_t ttl_nanos_;
  int64_t timer_nanos_ = 0;
  std::array<std::unique_ptr<Shard>, kShards> shards_;
  std::atomic<size_t> active_{0};
  std::atomic<size_t> ended_{0};
  std::atomic<size_t> next_shard_{0};
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_SESSION_STORE_H_
