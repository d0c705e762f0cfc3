#include "core/nn/sharing_tuner.h"

#include <gtest/gtest.h>

#include <functional>

namespace sequent {
namespace {

using Cost = std::function<double(Sharing)>;

// How many of `ticks` ticks of so many rows were shared as `sharing`.
int Shared(SharingTuner* tuner, int ticks, Sharing sharing, const Cost& cost, size_t rows = 64) {
  int shared = 0;
  for (int i = 0; i < ticks; ++i) {
    const Sharing now = tuner->Next(rows);
    shared += now == sharing ? 1 : 0;
    tuner->Took(cost(now));
  }
  return shared;
}
Cost Costs(double none, double rows, double panels) {
  return [=](Sharing sharing) {
    return sharing == Sharing::kNone ? none : sharing == Sharing::kRows ? rows : panels;
  };
}

TEST(SharingTuner, NeverSharesWithoutAPlan) {
  SharingTuner tuner;
  EXPECT_EQ(Shared(&tuner, 10'000, Sharing::kNone, Costs(9, 1, 1)), 10'000);
}

TEST(SharingTuner, FollowsThePlanInNearlyAllTicks) {
  SharingTuner tuner((SharingPlan(Sharing::kRows)));
  EXPECT_GE(Shared(&tuner, 100'000, Sharing::kRows, Costs(2, 1, 1.5)), 99'700);
}

TEST(SharingTuner, TriesAWayThatLosesLessAndLessOften) {
  SharingTuner tuner((SharingPlan(Sharing::kRows)));
  const Cost cost = Costs(2, 1, 1.5);
  const int at_first = Shared(&tuner, 5000, Sharing::kNone, cost);
  Shared(&tuner, 50'000, Sharing::kNone, cost);
  const int later = Shared(&tuner, 50'000, Sharing::kNone, cost) / 10;
  EXPECT_GT(at_first, 4 * later);
  EXPECT_GT(later, 0);
}

TEST(SharingTuner, TakesTheOtherCoresWithinAFewHundredTicksWhenTheyAreBack) {
  SharingTuner tuner((SharingPlan(Sharing::kNone)));
  Shared(&tuner, 300, Sharing::kRows, Costs(1, 0.5, 0.8));
  EXPECT_GE(Shared(&tuner, 1000, Sharing::kRows, Costs(1, 0.5, 0.8)), 950);
}

TEST(SharingTuner, TakesTheOtherCoresAlsoWhenTheyWereAwayForLong) {
  SharingTuner tuner((SharingPlan(Sharing::kNone)));
  Shared(&tuner, 100'000, Sharing::kRows, Costs(1, 1.1, 1.1));
  Shared(&tuner, 5000, Sharing::kRows, Costs(1, 0.5, 0.8));
  EXPECT_GE(Shared(&tuner, 1000, Sharing::kRows, Costs(1, 0.5, 0.8)), 950);
}

TEST(SharingTuner, LeavesTheOtherCoresAloneUnlessTheyWinATenth) {
  SharingTuner tuner((SharingPlan(Sharing::kNone)));
  EXPECT_GE(Shared(&tuner, 100'000, Sharing::kNone, Costs(1, 0.92, 0.95)), 99'700);
}

TEST(SharingTuner, GivesTheOtherCoresBackWhenTheyWinNothing) {
  SharingTuner tuner((SharingPlan(Sharing::kPanels)));
  Shared(&tuner, 300, Sharing::kNone, Costs(0.99, 1, 1));
  EXPECT_GE(Shared(&tuner, 1000, Sharing::kNone, Costs(0.99, 1, 1)), 950);
}

TEST(SharingTuner, AWayThatWinsOnlyNowAndThenDoesNotTakeOver) {
  SharingTuner tuner((SharingPlan(Sharing::kNone)));
  int trials = 0;
  const Cost cost = [&](Sharing sharing) {
    if (sharing == Sharing::kNone) return 1.0;
    return ++trials % 12 < 3 ? 0.5 : 1.5;  // one trial of four
  };
  EXPECT_GE(Shared(&tuner, 100'000, Sharing::kNone, cost), 99'000);
  EXPECT_GT(trials, 12);
}

TEST(SharingTuner, TheFirstTicksOfATrialMayBeSlow) {
  SharingTuner tuner((SharingPlan(Sharing::kNone)));
  Sharing before = Sharing::kNone;
  const Cost cost = [&](Sharing sharing) {
    const bool woken = sharing == before;
    before = sharing;
    return sharing == Sharing::kNone ? 1.0 : woken ? 0.5 : 3.0;
  };
  Shared(&tuner, 300, Sharing::kRows, cost);
  EXPECT_LT(Shared(&tuner, 1000, Sharing::kNone, cost), 50);
}

TEST(SharingTuner, LearnsEachSizeOfBatchByItself) {
  SharingTuner tuner((SharingPlan(Sharing::kNone)));
  Shared(&tuner, 300, Sharing::kRows, Costs(1, 0.5, 1), 64);
  EXPECT_EQ(tuner.Next(127), Sharing::kRows);
  EXPECT_EQ(tuner.Next(128), Sharing::kNone);
}

TEST(SharingTuner, ATickOfUnknownCostSaysNothing) {
  SharingTuner tuner((SharingPlan(Sharing::kNone)));
  EXPECT_GE(Shared(&tuner, 10'000, Sharing::kNone, Costs(0, 0, 0)), 9900);
}

TEST(SharingTuner, SaysWhichTicksAreTrials) {
  SharingTuner tuner((SharingPlan(Sharing::kRows)));
  for (int i = 0; i < 10'000; ++i) {
    const Sharing sharing = tuner.Next(8);
    EXPECT_EQ(sharing != Sharing::kRows, tuner.trying());
    tuner.Took(1);
  }
}

}  // namespace
}  // namespace sequent
