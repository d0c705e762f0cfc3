#include "server/engine/reply_cache.h"

#include <algorithm>
#include <utility>

namespace sequent::engine {
namespace {

size_t HeadBytes(const HeadResult& head) {
  return sizeof(HeadResult) + head.name.capacity() + head.text.capacity() +
         sizeof(float) * (head.values.capacity() + head.scales.capacity()) +
         sizeof(HeadResult::Class) * head.classes.capacity();
}

bool StepBefore(const ReplyCache::Entry& entry, uint64_t step) { return entry.step < step; }

}  // namespace

size_t ReplyBytes(const StepReply& reply) {
  size_t bytes = sizeof(StepReply) + sizeof(ReplyCache::Entry) + reply.model.capacity() +
                 sizeof(float) * reply.scores.capacity();
  for (const HeadResult& head : reply.heads) bytes += HeadBytes(head);
  return bytes;
}

void ReplyCache::Add(uint64_t step, uint32_t steps, bool end,
                     std::shared_ptr<const StepReply> reply, size_t max_entries, size_t max_bytes) {
  const size_t bytes = ReplyBytes(*reply);
  entries_.push_back({step, steps, end, bytes, std::move(reply)});
  bytes_ += bytes;
  while (size() > std::max<size_t>(max_entries, 1) || (size() > 1 && bytes_ > max_bytes)) {
    PopOldest();
  }
}

void ReplyCache::PopOldest() {
  bytes_ -= entries_[first_].bytes;
  entries_[first_++].reply.reset();
  // Moving the rest down once half is empty costs a constant per entry.
  if (first_ * 2 < entries_.size()) return;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(first_));
  first_ = 0;
}

const ReplyCache::Entry* ReplyCache::Find(uint64_t step, uint32_t steps, bool end) const {
  const auto begin = entries_.begin() + static_cast<ptrdiff_t>(first_);
  for (auto it = std::lower_bound(begin, entries_.end(), step, StepBefore);
       it != entries_.end() && it->step == step; ++it) {
    if (it->steps == steps && (steps > 0 || it->end == end)) return &*it;
  }
  return nullptr;
}

bool ReplyCache::Covers(uint64_t step) const {
  const auto begin = entries_.begin() + static_cast<ptrdiff_t>(first_);
  const auto after = std::lower_bound(begin, entries_.end(), step + 1, StepBefore);
  // Requests without steps may stand before the one that covers `step`, at its end.
  for (auto it = after; it != begin;) {
    --it;
    if (it->steps == 0) continue;
    return step < it->step + it->steps;
  }
  return false;
}

void ReplyCache::Acknowledge(uint64_t acked_step) {
  if (acked_step == 0) return;
  while (!empty() && entries_[first_].step + entries_[first_].steps <= acked_step + 1) {
    PopOldest();
  }
}

std::unique_ptr<ReplyCache> ReplyCachePool::Take() {
  if (idle_.empty()) return std::make_unique<ReplyCache>();
  std::unique_ptr<ReplyCache> cache = std::move(idle_.back());
  idle_.pop_back();
  return cache;
}

void ReplyCachePool::Give(std::unique_ptr<ReplyCache> cache) {
  if (idle_.size() < kMaxIdle && cache->capacity() <= kMaxIdleEntries) {
    idle_.push_back(std::move(cache));
  }
}

}  // namespace sequent::engine
