// What every search has to keep to, whatever it finds.
#include "core/search/search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "tests/core/search/branin.h"

namespace sequent::search {
namespace {

std::vector<std::string> Methods() {
  std::vector<std::string> methods = {"grid", "random", "bayesian"};
  if (MakeSearch(BraninSpace(), {.method = "global"}).ok()) methods.push_back("global");
  return methods;
}

// A rate, a size, two kinds: what hyperparameters are made of.
Space MixedSpace() {
  return {{.low = 1e-4, .high = 1e-1, .log = true},
          {.low = 8, .high = 64, .whole = true},
          {.choices = 3, .ordered = true},
          {.choices = 2}};
}

double MixedLoss(const Point& p) {
  const double rate = std::log10(p[0]) + 2.5, size = (p[1] - 40) / 30;
  return rate * rate + size * size + 0.1 * p[2] + (p[3] == 1 ? 0.0 : 0.5);
}

std::vector<Trial> Explore(Search* search, uint64_t tries) {
  std::vector<Trial> history;
  while (history.size() < tries) {
    const auto point = search->Next(history);
    if (!point) break;
    history.push_back({*point, MixedLoss(*point)});
  }
  return history;
}

class SearchTest : public ::testing::TestWithParam<std::string> {
 protected:
  static std::unique_ptr<Search> Make(const Space& space, uint64_t seed = 1) {
    return MakeSearch(space, {.method = GetParam(), .seed = seed, .tries = 20}).value();
  }
};
INSTANTIATE_TEST_SUITE_P(Methods, SearchTest, ::testing::ValuesIn(Methods()),
                         [](const auto& info) { return info.param; });

TEST_P(SearchTest, StaysInsideTheSpace) {
  for (const Trial& trial : Explore(Make(MixedSpace()).get(), 20)) {
    const Point& p = trial.point;
    ASSERT_EQ(p.size(), 4u);
    EXPECT_TRUE(p[0] >= 1e-4 && p[0] <= 1e-1) << p[0];
    EXPECT_TRUE(p[1] >= 8 && p[1] <= 64 && p[1] == std::floor(p[1])) << p[1];
    EXPECT_TRUE(p[2] == 0 || p[2] == 1 || p[2] == 2) << p[2];
    EXPECT_TRUE(p[3] == 0 || p[3] == 1) << p[3];
  }
}

TEST_P(SearchTest, TakesUpAHistoryWhereItWasLeft) {
  const auto whole = Explore(Make(MixedSpace()).get(), 16);
  for (const size_t cut : {size_t{1}, size_t{7}, size_t{15}}) {
    const std::vector<Trial> begun(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(cut));
    EXPECT_EQ(*Make(MixedSpace())->Next(begun), whole[cut].point) << cut;
  }
}

TEST_P(SearchTest, IsTheSameForTheSameSeed) {
  const auto one = Explore(Make(MixedSpace(), 5).get(), 12),
             two = Explore(Make(MixedSpace(), 5).get(), 12);
  for (size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one[i].point, two[i].point);
  if (GetParam() == "grid") return;
  const auto other = Explore(Make(MixedSpace(), 6).get(), 12);
  EXPECT_NE(one[1].point, other[1].point);
}

TEST_P(SearchTest, GoesOnAfterTriesThatFailed) {
  auto search = Make(BraninSpace());
  std::vector<Trial> history;
  for (int i = 0; i < 20; ++i) {
    const Point point = *search->Next(history);
    const bool fails = i < 3 || point[0] > 5;
    history.push_back(
        {point, fails ? std::numeric_limits<double>::quiet_NaN() : Branin(point[0], point[1])});
  }
  ASSERT_TRUE(BestTrial(history).has_value());
  EXPECT_LE(history[*BestTrial(history)].point[0], 5);
}

TEST(Search, AvoidsWhereTriesFailed) {
  auto search = MakeSearch(BraninSpace(), {.method = "bayesian", .seed = 2, .tries = 30}).value();
  std::vector<Trial> history;
  int failed_late = 0;
  for (int i = 0; i < 30; ++i) {
    const Point point = *search->Next(history);
    const bool fails = point[0] > 2.5;  // a half of the space, with two of the three valleys
    history.push_back(
        {point, fails ? std::numeric_limits<double>::infinity() : Branin(point[0], point[1])});
    failed_late += i >= 15 && fails;
  }
  EXPECT_LE(failed_late, 3);
  EXPECT_LT(Regret(history), 0.5);
}

TEST_P(SearchTest, TriesNoPointTwiceAndEndsWhenNoneIsLeft) {
  const Space space = {{.choices = 3}, {.low = 1, .high = 3, .log = true, .whole = true}};
  auto search = Make(space);
  std::vector<Trial> history;
  std::set<Point> points;
  while (const auto point = search->Next(history)) {
    EXPECT_EQ(*Make(space)->Next(history), *point) << "taken up after " << history.size();
    history.push_back({*point, (*point)[0] + (*point)[1]});
    points.insert(*point);
    ASSERT_LE(history.size(), 9u);
  }
  EXPECT_EQ(points.size(), 9u);
}

TEST(Search, BayesianFindsTheBestOfAMixedSpace) {
  const auto search = MakeSearch(MixedSpace(), {.method = "bayesian", .seed = 3, .tries = 30});
  const auto history = Explore(search->get(), 30);
  const Trial& best = history[*BestTrial(history)];
  EXPECT_EQ(best.point[2], 0);
  EXPECT_EQ(best.point[3], 1);
  EXPECT_LT(best.loss, 0.02);
}

TEST(Search, KnowsTheSizeOfAGrid) {
  EXPECT_EQ(GridSize(MixedSpace(), 5, 1000000), 5u * 5u * 3u * 2u);
  EXPECT_EQ(GridSize(MixedSpace(), 100, 100), 100u);
}

TEST(Search, HasNoBestIfAllFailed) {
  EXPECT_FALSE(BestTrial({{{0}, std::numeric_limits<double>::infinity()}}).has_value());
}

TEST(Search, RefusesAMethodThatItDoesNotKnow) {
  EXPECT_EQ(MakeSearch(BraninSpace(), {.method = "magic"}).status().message(),
            "expected grid, random, bayesian or global, got 'magic'");
}

}  // namespace
}  // namespace sequent::search
