// Where sessions are found by id: sharded tables, each shard with its own lock, expiry timers and
// memory of expired ids.
//
// Beside its row an idle session with a 36-byte id takes about 200 bytes here: 160 for itself and
// its id (one slot), 10 to 21 in the hash table, 13 in the ordered one. Both tables hold pointers
// only and compare the ids behind them.
// Thread safety: thread-safe where not said otherwise; functions that take a Shard want its mutex
// held.
#ifndef SEQUENT_SERVER_ENGINE_SESSION_STORE_H_
#define SEQUENT_SERVER_ENGINE_SESSION_STORE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_set.h"
#include "core/base/mutex.h"
#include "server/engine/expired_ids.h"
#include "server/engine/options.h"
#include "server/engine/session.h"
#include "server/engine/slot_pool.h"
#include "server/engine/timer_wheel.h"

namespace sequent::engine {

uint64_t HashOf(std::string_view id);

// How the tables take sessions for their ids.
struct ById {
  using is_transparent = void;
  static std::string_view IdOf(std::string_view id) { return id; }
  static std::string_view IdOf(const Session* session) { return session->id(); }
};
struct HashById : ById {
  template <typename T>
  size_t operator()(const T& of) const {
    return HashOf(IdOf(of));
  }
};
struct EqualById : ById {
  template <typename T, typename U>
  bool operator()(const T& a, const U& b) const {
    return IdOf(a) == IdOf(b);
  }
};
struct LessById : ById {
  template <typename T, typename U>
  bool operator()(const T& a, const U& b) const {
    return IdOf(a) < IdOf(b);
  }
};

struct Shard {
  Shard(int64_t now, int64_t span_nanos, size_t max_expired, int64_t ttl_nanos)
      : wheel(now, span_nanos), expired(max_expired, ttl_nanos) {}
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  Mutex mutex;
  SlotPool slots SEQ_GUARDED_BY(mutex);  // what its sessions and their replies lie in
  absl::flat_hash_set<Session*, HashById, EqualById> by_id SEQ_GUARDED_BY(mutex);
  absl::btree_set<Session*, LessById> in_order SEQ_GUARDED_BY(mutex);
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
  // A new session; its id is not there yet.
  static Session* Insert(Shard* shard, std::string_view id) SEQ_REQUIRES(shard->mutex);
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

  // Shows sessions with ids after `after`, up to `of_each` of each shard, under its lock; in no
  // order. Returns the id up to which none was left out, "" if that is the last one. Between two
  // calls sessions may come and go: who goes on from what the last one returned sees each session
  // that was there all the time.
  std::string VisitAfter(std::string_view after, size_t of_each,
                         const std::function<void(const Session&)>& visit);

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
