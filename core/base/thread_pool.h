// A fixed set of compute threads that run the parts of one job side by side.
//
// Every thread, and whoever calls Run, computes with denormals flushed to zero (FlushDenormals).
#ifndef SEQUENT_CORE_BASE_THREAD_POOL_H_
#define SEQUENT_CORE_BASE_THREAD_POOL_H_

#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "core/base/mutex.h"

namespace sequent {

// Sets flush-to-zero and denormals-are-zero for the calling thread. Every thread that computes
// calls it once at its start: long sequences decay into denormals, which are several times slower.
void FlushDenormals();

class ThreadPool {
 public:
  // `threads` >= 1 threads take part in a job, the caller of Run being one of them.
  explicit ThreadPool(size_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  size_t threads() const { return workers_.size() + 1; }

  // Calls task(0) .. task(parts - 1), each once, on any of the threads, and returns when all are
  // done. `task` must not throw. One job at a time: concurrent callers wait for each other.
  void Run(size_t parts, const std::function<void(size_t part)>& task);

 private:
  void Work();
  bool RunOnePart() SEQ_EXCLUDES(mutex_);

  Mutex job_mutex_;  // held by the caller of Run for the whole job
  Mutex mutex_;
  CondVar work_ready_;
  CondVar work_done_;
  const std::function<void(size_t)>* task_ SEQ_GUARDED_BY(mutex_) = nullptr;
  size_t parts_ SEQ_GUARDED_BY(mutex_) = 0;
  size_t next_part_ SEQ_GUARDED_BY(mutex_) = 0;
  size_t unfinished_ SEQ_GUARDED_BY(mutex_) = 0;
  bool stopping_ SEQ_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> workers_;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_BASE_THREAD_POOL_H_
