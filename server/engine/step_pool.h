// Requests and replies that are used again, with the memory they have grown: what keeps the way of
// a step free of allocations once it has been gone before.
//
// Thread safety: thread-safe. A reply may outlive its pool's owner.
#ifndef SEQUENT_SERVER_ENGINE_STEP_POOL_H_
#define SEQUENT_SERVER_ENGINE_STEP_POOL_H_

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "core/base/mutex.h"
#include "server/engine/request.h"
#include "server/engine/session.h"

namespace sequent::engine {

class ItemPool {
 public:
  ItemPool() { idle_.reserve(kMaxIdle); }

  // One for every element of `items`, which are empty.
  void Take(std::span<std::unique_ptr<StepItem>> items);
  void Give(std::unique_ptr<StepItem> item);

 private:
  static constexpr size_t kMaxIdle = 4096;
  // Those that a thread gives are kept until they are as many, for one lock.
  static constexpr size_t kAtOnce = 32;

  Mutex mutex_;
  std::vector<std::unique_ptr<StepItem>> idle_ SEQ_GUARDED_BY(mutex_);
};

class ReplyPool {
 public:
  // The pool goes with the last of its replies, once it has been let go of.
  struct LetGo {
    void operator()(ReplyPool* pool) const;
  };
  using Ptr = std::unique_ptr<ReplyPool, LetGo>;
  static Ptr Create() { return Ptr(new ReplyPool); }

  // As new, but that `heads` may hold results of an earlier reply, to be overwritten. Comes back
  // to the pool with its last reference.
  std::shared_ptr<StepReply> Make();

 private:
  static constexpr size_t kMaxIdle = 4096;
  // A larger one is not worth keeping: most replies are small.
  static constexpr size_t kMaxIdleBytes = 16 << 10;

  // A reply, and what std::shared_ptr counts its references in.
  struct Slot;
  // Gives std::shared_ptr that memory.
  template <typename T>
  struct Counts;

  ReplyPool();
  ~ReplyPool();
  // Nobody knows of its reply any more.
  void Give(Slot* slot) SEQ_EXCLUDES(mutex_);

  Mutex mutex_;
  std::vector<std::unique_ptr<Slot>> idle_ SEQ_GUARDED_BY(mutex_);
  size_t out_ SEQ_GUARDED_BY(mutex_) = 0;  // slots whose replies are held
  bool let_go_ SEQ_GUARDED_BY(mutex_) = false;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_STEP_POOL_H_
