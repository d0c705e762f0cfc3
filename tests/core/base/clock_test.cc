#include "core/base/clock.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace sequent {
namespace {

TEST(RealClock, NeverGoesBack) {
  int64_t before = Clock::Real()->Nanos();
  for (int i = 0; i < 10000; ++i) {
    const int64_t now = Clock::Real()->Nanos();
    ASSERT_GE(now, before);
    before = now;
  }
}

TEST(RealClock, IsOneForAll) { EXPECT_EQ(Clock::Real(), Clock::Real()); }

TEST(FakeClock, StandsUntilToldToMove) {
  const FakeClock clock;
  EXPECT_EQ(clock.Nanos(), clock.Nanos());
}

TEST(FakeClock, MovesByWhatItIsTold) {
  FakeClock clock;
  const int64_t start = clock.Nanos();
  clock.AdvanceNanos(7);
  EXPECT_EQ(clock.Nanos() - start, 7);
  clock.AdvanceSeconds(2.5);
  EXPECT_EQ(clock.Nanos() - start, 2'500'000'007);
}

}  // namespace
}  // namespace sequent
