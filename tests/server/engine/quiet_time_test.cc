#include "server/engine/quiet_time.h"

#include <gtest/gtest.h>

namespace sequent::engine {
namespace {

constexpr int64_t kMicro = 1000;

// Calls that find the engine idle for `micros`; whether it is quiet then.
bool Calls(QuietTime* quiet, int count, int64_t micros, int64_t* now) {
  for (int i = 0; i < count; ++i) {
    *now += 20 * kMicro;
    quiet->TickEnded(*now);
    *now += micros * kMicro;
    quiet->Called(*now);
  }
  return quiet->quiet();
}

TEST(QuietTime, IsQuietAtFirst) { EXPECT_TRUE(QuietTime().quiet()); }

TEST(QuietTime, ALoneClientMeetsAQuietEngine) {
  QuietTime quiet;
  int64_t now = 0;
  EXPECT_TRUE(Calls(&quiet, 1000, 25, &now));
}

TEST(QuietTime, ACrowdDoesNot) {
  QuietTime quiet;
  int64_t now = 0;
  EXPECT_FALSE(Calls(&quiet, 50, 2, &now));
}

TEST(QuietTime, OnePauseDoesNotMakeACrowdALoneClient) {
  QuietTime quiet;
  int64_t now = 0;
  Calls(&quiet, 50, 0, &now);
  EXPECT_FALSE(Calls(&quiet, 1, 90, &now));
  EXPECT_TRUE(Calls(&quiet, 10, 90, &now));
}

TEST(QuietTime, CallsDuringATickCountAsNoPause) {
  QuietTime quiet;
  int64_t now = 0;
  Calls(&quiet, 1, 50, &now);
  for (int i = 0; i < 50; ++i) quiet.Called(now - 1'000'000);  // the tick ended later
  EXPECT_FALSE(quiet.quiet());
}

}  // namespace
}  // namespace sequent::engine
