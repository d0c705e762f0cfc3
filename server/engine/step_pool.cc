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

// `first` is what the first allocation gets, if it is not null. Replies are few at a time next to
// what they hold, so a lock and a count by hand cost less than references to the pool.
template <typename T>
struct ReplyPool::Blocks {
  using value_type = T;

  Blocks(ReplyPool* p, void* block) : pool(p), first(block) {}
  template <typename U>
  Blocks(const Blocks<U>& other) : pool(other.pool), first(other.first) {}

  T* allocate(size_t n) {
    return static_cast<T*>(first != nullptr ? first : ::operator new(n * sizeof(T)));
  }
  void deallocate(T* block, size_t) { pool->GiveBlock(block); }
  template <typename U>
  bool operator==(const Blocks<U>& other) const {
    return pool == other.pool;
  }

  ReplyPool* pool;
  void* first;
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

void ReplyPool::LetGo::operator()(ReplyPool* pool) const {
  {
    MutexLock lock(&pool->mutex_);
    pool->let_go_ = true;
    if (pool->out_ > 0) return;
  }
  delete pool;
}

std::shared_ptr<StepReply> ReplyPool::Make() {
  std::unique_ptr<StepReply> reply;
  void* block = nullptr;
  {
    MutexLock lock(&mutex_);
    ++out_;
    if (!idle_.empty()) {
      reply = std::move(idle_.back());
      idle_.pop_back();
    }
    if (!blocks_.empty()) {
      block = blocks_.back();
      blocks_.pop_back();
    }
  }
  if (reply == nullptr) reply = std::make_unique<StepReply>();
  return std::shared_ptr<StepReply>(
      reply.release(), [this](StepReply* done) { Give(done); }, Blocks<StepReply>(this, block));
}

void ReplyPool::Give(StepReply* reply) {
  std::unique_ptr<StepReply> back(reply);
  if (ReplyBytes(*back) > kMaxIdleBytes) return;
  Reset(back.get());
  MutexLock lock(&mutex_);
  if (idle_.size() < kMaxIdle) idle_.push_back(std::move(back));
}

// Called after Give, when nobody knows of the reply any more.
void ReplyPool::GiveBlock(void* block) {
  bool last = false;
  {
    MutexLock lock(&mutex_);
    last = --out_ == 0 && let_go_;
    if (blocks_.size() < kMaxIdle) {
      blocks_.push_back(std::exchange(block, nullptr));
    }
  }
  ::operator delete(block);
  if (last) delete this;
}

}  // namespace sequent::engine
