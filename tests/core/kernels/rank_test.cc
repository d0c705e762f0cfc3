#include "core/kernels/rank.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/base/random.h"
#include "tests/core/kernels/oracle.h"

namespace sequent::kernels {
namespace {

class RankTest : public OnEveryTarget {
 protected:
  static void ExpectCounts(const std::vector<float>& x) {
    std::vector<uint32_t> larger(x.size() + 1, 12345);
    CountLarger(x.size(), x.data(), larger.data());
    for (size_t i = 0; i < x.size(); ++i) {
      EXPECT_EQ(larger[i], std::count_if(x.begin(), x.end(), [&](float v) { return v > x[i]; }))
          << "element " << i << " of " << x.size();
    }
    EXPECT_EQ(larger.back(), 12345u);  // writes no further
  }
};

TEST_P(RankTest, CountsAtEveryLength) {
  const RandomStream random(1, 0, 0);
  std::vector<float> x;
  for (size_t n = 0; n < 200; ++n) {
    ExpectCounts(x);
    x.push_back(static_cast<float>(random.Normal(n)));
  }
}

TEST_P(RankTest, EqualValuesHaveTheSamePlace) {
  const RandomStream random(2, 0, 0);
  std::vector<float> x;
  for (size_t i = 0; i < 150; ++i)
    x.push_back(static_cast<float>(static_cast<int>(random.Normal(i))));
  ExpectCounts(x);
  ExpectCounts(std::vector<float>(100, 0.25f));
}

TEST_P(RankTest, ZerosOfBothSignsAreEqual) { ExpectCounts({0.0f, -0.0f, 1.0f, -1.0f}); }

SEQUENT_ON_EVERY_TARGET(RankTest);

}  // namespace
}  // namespace sequent::kernels
