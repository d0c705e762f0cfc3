#include "core/nn/sharing.h"

#include <gtest/gtest.h>

namespace sequent {
namespace {

constexpr size_t kAllSizes[] = {0, 1, 2, 3, 5, 8, 100, 511, 512, 100'000};

TEST(SharingPlan, MayBeTheSameForAllSizes) {
  for (const size_t rows : kAllSizes) {
    EXPECT_EQ(SharingPlan().For(rows), Sharing::kNone);
    EXPECT_EQ(SharingPlan(Sharing::kPanels).For(rows), Sharing::kPanels);
  }
}

TEST(SharingPlan, TakesWhatWasMeasuredToBeFastestForSoManyRows) {
  const SharingPlan plan = SharingPlan::Measure([](size_t rows, Sharing sharing) {
    if (sharing == Sharing::kPanels) return rows < 8 ? 1e-6 : 9e-6;
    if (sharing == Sharing::kRows) return rows < 8 ? 9e-6 : 1e-6;
    return 5e-6;
  });
  for (const size_t rows : {1, 2, 3, 7}) EXPECT_EQ(plan.For(rows), Sharing::kPanels) << rows;
  for (const size_t rows : {8, 9, 64, 512, 9999}) EXPECT_EQ(plan.For(rows), Sharing::kRows) << rows;
}

TEST(SharingPlan, LeavesTheOtherCoresAloneUnlessTheyWinATenth) {
  const SharingPlan plan = SharingPlan::Measure(
      [](size_t, Sharing sharing) { return sharing == Sharing::kNone ? 1.0e-6 : 0.95e-6; });
  for (const size_t rows : kAllSizes) EXPECT_EQ(plan.For(rows), Sharing::kNone) << rows;
}

TEST(SharingPlan, IsNotMisledByAProgramThatKeepsTheOtherCoreBusyForAWhile) {
  int runs = 0;
  const SharingPlan plan = SharingPlan::Measure([&](size_t, Sharing sharing) {
    const bool disturbed = ++runs <= 20;
    return sharing == Sharing::kNone ? 1e-4 : disturbed ? 2e-4 : 0.5e-4;
  });
  for (const size_t rows : kAllSizes) EXPECT_NE(plan.For(rows), Sharing::kNone) << rows;
}

TEST(SharingPlan, IsNotMisledByACoreThatIsAwayForATenthOfASecond) {
  double clock = 0;
  const SharingPlan plan = SharingPlan::Measure([&](size_t, Sharing sharing) {
    const double seconds = sharing == Sharing::kPanels && clock > 0.1 ? 0.5e-4 : 1e-4;
    clock += seconds;
    return seconds;
  });
  EXPECT_LE(clock, 0.25);
  for (const size_t rows : kAllSizes) EXPECT_EQ(plan.For(rows), Sharing::kPanels) << rows;
}

TEST(SharingPlan, SpendsNoMoreThanItsTimeAndTakesTheRestForAsTheLastOneTried) {
  size_t largest = 0;
  const SharingPlan plan = SharingPlan::Measure([&](size_t rows, Sharing sharing) {
    largest = std::max(largest, rows);
    return sharing == Sharing::kPanels ? 0.01 : 0.02;
  });
  EXPECT_EQ(largest, 1u);
  for (const size_t rows : kAllSizes) EXPECT_EQ(plan.For(rows), Sharing::kPanels) << rows;
}

}  // namespace
}  // namespace sequent
