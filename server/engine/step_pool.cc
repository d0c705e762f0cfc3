#include "server/engine/step_pool.h"

#include <cstddef>
#include <utility>

#include "server/engine/packed_reply.h"

namespace sequent::engine {
namespace {

void Reset(StepReply* reply) {
  reply->status = absl::OkStatus();
  reply->model.clear();
  reply->version = 0;
  reply->epoch = reply->step = reply->next_step = 0;
  reply->steps = 0;
  reply->scores.clear();
  reply->replayed = reply->created = reply->reset = false;
  reply->queue_us = reply->compute_us = 0;
  reply->batch_rows = 0;
  for (HeadResult& head : reply->heads) head.labels_owner.reset();
}

}  // namespace

struct ReplyPool::Slot {
  StepReply reply;
  alignas(std::max_align_t) std::byte counts[64];
};

template <typename T>
struct ReplyPool::Counts {
  using value_type = T;

  Counts(ReplyPool* p, Slot* s) : pool(p), slot(s) {}
  template <typename U>
  Counts(const Counts<U>& other) : pool(other.pool), slot(other.slot) {}

  T* allocate(size_t) {
    static_assert(sizeof(T) <= sizeof(Slot::counts) && alignof(T) <= alignof(std::max_align_t));
    return reinterpret_cast<T*>(slot->counts);
  }
  // Called last, when the reply has been disposed of and the counts are gone.
  void deallocate(T*, size_t) { pool->Give(std::unique_ptr<Slot>(slot)); }
  template <typename U>
  bool operator==(const Counts<U>& other) const {
    return slot == other.slot;
  }

  ReplyPool* pool;
  Slot* slot;
};

ReplyPool::ReplyPool() = default;
ReplyPool::~ReplyPool() = default;

void ReplyPool::Release() {
  if (users_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

std::shared_ptr<StepReply> ReplyPool::Make() {
  users_.fetch_add(1, std::memory_order_relaxed);
  Slot* const slot = slots_.Take().release();
  return std::shared_ptr<StepReply>(&slot->reply, [](StepReply*) {}, Counts<char>(this, slot));
}

void ReplyPool::Give(std::unique_ptr<Slot> slot) {
  if (ReplyBytes(slot->reply) <= kMaxIdleBytes) {
    Reset(&slot->reply);
    slots_.Give(std::move(slot));
  }
  Release();
}

}  // namespace sequent::engine
