// Many timers, none of which costs anything until it is due: arming, disarming and moving on are
// O(1) per timer that fires, never a scan.
//
// A wheel of slots, each holding the timers due within its share of time. A timer fires once its
// slot has passed, so up to 1/1000 of the span late, never early. A time beyond the span fires at
// its end: whoever armed it looks and arms it again. Thread safety: one user at a time.
#ifndef SEQUENT_SERVER_ENGINE_TIMER_WHEEL_H_
#define SEQUENT_SERVER_ENGINE_TIMER_WHEEL_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sequent::engine {

// What an object inherits to be armed. Must be disarmed before it is destroyed.
struct Timer {
  Timer* prev = nullptr;
  Timer* next = nullptr;
  bool armed() const { return next != nullptr; }
};

class TimerWheel {
 public:
  // For times up to `span_nanos` after `now`.
  TimerWheel(int64_t now, int64_t span_nanos);

  void Arm(Timer* timer, int64_t due_nanos);  // again, if it is armed
  void Disarm(Timer* timer);

  // The next timer that is due at `now`, disarmed; nullptr: no more.
  Timer* PopDue(int64_t now);

  int64_t slot_nanos() const { return slot_nanos_; }

 private:
  static void Append(Timer* list, Timer* timer);

  static constexpr size_t kSlots = 1024;
  const int64_t slot_nanos_;
  int64_t current_;           // slot number, counted from time 0; all before it have passed
  std::vector<Timer> slots_;  // heads of circular lists
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_TIMER_WHEEL_H_
