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

namespace {

// Some ten to forty microseconds, by the processor's idea of a pause.
constexpr int kSpins = 1000;

void Pause() {
#if defined(__SSE__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

// Looking out for work helps only where nobody else wants the core.
ThreadPool::ThreadPool(size_t threads)
    : spins_(threads <= std::thread::hardware_concurrency() ? kSpins : 0) {
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
  task_ = &task;
  unfinished_.store(parts, std::memory_order_relaxed);
  bool wake;
  {
    MutexLock lock(&mutex_);
    ticket_.store(Ticket::Of(parts), std::memory_order_release);
    wake = sleepers_ > 0;
  }
  if (wake) work_ready_.NotifyAll();
  while (RunOnePart()) {
  }
  WaitForEnd();
}

void ThreadPool::WaitForEnd() {
  for (int i = 0; i < spins_; ++i) {
    if (unfinished_.load(std::memory_order_acquire) == 0) return;
    Pause();
  }
  MutexLock lock(&mutex_);
  while (unfinished_.load(std::memory_order_acquire) > 0) work_done_.Wait(&mutex_);
}

bool ThreadPool::HasWork() const {
  const uint64_t word = ticket_.load(std::memory_order_acquire);
  return Ticket::Next(word) < Ticket::Parts(word);
}

bool ThreadPool::RunOnePart() {
  if (!HasWork()) return false;
  // The job may have ended meanwhile and another begun: then this takes a part of that one.
  const uint64_t word = ticket_.fetch_add(1, std::memory_order_acq_rel);
  if (Ticket::Next(word) >= Ticket::Parts(word)) return false;
  (*task_)(Ticket::Next(word));
  if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    // Between the caller's look at the count and its sleep it has the mutex.
    {
      MutexLock lock(&mutex_);
    }
    work_done_.NotifyOne();
  }
  return true;
}

void ThreadPool::Work() {
  FlushDenormals();
  while (true) {
    for (int i = 0; i < spins_ && !HasWork(); ++i) Pause();
    {
      MutexLock lock(&mutex_);
      ++sleepers_;
      while (!stopping_ && !HasWork()) work_ready_.Wait(&mutex_);
      --sleepers_;
      if (stopping_) return;
    }
    while (RunOnePart()) {
    }
  }
}

}  // namespace sequent
