#include "core/base/cores.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <thread>

namespace sequent {
namespace {

TEST(UsableCores, CountsThoseTheThreadMayRunOn) {
  std::thread([] {
    EXPECT_GE(UsableCores(), 1u);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
    EXPECT_EQ(UsableCores(), 1u);
  }).join();
}

TEST(WaitForTurn, IsOfTheCallingThreadAndCanBeTakenBack) {
  std::thread([] {
    if (sched_getscheduler(0) != SCHED_OTHER) GTEST_SKIP() << "runs under another policy";
    WaitForTurn(false);
    EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
    WaitForTurn(true);
    WaitForTurn(true);
    EXPECT_EQ(sched_getscheduler(0), SCHED_BATCH);
    std::thread([] { WaitForTurn(false); }).join();  // another thread's business
    EXPECT_EQ(sched_getscheduler(0), SCHED_BATCH);
    WaitForTurn(false);
    EXPECT_EQ(sched_getscheduler(0), SCHED_OTHER);
  }).join();
}

}  // namespace
}  // namespace sequent
