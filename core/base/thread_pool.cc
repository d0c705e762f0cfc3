#include "core/base/thread_pool.h"

#include <cstdint>

#if defined(__SSE__)
#include <immintrin.h>
#endif

namespace sequent {

void FlushDenormals() {
#if defined(__SSE__)
  _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
  _mm_setcsr(_mm_getcsr() | 0x0040);  // denormals are zero
#elif defined(__aarch64__)
  uint64_t fpcr;
  asm volatile("mrs %0, fpcr" : "=r"(fpcr));
  asm volatile("msr fpcr, %0" ::"r"(fpcr | (uint64_t{1} << 24)));
#endif
}

ThreadPool::ThreadPool(size_t threads) {
  for (size_t i = 1; i < threads; ++i) workers_.emplace_back([this] { Work(); });
}

ThreadPool::~ThreadPool() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  work_ready_.NotifyAll();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::Run(size_t parts, const std::function<void(size_t)>& task) {
  FlushDenormals();
  if (parts <= 1 || workers_.empty()) {
    for (size_t part = 0; part < parts; ++part) task(part);
    return;
  }
  MutexLock job(&job_mutex_);
  {
    MutexLock lock(&mutex_);
    task_ = &task;
    parts_ = unfinished_ = parts;
    next_part_ = 0;
  }
  work_ready_.NotifyAll();
  while (RunOnePart()) {
  }
  MutexLock lock(&mutex_);
  while (unfinished_ > 0) work_done_.Wait(&mutex_);
  task_ = nullptr;
  parts_ = 0;
}

bool ThreadPool::RunOnePart() {
  const std::function<void(size_t)>* task;
  size_t part;
  {
    MutexLock lock(&mutex_);
    if (next_part_ >= parts_) return false;
    task = task_;
    part = next_part_++;
  }
  (*task)(part);
  MutexLock lock(&mutex_);
  if (--unfinished_ == 0) work_done_.NotifyOne();
  return true;
}

void ThreadPool::Work() {
  FlushDenormals();
  while (true) {
    {
      MutexLock lock(&mutex_);
      while (!stopping_ && next_part_ >= parts_) work_ready_.Wait(&mutex_);
      if (stopping_) return;
    }
    while (RunOnePart()) {
    }
  }
}

}  // namespace sequent
