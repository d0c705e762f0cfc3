#include "server/engine/timer_wheel.h"

#include <algorithm>

namespace sequent::engine {

TimerWheel::TimerWheel(int64_t now, int64_t span_nanos)
    : slot_nanos_(std::max<int64_t>(span_nanos / static_cast<int64_t>(kSlots - 24), 1)),
      current_(now / slot_nanos_),
      slots_(kSlots) {
  for (Timer& slot : slots_) slot.prev = slot.next = &slot;
}

void TimerWheel::Append(Timer* list, Timer* timer) {
  timer->prev = list->prev;
  timer->next = list;
  list->prev->next = timer;
  list->prev = timer;
}

void TimerWheel::Arm(Timer* timer, int64_t due_nanos) {
  Disarm(timer);
  const int64_t last = current_ + static_cast<int64_t>(kSlots) - 1;
  const int64_t slot = std::clamp(due_nanos / slot_nanos_, current_, last);
  Append(&slots_[static_cast<size_t>(slot) % kSlots], timer);
}

void TimerWheel::Disarm(Timer* timer) {
  if (!timer->armed()) return;
  timer->prev->next = timer->next;
  timer->next->prev = timer->prev;
  timer->prev = timer->next = nullptr;
}

Timer* TimerWheel::PopDue(int64_t now) {
  const int64_t reached = now / slot_nanos_;
  // After a long pause one turn of the wheel has seen everything.
  const int64_t turns_to = std::min(reached, current_ + static_cast<int64_t>(kSlots));
  for (; current_ < turns_to; ++current_) {
    Timer* list = &slots_[static_cast<size_t>(current_) % kSlots];
    if (list->next == list) continue;
    Timer* timer = list->next;
    Disarm(timer);
    return timer;
  }
  current_ = std::max(current_, reached);
  return nullptr;
}

}  // namespace sequent::engine
