#include "server/engine/timer_wheel.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <map>
#include <vector>

#include "core/base/random.h"

namespace sequent::engine {
namespace {

constexpr int64_t kStart = 5'000'000'000;
constexpr int64_t kSpan = 1'000'000'000;

struct WheelTest : ::testing::Test {
  TimerWheel wheel{kStart, kSpan};

  size_t CountDue(int64_t now) {
    size_t count = 0;
    while (wheel.PopDue(now) != nullptr) ++count;
    return count;
  }
};

// The first time, looking every tenth of a slot, at which something is due.
int64_t FiresAt(TimerWheel* wheel) {
  for (int64_t now = kStart; now < kStart + 3 * kSpan; now += wheel->slot_nanos() / 10) {
    if (wheel->PopDue(now) != nullptr) return now;
  }
  return -1;
}

TEST_F(WheelTest, ASlotIsAThousandthOfTheSpan) { EXPECT_EQ(wheel.slot_nanos(), kSpan / 1000); }

TEST_F(WheelTest, NothingIsDueWithoutTimers) {
  EXPECT_EQ(wheel.PopDue(kStart), nullptr);
  EXPECT_EQ(wheel.PopDue(kStart + 10 * kSpan), nullptr);
}

TEST_F(WheelTest, ATimerFiresOnceAndIsDisarmedThen) {
  Timer timer;
  wheel.Arm(&timer, kStart + kSpan / 2);
  EXPECT_TRUE(timer.armed());
  EXPECT_EQ(wheel.PopDue(kStart + kSpan), &timer);
  EXPECT_FALSE(timer.armed());
  EXPECT_EQ(wheel.PopDue(kStart + 2 * kSpan), nullptr);
}

TEST(TimerWheel, ATimerIsNeverEarlyAndAtMostTwoSlotsLate) {
  for (int64_t delay = 0; delay <= kSpan; delay += kSpan / 97) {
    TimerWheel wheel(kStart, kSpan);
    Timer timer;
    wheel.Arm(&timer, kStart + delay);
    const int64_t at = FiresAt(&wheel);
    EXPECT_GE(at, kStart + delay);
    EXPECT_LE(at, kStart + delay + 2 * wheel.slot_nanos());
  }
}

TEST_F(WheelTest, ADisarmedTimerDoesNotFire) {
  Timer timer, other;
  wheel.Arm(&timer, kStart + 1000);
  wheel.Arm(&other, kStart + 1000);
  wheel.Disarm(&timer);
  EXPECT_EQ(wheel.PopDue(kStart + kSpan), &other);
  EXPECT_EQ(wheel.PopDue(kStart + kSpan), nullptr);
}

TEST_F(WheelTest, DisarmingWhatIsNotArmedDoesNothing) {
  Timer timer;
  wheel.Disarm(&timer);
  EXPECT_FALSE(timer.armed());
}

TEST_F(WheelTest, ATimerArmedAgainFiresAtItsNewTimeOnly) {
  Timer timer;
  wheel.Arm(&timer, kStart + kSpan / 10);
  wheel.Arm(&timer, kStart + kSpan / 2);
  EXPECT_EQ(wheel.PopDue(kStart + kSpan / 4), nullptr);
  EXPECT_EQ(wheel.PopDue(kStart + kSpan), &timer);
}

TEST_F(WheelTest, ATimeThatHasPassedIsDueInTheNextSlot) {
  Timer timer;
  EXPECT_EQ(wheel.PopDue(kStart + kSpan / 2), nullptr);
  wheel.Arm(&timer, kStart);
  EXPECT_EQ(wheel.PopDue(kStart + kSpan / 2 + wheel.slot_nanos()), &timer);
}

TEST_F(WheelTest, ATimeBeyondTheSpanFiresAtItsEnd) {
  Timer timer;
  wheel.Arm(&timer, std::numeric_limits<int64_t>::max());
  const int64_t at = FiresAt(&wheel);
  EXPECT_GE(at, kStart + kSpan);
  EXPECT_LE(at, kStart + kSpan + kSpan / 20);
}

TEST_F(WheelTest, AfterALongPauseEverythingIsDue) {
  std::vector<Timer> timers(100);
  for (size_t i = 0; i < timers.size(); ++i) {
    wheel.Arm(&timers[i], kStart + static_cast<int64_t>(i) * kSpan / 100);
  }
  EXPECT_EQ(CountDue(kStart + 1000 * kSpan), timers.size());
  Timer next;
  wheel.Arm(&next, kStart + 1000 * kSpan + kSpan / 2);
  EXPECT_EQ(wheel.PopDue(kStart + 1000 * kSpan + kSpan / 4), nullptr);
  EXPECT_EQ(wheel.PopDue(kStart + 1001 * kSpan), &next);
}

TEST_F(WheelTest, TimersOfOneSlotFireInTheOrderTheyWereArmed) {
  Timer a, b, c;
  for (Timer* timer : {&a, &b, &c}) wheel.Arm(timer, kStart + 10);
  EXPECT_EQ(wheel.PopDue(kStart + kSpan), &a);
  EXPECT_EQ(wheel.PopDue(kStart + kSpan), &b);
  EXPECT_EQ(wheel.PopDue(kStart + kSpan), &c);
}

// Against a sorted map: arming, re-arming, disarming and moving on in random order.
TEST_F(WheelTest, DoesWhatASortedMapWouldDo) {
  const RandomStream random(1, 2, 3);
  uint64_t draws = 0;
  const auto below = [&](uint64_t n) { return static_cast<int64_t>(random.Bits(draws++) % n); };
  std::vector<Timer> timers(50);
  std::map<Timer*, int64_t> due;
  int64_t now = kStart;
  for (int round = 0; round < 20000; ++round) {
    Timer* timer = &timers[static_cast<size_t>(below(timers.size()))];
    if (below(4) == 0) {
      wheel.Disarm(timer);
      due.erase(timer);
    } else {
      due[timer] = now + below(kSpan);
      wheel.Arm(timer, due[timer]);
    }
    now += below(kSpan / 200);
    while (Timer* fired = wheel.PopDue(now)) {
      ASSERT_TRUE(due.contains(fired)) << "fired though it was not armed";
      ASSERT_LE(due[fired], now) << "early";
      due.erase(fired);
    }
    for (const auto& [waiting, at] : due) {
      ASSERT_GT(at + wheel.slot_nanos(), now) << "late";
      ASSERT_TRUE(waiting->armed());
    }
  }
  for (const auto& [timer, at] : due) wheel.Disarm(timer);
}

}  // namespace
}  // namespace sequent::engine
