#include "core/train/folds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace sequent::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(KFold, TestsEveryItemOnceAndTrainsOnTheOthers) {
  const auto folds = KFold(23, 5, 1, {});
  ASSERT_TRUE(folds.ok()) << folds.status();
  std::multiset<size_t> tested;
  for (const Fold& fold : *folds) {
    EXPECT_TRUE(fold.test.size() == 4 || fold.test.size() == 5);
    EXPECT_EQ(fold.train.size() + fold.test.size(), 23u);
    std::set<size_t> both(fold.train.begin(), fold.train.end());
    both.insert(fold.test.begin(), fold.test.end());
    EXPECT_EQ(both.size(), 23u);
    EXPECT_TRUE(std::is_sorted(fold.train.begin(), fold.train.end()));
    tested.insert(fold.test.begin(), fold.test.end());
  }
  EXPECT_EQ(tested.size(), 23u);
  EXPECT_EQ(std::set<size_t>(tested.begin(), tested.end()).size(), 23u);
}

TEST(KFold, IsShuffledByTheSeedAlone) {
  EXPECT_EQ((*KFold(50, 5, 1, {}))[0].test, (*KFold(50, 5, 1, {}))[0].test);
  EXPECT_NE((*KFold(50, 5, 1, {}))[0].test, (*KFold(50, 5, 2, {}))[0].test);
}

TEST(KFold, GivesEveryFoldItsShareOfEveryClass) {
  std::vector<int32_t> classes;
  for (int i = 0; i < 103; ++i) classes.push_back(i % 10 == 0 ? 2 : i % 3 == 0 ? 1 : 0);
  std::map<int32_t, size_t> all;
  for (const int32_t c : classes) ++all[c];
  const auto folds = *KFold(classes.size(), 4, 7, classes);
  for (const Fold& fold : folds) {
    std::map<int32_t, size_t> here;
    for (const size_t i : fold.test) ++here[classes[i]];
    for (const auto& [c, count] : all) {
      EXPECT_GE(here[c], count / 4) << c;
      EXPECT_LE(here[c], count / 4 + 1) << c;
    }
    EXPECT_GE(fold.test.size(), 25u);
    EXPECT_LE(fold.test.size(), 26u);
  }
}

TEST(KFold, NeedsTwoFoldsAndAnItemForEach) {
  EXPECT_THAT(std::string(KFold(10, 1, 1, {}).status().message()),
              HasSubstr("cv.folds: expected 2 to 10, as many as there are items, got 1"));
  EXPECT_FALSE(KFold(10, 11, 1, {}).ok());
  EXPECT_TRUE(KFold(10, 10, 1, {}).ok());
}

TEST(RollingOrigin, TestsOnWhatComesAfterWhatIsTrainedOn) {
  const auto folds = RollingOrigin(10, 3, {.test = 2});
  ASSERT_TRUE(folds.ok()) << folds.status();
  ASSERT_EQ(folds->size(), 3u);
  EXPECT_THAT((*folds)[0].train, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT((*folds)[0].test, ElementsAre(4, 5));
  EXPECT_THAT((*folds)[2].train, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT((*folds)[2].test, ElementsAre(8, 9));
}

TEST(RollingOrigin, TrainsOnAWindowIfAskedTo) {
  const auto folds = RollingOrigin(10, 2, {.test = 2, .train = 3});
  EXPECT_THAT((*folds)[0].train, ElementsAre(3, 4, 5));
  EXPECT_THAT((*folds)[1].train, ElementsAre(5, 6, 7));
}

TEST(RollingOrigin, MovesItsOriginByTheStride) {
  const auto folds = RollingOrigin(10, 3, {.test = 4, .stride = 1});
  ASSERT_TRUE(folds.ok()) << folds.status();
  EXPECT_THAT((*folds)[0].train, ElementsAre(0, 1, 2, 3));
  EXPECT_THAT((*folds)[0].test, ElementsAre(4, 5, 6, 7));
  EXPECT_THAT((*folds)[1].test, ElementsAre(5, 6, 7, 8));
  EXPECT_THAT((*folds)[2].train, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT((*folds)[2].test, ElementsAre(6, 7, 8, 9));
  const auto apart = RollingOrigin(20, 2, {.test = 1, .stride = 5});
  EXPECT_THAT((*apart)[0].test, ElementsAre(14));
}

TEST(RollingOrigin, TestsOnTheSecondHalfIfNothingIsSaid) {
  const auto folds = RollingOrigin(100, 5, {});
  EXPECT_EQ((*folds)[0].test.front(), 50u);
  EXPECT_EQ((*folds)[4].test.back(), 99u);
}

TEST(RollingOrigin, RefusesWhatDoesNotFit) {
  EXPECT_THAT(std::string(RollingOrigin(10, 5, {.test = 2}).status().message()),
              HasSubstr("cv.test_rows: expected fewer than 10 rows in 5 folds together, got 2"));
  EXPECT_THAT(std::string(RollingOrigin(10, 1, {.test = 2}).status().message()),
              HasSubstr("cv.folds"));
  EXPECT_FALSE(RollingOrigin(10, 2, {.test = SIZE_MAX / 2 + 1}).ok()) << "no overflow";
  EXPECT_THAT(std::string(RollingOrigin(10, 4, {.test = 1, .stride = 3}).status().message()),
              HasSubstr("cv.stride: expected fewer than 10 rows in 4 folds together, got 1 in "
                        "each, 3 rows apart"));
  EXPECT_FALSE(RollingOrigin(10, 3, {.test = 1, .stride = SIZE_MAX / 2 + 1}).ok());
}

}  // namespace
}  // namespace sequent::train
