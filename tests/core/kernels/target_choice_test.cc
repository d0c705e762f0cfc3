#include "core/kernels/target_choice.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "core/kernels/cells.h"
#include "core/kernels/lanes.h"
#include "core/kernels/product.h"

namespace sequent::kernels {
namespace {

TEST(TargetChoice, OffersEachTargetOnceAndAtLeastOne) {
  const std::vector<std::string> offered = OfferedTargets();
  EXPECT_GE(offered.size(), 1u);
  EXPECT_EQ(std::set<std::string>(offered.begin(), offered.end()).size(), offered.size());
}

TEST(TargetChoice, TheChosenTargetIsTheOneThatRuns) {
  for (const std::string& name : OfferedTargets()) {
    UseTarget(name);
    EXPECT_EQ(TargetName(), name);
  }
  UseTarget("");
}

TEST(TargetChoice, TheBestOneRunsUnlessAnotherIsChosen) {
  EXPECT_EQ(TargetName(), OfferedTargets().front());
  UseTarget(OfferedTargets().back());
  UseTarget("a target of no machine");
  EXPECT_EQ(TargetName(), OfferedTargets().front());
}

TEST(TargetChoice, ABetterTargetHasNoFewerLanes) {
  size_t before = kMaxLanes;
  for (const std::string& name : OfferedTargets()) {
    UseTarget(name);
    EXPECT_LE(Lanes(), before) << name;
    before = Lanes();
  }
  UseTarget("");
}

}  // namespace
}  // namespace sequent::kernels
