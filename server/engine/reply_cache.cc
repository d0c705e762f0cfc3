#include "server/engine/reply_cache.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "server/engine/varint.h"

namespace sequent::engine {
namespace {

// Below this a block that is mostly empty is left as it is.
constexpr size_t kSmall = 4096;

}  // namespace

// An entry and where it is.
struct ReplyCache::Place {
  Entry entry;
  size_t next = 0;  // the position behind it
};

ReplyCache::Place ReplyCache::Read(const Block* block, size_t at) {
  const auto* const bytes = reinterpret_cast<const std::byte*>(block);
  const std::byte* from = bytes + at;
  const size_t size = GetVarint(&from);
  Place place;
  place.entry.step = GetVarint(&from);
  const uint64_t steps_and_end = GetVarint(&from);
  place.entry.steps = static_cast<uint32_t>(steps_and_end / 2);
  place.entry.end = steps_and_end % 2 != 0;
  place.entry.reply = {from, size};
  place.next = static_cast<size_t>(from - bytes) + size;
  return place;
}

std::byte* ReplyCache::Add(uint64_t step, uint32_t steps, bool end, size_t bytes,
                           size_t max_entries, size_t max_bytes, SlotPool* pool) {
  const uint64_t steps_and_end = 2 * uint64_t{steps} + (end ? 1 : 0);
  const size_t needed = VarintBytes(bytes) + VarintBytes(step) + VarintBytes(steps_and_end) + bytes;
  while (!empty() && (size() >= max_entries || used() + needed > max_bytes)) PopOldest();
  MakeRoom(needed, pool);
  std::byte* to = reinterpret_cast<std::byte*>(block_) + block_->end;
  block_->last = block_->end;
  block_->end += static_cast<uint32_t>(needed);
  ++block_->entries;
  return PutVarint(steps_and_end, PutVarint(step, PutVarint(bytes, to)));
}

void ReplyCache::PopOldest() {
  block_->begin = static_cast<uint32_t>(Read(block_, block_->begin).next);
  if (--block_->entries == 0) block_->begin = block_->end = sizeof(Block);
}

void ReplyCache::MakeRoom(size_t bytes, SlotPool* pool) {
  if (block_ == nullptr) return Move(sizeof(Block) + bytes, pool);
  if (block_->end + bytes <= block_->capacity) return;
  // Moving them down when as much was dropped as is there costs a constant per entry.
  if (block_->begin - sizeof(Block) >= used() &&
      sizeof(Block) + used() + bytes <= block_->capacity) {
    auto* const to = reinterpret_cast<std::byte*>(block_ + 1);
    std::memmove(to, reinterpret_cast<std::byte*>(block_) + block_->begin, used());
    const auto moved = static_cast<uint32_t>(block_->begin - sizeof(Block));
    block_->begin -= moved;
    block_->end -= moved;
    block_->last -= moved;
    return;
  }
  // A cache that keeps one reply at a time has no use for more room than that takes.
  const size_t least = sizeof(Block) + used() + bytes;
  Move(empty() ? least : std::max<size_t>(least, 2 * used()), pool);
}

void ReplyCache::Move(size_t capacity, SlotPool* pool) {
  capacity = SlotPool::SizeOf(capacity);
  auto* const block = new (pool->Take(capacity)) Block{.capacity = static_cast<uint32_t>(capacity),
                                                       .entries = 0,
                                                       .begin = sizeof(Block),
                                                       .end = sizeof(Block),
                                                       .last = sizeof(Block)};
  if (!empty()) {
    std::memcpy(block + 1, reinterpret_cast<std::byte*>(block_) + block_->begin, used());
    block->entries = block_->entries;
    block->end += static_cast<uint32_t>(used());
    block->last += block_->last - block_->begin;
  }
  if (block_ != nullptr) pool->Give(block_, block_->capacity);
  block_ = block;
}

std::optional<ReplyCache::Entry> ReplyCache::Find(uint64_t step, uint32_t steps, bool end) const {
  // Mostly a request is new: then the newest entry says so.
  if (empty() || Read(block_, block_->last).entry.step < step) return std::nullopt;
  for (size_t at = block_->begin; at < block_->end;) {
    const Place place = Read(block_, at);
    const Entry& entry = place.entry;
    if (entry.step > step) break;
    if (entry.step == step && entry.steps == steps && (steps > 0 || entry.end == end)) {
      return entry;
    }
    at = place.next;
  }
  return std::nullopt;
}

bool ReplyCache::Covers(uint64_t step) const {
  if (empty()) return false;
  for (size_t at = block_->begin; at < block_->end;) {
    const Place place = Read(block_, at);
    if (place.entry.step > step) break;
    if (step - place.entry.step < place.entry.steps) return true;
    at = place.next;
  }
  return false;
}

void ReplyCache::Acknowledge(uint64_t acked_step) {
  if (acked_step == 0) return;
  while (!empty()) {
    const Entry oldest = Read(block_, block_->begin).entry;
    if (oldest.step + oldest.steps > acked_step + 1) return;
    PopOldest();
  }
}

void ReplyCache::Trim(SlotPool* pool) {
  if (block_ == nullptr) return;
  if (empty()) return Clear(pool);
  const size_t least = sizeof(Block) + used();
  if (block_->capacity > kSmall && 4 * least < block_->capacity) Move(least, pool);
}

void ReplyCache::Clear(SlotPool* pool) {
  if (block_ != nullptr) pool->Give(block_, block_->capacity);
  block_ = nullptr;
}

}  // namespace sequent::engine
