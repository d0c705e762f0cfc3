// How long the engine has usually had nothing to do when a call comes: what tells a lone client,
// whose next step waits for the answer to the last one, from a crowd, whose next calls are already
// on their way.
//
// A moving average, so that a pause in a crowd is not taken for a lone client. Thread safety:
// thread-safe; calls that meet may get lost from the average.
#ifndef SEQUENT_SERVER_ENGINE_QUIET_TIME_H_
#define SEQUENT_SERVER_ENGINE_QUIET_TIME_H_

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace sequent::engine {

class QuietTime {
 public:
  void TickEnded(int64_t now) { tick_ended_.store(now, std::memory_order_relaxed); }

  // Whether calls of late have found the engine idle for a while.
  bool quiet() const { return mean_.load(std::memory_order_relaxed) > kQuietNanos; }

  // A call has come.
  void Called(int64_t now) {
    const int64_t ended = tick_ended_.load(std::memory_order_relaxed);
    const int64_t idle = std::clamp<int64_t>(now - ended, 0, kMostNanos);
    const int64_t before = mean_.load(std::memory_order_relaxed);
    mean_.store(before + (idle - before) / kCalls, std::memory_order_relaxed);
  }

 private:
  // A client on the same machine needs some 25 us to answer an answer; in a crowd the next message
  // is there in less than 5.
  static constexpr int64_t kQuietNanos = 12'000;
  // One long pause says no more than this about the next call.
  static constexpr int64_t kMostNanos = 100'000;
  static constexpr int64_t kCalls = 8;

  std::atomic<int64_t> tick_ended_{0};
  std::atomic<int64_t> mean_{kMostNanos};
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_QUIET_TIME_H_
