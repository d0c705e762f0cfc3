// Time as a value that tests can set.
//
// Thread safety: all implementations are thread-safe.
#ifndef SEQUENT_CORE_BASE_CLOCK_H_
#define SEQUENT_CORE_BASE_CLOCK_H_

#include <atomic>
#include <cstdint>

namespace sequent {

class Clock {
 public:
  virtual ~Clock() = default;
  // Nanoseconds on a clock that never goes back; only differences mean anything.
  virtual int64_t Nanos() const = 0;

  // The machine's monotonic clock. Never destroyed.
  static const Clock* Real();
};

// A clock that stands until it is told to move.
class FakeClock final : public Clock {
 public:
  int64_t Nanos() const override { return nanos_.fetch_add(per_look_.load()); }
  void AdvanceNanos(int64_t nanos) { nanos_.fetch_add(nanos, std::memory_order_relaxed); }
  void AdvanceSeconds(double seconds) { AdvanceNanos(static_cast<int64_t>(seconds * 1e9)); }
  // From now on every look at the clock takes this long.
  void PassAtEveryLook(int64_t nanos) { per_look_.store(nanos); }

 private:
  mutable std::atomic<int64_t> nanos_{1'000'000'000};
  std::atomic<int64_t> per_look_{0};
};

}  // namespace sequent

#endif  // SEQUENT_CORE_BASE_CLOCK_H_
