#include "server/rpc/drain.h"

#include <gtest/gtest.h>

namespace sequent::rpc {
namespace {

constexpr int64_t kMillis = 1'000'000;

TEST(DrainWatch, IsOverAfterHalfASecondOfQuiet) {
  DrainWatch watch(0, 8);
  EXPECT_FALSE(watch.Over(0, false, 0));
  EXPECT_FALSE(watch.Over(499 * kMillis, false, 0));
  EXPECT_TRUE(watch.Over(500 * kMillis, false, 0));
}

TEST(DrainWatch, GoesOnWhileSomethingIsInFlight) {
  DrainWatch watch(0, 8);
  for (int64_t t = 0; t <= 5000; t += 100) EXPECT_FALSE(watch.Over(t * kMillis, true, 1));
  EXPECT_FALSE(watch.Over(5400 * kMillis, false, 1));
  EXPECT_TRUE(watch.Over(5500 * kMillis, false, 1));
}

TEST(DrainWatch, SeesRequestsThatCameAndWentBetweenTwoLooks) {
  DrainWatch watch(0, 8);
  uint64_t accepted = 0;
  for (int64_t t = 0; t <= 5000; t += 400) {
    EXPECT_FALSE(watch.Over(t * kMillis, false, ++accepted));
  }
}

TEST(DrainWatch, IsOverAtItsTimeoutWhateverIsInFlight) {
  DrainWatch watch(1000 * kMillis, 8);
  EXPECT_FALSE(watch.Over(8999 * kMillis, true, 1));
  EXPECT_TRUE(watch.Over(9000 * kMillis, true, 2));
}

TEST(DrainWatch, OfNoTimeIsOverAtOnce) { EXPECT_TRUE(DrainWatch(5, 0).Over(5, true, 1)); }

}  // namespace
}  // namespace sequent::rpc
