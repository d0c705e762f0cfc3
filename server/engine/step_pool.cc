#include "server/engine/step_pool.h"

#include <new>
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

std::unique_ptr<StepItem> ItemPool::Take() {
  {
    MutexLock lock(&mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<StepItem> item = std::move(idle_.back());
      idle_.pop_back();
      return item;
    }
  }
  return std::make_unique<StepItem>();
}

void ItemPool::Give(std::unique_ptr<StepItem> item) {
  item->Recycle();
  MutexLock lock(&mutex_);
  if (idle_.size() < kMaxIdle) idle_.push_back(std::move(item));
}

template <typename T>
struct ReplyPool::Blocks {
  using value_type = T;

  explicit Blocks(std::shared_ptr<ReplyPool> p) : pool(std::move(p)) {}
  template <typename U>
  Blocks(const Blocks<U>& other) : pool(other.pool) {}

  T* allocate(size_t n) { return static_cast<T*>(pool->TakeBlock(n * sizeof(T))); }
  void deallocate(T* block, size_t) { pool->GiveBlock(block); }
  template <typename U>
  bool operator==(const Blocks<U>& other) const {
    return pool == other.pool;
  }

  std::shared_ptr<ReplyPool> pool;
};

ReplyPool::ReplyPool() {
  MutexLock lock(&mutex_);
  idle_.reserve(kMaxIdle);
  blocks_.reserve(kMaxIdle);
}

ReplyPool::~ReplyPool() {
  MutexLock lock(&mutex_);
  for (void* block : blocks_) ::operator delete(block);
}

std::shared_ptr<StepReply> ReplyPool::Make() {
  std::unique_ptr<StepReply> reply;
  {
    MutexLock lock(&mutex_);
    if (!idle_.empty()) {
      reply = std::move(idle_.back());
      idle_.pop_back();
    }
  }
  if (reply == nullptr) reply = std::make_unique<StepReply>();
  const std::shared_ptr<ReplyPool> self = shared_from_this();
  return std::shared_ptr<StepReply>(
      reply.release(), [self](StepReply* done) { self->Give(done); }, Blocks<StepReply>(self));
}

void ReplyPool::Give(StepReply* reply) {
  std::unique_ptr<StepReply> back(reply);
  if (ReplyBytes(*back) > kMaxIdleBytes) return;
  Reset(back.get());
  MutexLock lock(&mutex_);
  if (idle_.size() < kMaxIdle) idle_.push_back(std::move(back));
}

void* ReplyPool::TakeBlock(size_t bytes) {
  {
    MutexLock lock(&mutex_);
    if (!blocks_.empty()) {
      void* block = blocks_.back();
      blocks_.pop_back();
      return block;
    }
  }
  return ::operator new(bytes);
}

void ReplyPool::GiveBlock(void* block) {
  {
    MutexLock lock(&mutex_);
    if (blocks_.size() < kMaxIdle) {
      blocks_.push_back(block);
      return;
    }
  }
  ::operator delete(block);
}

}  // namespace sequent::engine
