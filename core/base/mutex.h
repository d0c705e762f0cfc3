// std::mutex with the annotations that clang's -Wthread-safety checks.
#ifndef SEQUENT_CORE_BASE_MUTEX_H_
#define SEQUENT_CORE_BASE_MUTEX_H_

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#if defined(__clang__)
#define SEQ_ANNOTATE(x) __attribute__((x))
#else
#define SEQ_ANNOTATE(x)
#endif
#define SEQ_GUARDED_BY(x) SEQ_ANNOTATE(guarded_by(x))
#define SEQ_PT_GUARDED_BY(x) SEQ_ANNOTATE(pt_guarded_by(x))
#define SEQ_REQUIRES(...) SEQ_ANNOTATE(requires_capability(__VA_ARGS__))
#define SEQ_EXCLUDES(...) SEQ_ANNOTATE(locks_excluded(__VA_ARGS__))
#define SEQ_ACQUIRE(...) SEQ_ANNOTATE(acquire_capability(__VA_ARGS__))
#define SEQ_RELEASE(...) SEQ_ANNOTATE(release_capability(__VA_ARGS__))
#define SEQ_TRY_ACQUIRE(...) SEQ_ANNOTATE(try_acquire_capability(__VA_ARGS__))
#define SEQ_NO_THREAD_SAFETY_ANALYSIS SEQ_ANNOTATE(no_thread_safety_analysis)

namespace sequent {

class SEQ_ANNOTATE(capability("mutex")) Mutex {
 public:
  void Lock() SEQ_ACQUIRE() { mutex_.lock(); }
  void Unlock() SEQ_RELEASE() { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class SEQ_ANNOTATE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex* mutex) SEQ_ACQUIRE(mutex) : mutex_(mutex) { mutex_->Lock(); }
  ~MutexLock() SEQ_RELEASE() { mutex_->Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex* const mutex_;
};

class CondVar {
 public:
  // Waits once; may wake without cause, so call in a loop on the condition.
  void Wait(Mutex* mutex) SEQ_REQUIRES(mutex) SEQ_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // As Wait, but at most `nanos`; false when the time ran out.
  bool WaitFor(Mutex* mutex, int64_t nanos) SEQ_REQUIRES(mutex) SEQ_NO_THREAD_SAFETY_ANALYSIS {
    std::unique_lock<std::mutex> lock(mutex->mutex_, std::adopt_lock);
    const auto result = condition_.wait_for(lock, std::chrono::nanoseconds(nanos));
    lock.release();
    return result == std::cv_status::no_timeout;
  }
  void NotifyOne() { condition_.notify_one(); }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_BASE_MUTEX_H_
