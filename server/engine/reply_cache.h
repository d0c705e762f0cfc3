// The last replies of one session, so that a numbered request sent again is answered and not run
// again.
//
// Nearly every idle session keeps one reply, and a million of them have to fit: so replies are
// bytes here (packed_reply.h), and a cache is one pointer to one block of memory,
//
//   header | dropped ones | entry, entry ... | room
//   entry = bytes of its reply, step, 2 * steps + end (varints), reply
//
// Bounded in number and in bytes: the oldest go first. Memory comes from one SlotPool, always the
// same; it is given back by Trim and Clear only.
// Thread safety: one user at a time.
#ifndef SEQUENT_SERVER_ENGINE_REPLY_CACHE_H_
#define SEQUENT_SERVER_ENGINE_REPLY_CACHE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "server/engine/slot_pool.h"

namespace sequent::engine {

class ReplyCache {
 public:
  struct Entry {
    uint64_t step = 0;
    uint32_t steps = 0;
    bool end = false;                  // the request ended the session
    std::span<const std::byte> reply;  // until the cache changes
  };

  ReplyCache() = default;
  // After Clear.
  ~ReplyCache() = default;
  ReplyCache(const ReplyCache&) = delete;
  ReplyCache& operator=(const ReplyCache&) = delete;

  // Appends; `step` never falls. Returns where the `bytes` bytes of its reply go. Drops the oldest
  // while there are more than `max_entries` or, but for the newest, more than `max_bytes`.
  std::byte* Add(uint64_t step, uint32_t steps, bool end, size_t bytes, size_t max_entries,
                 size_t max_bytes, SlotPool* pool);

  // The reply to a request for exactly these steps; among requests without steps, `end` must agree.
  std::optional<Entry> Find(uint64_t step, uint32_t steps, bool end) const;
  // Whether `step` is among the steps of a request that is remembered.
  bool Covers(uint64_t step) const;

  // Forgets replies whose steps are all at or before `acked_step`.
  void Acknowledge(uint64_t acked_step);

  // Gives memory back: all of it if the cache is empty, else what has grown far beyond its use.
  void Trim(SlotPool* pool);
  // Forgets everything and gives its memory back.
  void Clear(SlotPool* pool);

  bool empty() const { return size() == 0; }
  size_t size() const { return block_ == nullptr ? 0 : block_->entries; }
  // Of memory that it has.
  size_t bytes() const { return block_ == nullptr ? 0 : block_->capacity; }

 private:
  // Positions count from the block's start.
  struct Block {
    uint32_t capacity;  // bytes, these included
    uint32_t entries;
    uint32_t begin, end;  // of the entries
    uint32_t last;        // the newest; not read while there are none
  };
  struct Place;

  static Place Read(const Block* block, size_t at);
  size_t used() const { return block_ == nullptr ? 0 : block_->end - block_->begin; }
  void PopOldest();
  void MakeRoom(size_t bytes, SlotPool* pool);
  // Moves the entries to a block of `capacity` bytes.
  void Move(size_t capacity, SlotPool* pool);

  Block* block_ = nullptr;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_REPLY_CACHE_H_
