// Remembers, for a while, which session ids have expired: hashed, and bounded in number.
//
// Two ids with one 64-bit hash are taken for each other: then SESSION_EXPIRED is said where
// SESSION_UNKNOWN would be right, nothing else.
// Thread safety: one user at a time.
#ifndef SEQUENT_SERVER_ENGINE_EXPIRED_IDS_H_
#define SEQUENT_SERVER_ENGINE_EXPIRED_IDS_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/container/flat_hash_map.h"

namespace sequent::engine {

class ExpiredIds {
 public:
  // Ids are kept for `keep_nanos`; beyond `max_ids` the oldest go first.
  ExpiredIds(size_t max_ids, int64_t keep_nanos) : max_ids_(max_ids), keep_nanos_(keep_nanos) {}

  void Add(uint64_t hash, int64_t now);
  bool Contains(uint64_t hash, int64_t now) const;
  // The id lives again.
  void Remove(uint64_t hash) { expired_at_.erase(hash); }
  size_t size() const { return expired_at_.size(); }

 private:
  struct Record {
    uint64_t hash;
    int64_t at;
  };
  void DropOldest();

  const size_t max_ids_;
  const int64_t keep_nanos_;
  absl::flat_hash_map<uint64_t, int64_t> expired_at_;
  std::deque<Record> order_;  // may hold records that Remove or a later Add made void
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_EXPIRED_IDS_H_
