// What the searches find in 40 tries of Branin's function.
#include "tests/core/search/branin.h"

#include <gtest/gtest.h>

namespace sequent::search {
namespace {

constexpr uint64_t kTries = 40;

TEST(Branin, BayesianFindsTheBottomWhateverTheSeed) {
  int better = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const double bayesian = Regret(SearchBranin("bayesian", seed, kTries));
    const double random = Regret(SearchBranin("random", seed, kTries));
    RecordProperty("regret" + std::to_string(seed), std::to_string(bayesian));
    EXPECT_LT(bayesian, 0.05) << "seed " << seed << ", random " << random;
    better += bayesian < random;
  }
  EXPECT_GE(better, 8);
}

TEST(Branin, GlobalFindsTheBottomToo) {
  if (!MakeSearch(BraninSpace(), {.method = "global"}).ok()) GTEST_SKIP() << "built without dlib";
  int better = 0;
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    const double global = Regret(SearchBranin("global", seed, kTries));
    EXPECT_LT(global, 0.05) << "seed " << seed;
    better += global < Regret(SearchBranin("random", seed, kTries));
  }
  EXPECT_GE(better, 8);
}

TEST(Branin, AGridHasItsPointsWhereTheyBelong) {
  const auto history = SearchBranin("grid", 1, 25);
  EXPECT_EQ(history[0].point, (Point{-5, 0}));
  EXPECT_EQ(history[1].point, (Point{-5, 3.75}));
  EXPECT_EQ(history[24].point, (Point{10, 15}));
}

}  // namespace
}  // namespace sequent::search
