#include "server/engine/cost_model.h"

#include <gtest/gtest.h>

namespace sequent::engine {
namespace {

TEST(CostModel, KnowsNothingAtFirstAndLetsEverythingRun) {
  EXPECT_TRUE(CostModel(0.002).Fits(64, 1'000'000));
  EXPECT_EQ(CostModel(0.002).StepsThatFit(0, 0, 64), 64u);
}

TEST(CostModel, TheFirstTickIsBelievedAtOnce) {
  CostModel cost(0.002);
  cost.Observe(1, 100, 0.001);  // ten microseconds each
  EXPECT_DOUBLE_EQ(cost.seconds_per_pair(), 1e-5);
  EXPECT_TRUE(cost.Fits(1, 199));
  EXPECT_FALSE(cost.Fits(1, 201));
}

TEST(CostModel, FollowsAChangeWithinAFewTicks) {
  CostModel cost(0.002);
  cost.Observe(1, 100, 0.001);
  for (int i = 0; i < 3; ++i) cost.Observe(1, 100, 0.002);
  EXPECT_GT(cost.seconds_per_pair(), 1.4e-5);  // about half of the way
  for (int i = 0; i < 20; ++i) cost.Observe(1, 100, 0.002);
  EXPECT_NEAR(cost.seconds_per_pair(), 2e-5, 2e-7);
}

TEST(CostModel, OneTickThatTookLongDoesNotChokeTheNext) {
  CostModel cost(0.002);
  for (int i = 0; i < 50; ++i) cost.Observe(1, 100, 0.001);
  cost.Observe(1, 100, 0.005);
  EXPECT_TRUE(cost.Fits(1, 100));
}

TEST(CostModel, ATickWithoutStepsSaysNothing) {
  CostModel cost(0.002);
  cost.Observe(0, 0, 1.0);
  EXPECT_TRUE(cost.Fits(64, 1'000'000));
  cost.Observe(1, 100, 0.001);
  cost.Observe(0, 0, 1.0);
  EXPECT_DOUBLE_EQ(cost.seconds_per_pair(), 1e-5);
}

// Twenty microseconds a step and two a pair.
double Seconds(size_t longest, size_t pairs) {
  return 20e-6 * static_cast<double>(longest) + 2e-6 * static_cast<double>(pairs);
}

TEST(CostModel, TellsStepsThatWaitForEachOtherFromPairsSideBySide) {
  CostModel cost(0.002);
  for (int i = 0; i < 40; ++i) {
    cost.Observe(1, 200, Seconds(1, 200));
    cost.Observe(30, 30, Seconds(30, 30));
    cost.Observe(10, 100, Seconds(10, 100));
  }
  EXPECT_NEAR(cost.seconds_per_step(), 20e-6, 1e-7);
  EXPECT_NEAR(cost.seconds_per_pair(), 2e-6, 1e-7);
  EXPECT_TRUE(cost.Fits(1, 980));
  EXPECT_FALSE(cost.Fits(64, 500));
}

TEST(CostModel, ALongRowTakesTheStepsThatFit) {
  CostModel cost(0.002);
  for (int i = 0; i < 40; ++i) {
    cost.Observe(1, 200, Seconds(1, 200));
    cost.Observe(30, 30, Seconds(30, 30));
  }
  EXPECT_EQ(cost.StepsThatFit(0, 0, 1000), 90u);   // 2000 / 22
  EXPECT_EQ(cost.StepsThatFit(0, 0, 64), 64u);     // no more than it may
  EXPECT_EQ(cost.StepsThatFit(50, 440, 64), 50u);  // one more would make all wait
  EXPECT_EQ(cost.StepsThatFit(1, 5000, 64), 1u);   // and one at least
}

TEST(CostModel, ChunksOfOneRowAloneSayHowManyStepsOfItFit) {
  CostModel cost(0.002);
  for (int i = 0; i < 10; ++i) cost.Observe(64, 64, 64 * 1e-3);  // a large model: 1 ms a step
  EXPECT_EQ(cost.StepsThatFit(0, 0, 64), 2u);
}

TEST(CostModel, NoPartOfTheCostIsLessThanNothing) {
  CostModel cost(0.002);
  for (int i = 0; i < 10; ++i) {
    cost.Observe(1, 100, 0.002);  // more for a pair in company than alone: noise
    cost.Observe(10, 10, 0.0001);
  }
  EXPECT_GE(cost.seconds_per_step(), 0.0);
  EXPECT_GE(cost.seconds_per_pair(), 0.0);
}

}  // namespace
}  // namespace sequent::engine
