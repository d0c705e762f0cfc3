#include "core/base/clock.h"

#include <chrono>

namespace sequent {
namespace {

class SteadyClock final : public Clock {
 public:
  int64_t Nanos() const override {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }
};

}  // namespace

const Clock* Clock::Real() {
  static const SteadyClock* const clock = new SteadyClock;
  return clock;
}

}  // namespace sequent
