// Objects that are used again, with the memory they have grown.
//
// Each thread keeps some, so that only every kAtOnce-th call takes the lock; what one thread gives,
// another may take. Objects do not know whose they were: one is as good as another.
//
// Thread safety: thread-safe.
#ifndef SEQUENT_SERVER_ENGINE_RECYCLER_H_
#define SEQUENT_SERVER_ENGINE_RECYCLER_H_

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/mutex.h"

namespace sequent::engine {

template <typename T>
class Recycler {
 public:
  Recycler() { idle_.reserve(kMaxIdle); }

  // One that was given, as it was then, or a new one.
  std::unique_ptr<T> Take() {
    Objects& own = OfThread();
    if (own.empty()) {
      MutexLock lock(&mutex_);
      Move(std::min(kAtOnce, idle_.size()), &idle_, &own);
    }
    if (own.empty()) return std::make_unique<T>();
    std::unique_ptr<T> object = std::move(own.back());
    own.pop_back();
    return object;
  }

  void Give(std::unique_ptr<T> object) {
    Objects& own = OfThread();
    own.push_back(std::move(object));
    if (own.size() < 2 * kAtOnce) return;
    {
      MutexLock lock(&mutex_);
      Move(std::min(kAtOnce, kMaxIdle - idle_.size()), &own, &idle_);
    }
    own.resize(std::min(own.size(), kAtOnce));
  }

 private:
  using Objects = std::vector<std::unique_ptr<T>>;
  static constexpr size_t kMaxIdle = 4096, kAtOnce = 32;

  static Objects& OfThread() {
    thread_local Objects objects;
    return objects;
  }
  // The last `count`.
  static void Move(size_t count, Objects* from, Objects* to) {
    const auto begin = from->end() - static_cast<ptrdiff_t>(count);
    to->insert(to->end(), std::make_move_iterator(begin), std::make_move_iterator(from->end()));
    from->erase(begin, from->end());
  }

  Mutex mutex_;
  Objects idle_ SEQ_GUARDED_BY(mutex_);
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_RECYCLER_H_
