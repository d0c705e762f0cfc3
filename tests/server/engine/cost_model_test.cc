#include "server/engine/cost_model.h"

#include <gtest/gtest.h>

namespace sequent::engine {
namespace {

TEST(CostModel, KnowsNothingAtFirstAndLetsEverythingRun) {
  EXPECT_TRUE(CostModel(0.002).Fits(1'000'000));
}

TEST(CostModel, TheFirstTickIsBelievedAtOnce) {
  CostModel cost(0.002);
  cost.Observe(100, 0.001);  // ten microseconds each
  EXPECT_DOUBLE_EQ(cost.seconds_per_step(), 1e-5);
  EXPECT_TRUE(cost.Fits(199));
  EXPECT_FALSE(cost.Fits(201));
}

TEST(CostModel, FollowsAChangeWithinAFewTicks) {
  CostModel cost(0.002);
  cost.Observe(100, 0.001);
  for (int i = 0; i < 3; ++i) cost.Observe(100, 0.002);
  EXPECT_GT(cost.seconds_per_step(), 1.4e-5);  // about half of the way
  for (int i = 0; i < 20; ++i) cost.Observe(100, 0.002);
  EXPECT_NEAR(cost.seconds_per_step(), 2e-5, 2e-7);
}

TEST(CostModel, OneTickThatTookLongDoesNotChokeTheNext) {
  CostModel cost(0.002);
  for (int i = 0; i < 50; ++i) cost.Observe(100, 0.001);
  cost.Observe(100, 0.005);
  EXPECT_TRUE(cost.Fits(100));
}

TEST(CostModel, ATickWithoutStepsSaysNothing) {
  CostModel cost(0.002);
  cost.Observe(0, 1.0);
  EXPECT_EQ(cost.seconds_per_step(), 0.0);
  cost.Observe(100, 0.001);
  cost.Observe(0, 1.0);
  EXPECT_DOUBLE_EQ(cost.seconds_per_step(), 1e-5);
}

}  // namespace
}  // namespace sequent::engine
