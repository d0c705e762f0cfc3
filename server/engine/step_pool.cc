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

void ItemPool::Take(std::span<std::unique_ptr<StepItem>> items) {
  size_t taken = 0;
  {
    MutexLock lock(&mutex_);
    for (; taken < items.size() && !idle_.empty(); ++taken) {
      items[taken] = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  for (auto& item : items.subspan(taken)) item = std::make_unique<StepItem>();
}

void ItemPool::Give(std::unique_ptr<StepItem> item) {
  // Whose pool they come back to makes no difference: an item is as good as any other.
  thread_local std::vector<std::unique_ptr<StepItem>> used;
  item->Recycle();
  used.push_back(std::move(item));
  if (used.size() < kAtOnce) return;
  {
    MutexLock lock(&mutex_);
    for (auto& one : used) {
      if (idle_.size() < kMaxIdle) idle_.push_back(std::move(one));
    }
  }
  used.clear();
}

struct ReplyPool::Slot {
  StepReply reply;
  alignas(std::max_align_t) std::byte counts[64];
};

// Replies are few at a time next to what they hold, so a lock and a count by hand cost less than
// references to the pool.
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
  void deallocate(T*, size_t) { pool->Give(slot); }
  template <typename U>
  bool operator==(const Counts<U>& other) const {
    return slot == other.slot;
  }

  ReplyPool* pool;
  Slot* slot;
};

ReplyPool::ReplyPool() {
  MutexLock lock(&mutex_);
  idle_.reserve(kMaxIdle);
}

ReplyPool::~ReplyPool() = default;

void ReplyPool::LetGo::operator()(ReplyPool* pool) const {
  {
    MutexLock lock(&pool->mutex_);
    pool->let_go_ = true;
    if (pool->out_ > 0) return;
  }
  delete pool;
}

std::shared_ptr<StepReply> ReplyPool::Make() {
  std::unique_ptr<Slot> slot;
  {
    MutexLock lock(&mutex_);
    ++out_;
    if (!idle_.empty()) {
      slot = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (slot == nullptr) slot = std::make_unique<Slot>();
  Slot* const held = slot.release();
  return std::shared_ptr<StepReply>(&held->reply, [](StepReply*) {}, Counts<char>(this, held));
}

void ReplyPool::Give(Slot* slot) {
  std::unique_ptr<Slot> back(slot);
  if (ReplyBytes(back->reply) > kMaxIdleBytes) {
    back.reset();
  } else {
    Reset(&back->reply);
  }
  bool last = false;
  {
    MutexLock lock(&mutex_);
    last = --out_ == 0 && let_go_;
    if (back != nullptr && idle_.size() < kMaxIdle) idle_.push_back(std::move(back));
  }
  if (last) delete this;
}

}  // namespace sequent::engine
