// Requests and replies that are used again, with the memory they have grown: what keeps the way of
// a step free of allocations once it has been gone before.
//
// Thread safety: thread-safe. A reply may outlive its pool's owner.
#ifndef SEQUENT_SERVER_ENGINE_STEP_POOL_H_
#define SEQUENT_SERVER_ENGINE_STEP_POOL_H_

#include <atomic>
#include <cstddef>
#include <memory>

#include "server/engine/recycler.h"
#include "server/engine/request.h"
#include "server/engine/session.h"

namespace sequent::engine {

class ItemPool {
 public:
  std::unique_ptr<StepItem> Take() { return items_.Take(); }
  void Give(std::unique_ptr<StepItem> item) {
    item->Recycle();
    items_.Give(std::move(item));
  }

 private:
  Recycler<StepItem> items_;
};

class ReplyPool {
 public:
  // The pool goes with the last of its replies, once it has been let go of.
  struct LetGo {
    void operator()(ReplyPool* pool) const { pool->Release(); }
  };
  using Ptr = std::unique_ptr<ReplyPool, LetGo>;
  static Ptr Create() { return Ptr(new ReplyPool); }

  // As new, but that `heads` may hold results of an earlier reply, to be overwritten. Comes back
  // to the pool with its last reference.
  std::shared_ptr<StepReply> Make();

 private:
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
  void Give(std::unique_ptr<Slot> slot);
  // Whoever is the last of the owner and the replies that are out deletes the pool.
  void Release();

  Recycler<Slot> slots_;
  std::atomic<size_t> users_{1};
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_STEP_POOL_H_
