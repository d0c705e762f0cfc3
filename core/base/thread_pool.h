// A fixed set of compute threads that run the parts of one job side by side.
//
// A job costs a microsecond or two if the last one has just been: threads look for the next job for
// some ten microseconds before they go to sleep, and whoever waits for a job's end does the same.
//
// Every thread, and whoever calls Run, computes with denormals flushed to zero (FlushDenormals).
#ifndef SEQUENT_CORE_BASE_THREAD_POOL_H_
#define SEQUENT_CORE_BASE_THREAD_POOL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
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
  // done. parts < 2^32. `task` must not throw. One job at a time: concurrent callers wait for each
  // other.
  void Run(size_t parts, const std::function<void(size_t part)>& task);

 private:
  // The parts of the job under way and the next one to be taken, in one word, so that a part is
  // taken by one addition.
  struct Ticket {
    static constexpr int kShift = 32;
    static uint64_t Of(size_t parts) { return uint64_t{parts} << kShift; }
    static size_t Parts(uint64_t word) { return word >> kShift; }
    static size_t Next(uint64_t word) { return word & UINT32_MAX; }
  };

  void Work();
  bool HasWork() const;
  bool RunOnePart();
  void WaitForEnd() SEQ_EXCLUDES(mutex_);

  const int spins_;  // looks before going to sleep

  Mutex job_mutex_;  // held by the caller of Run for the whole job
  std::atomic<uint64_t> ticket_{0};
  std::atomic<size_t> unfinished_{0};
  // Written before the ticket that announces it, read by whoever has taken a part of it.
  const std::function<void(size_t)>* task_ = nullptr;

  Mutex mutex_;
  CondVar work_ready_;
  CondVar work_done_;
  size_t sleepers_ SEQ_GUARDED_BY(mutex_) = 0;
  bool stopping_ SEQ_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> workers_;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_BASE_THREAD_POOL_H_
