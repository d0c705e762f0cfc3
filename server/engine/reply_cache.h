// The last replies of one session, so that a numbered request sent again is answered and not run
// again.
//
// Bounded in number and in bytes: the oldest go first. Empty caches own no memory.
// Thread safety: one user at a time.
#ifndef SEQUENT_SERVER_ENGINE_REPLY_CACHE_H_
#define SEQUENT_SERVER_ENGINE_REPLY_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "server/engine/request.h"

namespace sequent::engine {

// What a reply takes in memory.
size_t ReplyBytes(const StepReply& reply);

class ReplyCache {
 public:
  struct Entry {
    uint64_t step = 0;
    uint32_t steps = 0;
    bool end = false;  // the request ended the session
    size_t bytes = 0;
    std::shared_ptr<const StepReply> reply;
  };

  // Appends; `step` never falls. Drops the oldest while there are more than `max_entries` or, but
  // for the newest, more than `max_bytes`.
  void Add(uint64_t step, uint32_t steps, bool end, std::shared_ptr<const StepReply> reply,
           size_t max_entries, size_t max_bytes);

  // The reply to a request for exactly these steps; among requests without steps, `end` must agree.
  const Entry* Find(uint64_t step, uint32_t steps, bool end) const;
  // Whether `step` is among the steps of a request that is remembered.
  bool Covers(uint64_t step) const;

  // Forgets replies whose steps are all at or before `acked_step`.
  void Acknowledge(uint64_t acked_step);

  bool empty() const { return first_ == entries_.size(); }
  size_t size() const { return entries_.size() - first_; }
  size_t bytes() const { return bytes_; }
  // Entries it could hold without allocating.
  size_t capacity() const { return entries_.capacity(); }

 private:
  void PopOldest();

  std::vector<Entry> entries_;  // from first_ on; those before have been dropped
  size_t first_ = 0;
  size_t bytes_ = 0;
};

// Empty caches that are used again, with the memory they have grown: a session that rests with
// everything acknowledged keeps none, and does not allocate when it goes on.
// Thread safety: one user at a time.
class ReplyCachePool {
 public:
  std::unique_ptr<ReplyCache> Take();
  // `cache` is empty.
  void Give(std::unique_ptr<ReplyCache> cache);

 private:
  static constexpr size_t kMaxIdle = 64;
  // A cache that has held more is not worth keeping.
  static constexpr size_t kMaxIdleEntries = 16;

  std::vector<std::unique_ptr<ReplyCache>> idle_;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_REPLY_CACHE_H_
