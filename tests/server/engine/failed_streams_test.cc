#include "server/engine/failed_streams.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace sequent::engine {
namespace {

TEST(FailedStreams, RemembersAStreamUntilItIsRemoved) {
  FailedStreams failed;
  failed.Add(7);
  EXPECT_TRUE(failed.Contains(7));
  EXPECT_FALSE(failed.Contains(8));
  failed.Remove(7);
  EXPECT_FALSE(failed.Contains(7));
}

TEST(FailedStreams, UnaryCallsHaveNoOrderAndAreNotRemembered) {
  FailedStreams failed;
  failed.Add(0);
  EXPECT_FALSE(failed.Contains(0));
}

TEST(FailedStreams, AStreamThatFailsTwiceIsRemovedAtOnce) {
  FailedStreams failed;
  failed.Add(7);
  failed.Add(7);
  failed.Remove(7);
  EXPECT_FALSE(failed.Contains(7));
}

TEST(FailedStreams, BeyondTheBoundTheOldestIsForgotten) {
  FailedStreams failed;
  for (uint64_t stream = 1; stream <= FailedStreams::kMaxStreams + 1; ++stream) failed.Add(stream);
  EXPECT_FALSE(failed.Contains(1));
  EXPECT_TRUE(failed.Contains(2));
  EXPECT_TRUE(failed.Contains(FailedStreams::kMaxStreams + 1));
}

TEST(FailedStreams, AddAllKeepsWhatIsThereAndTakesWhatIsNew) {
  FailedStreams failed, others;
  failed.Add(1);
  failed.Add(2);
  others.Add(2);
  others.Add(3);
  failed.AddAll(others);
  for (const uint64_t stream : {1, 2, 3}) EXPECT_TRUE(failed.Contains(stream)) << stream;
}

}  // namespace
}  // namespace sequent::engine
