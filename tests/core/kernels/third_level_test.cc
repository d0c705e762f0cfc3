#include "core/kernels/third_level.h"

#include <gtest/gtest.h>

#include "core/kernels/third_level_probe.h"

namespace sequent::kernels {
namespace {

TEST(ThirdLevel, IsNotExpectedToKeepUpUntilItIsMeasured) { EXPECT_FALSE(ThirdLevelKeepsUp()); }

TEST(ThirdLevel, IsMeasuredOnceInAProcess) {
  ProbeThirdLevel();
  const bool measured = ThirdLevelKeepsUp();
  SetThirdLevelKeepsUp(!measured);
  ProbeThirdLevel();
  EXPECT_EQ(ThirdLevelKeepsUp(), !measured);
}

}  // namespace
}  // namespace sequent::kernels
