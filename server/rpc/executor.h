// A few threads for what neither a tick nor gRPC's callback threads should do: turn replies into
// messages, list, export and import sessions.
//
// Thread safety: thread-safe.
#ifndef SEQUENT_SERVER_RPC_EXECUTOR_H_
#define SEQUENT_SERVER_RPC_EXECUTOR_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "core/base/mutex.h"

namespace sequent::rpc {

class Executor {
 public:
  explicit Executor(size_t threads);
  // Runs what has been posted, then joins.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // `task` must not throw. The queue is bounded by its users: a stream stands in it at most once, a
  // unary call once.
  void Post(std::function<void()> task) SEQ_EXCLUDES(mutex_);
  // Many at once: no thread is woken before all of them are there, so one that is alone on its core
  // with the caller does them in one go.
  void PostAll(std::vector<std::function<void()>> tasks) SEQ_EXCLUDES(mutex_);

 private:
  void Work() SEQ_EXCLUDES(mutex_);

  Mutex mutex_;
  CondVar ready_;
  std::deque<std::function<void()>> tasks_ SEQ_GUARDED_BY(mutex_);
  bool stopping_ SEQ_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_EXECUTOR_H_
