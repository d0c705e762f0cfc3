#include "core/train/naive_bayes.h"

#include <gtest/gtest.h>

#include <cmath>

namespace sequent::train {
namespace {

Samples Of(const std::vector<std::pair<std::vector<int32_t>, int32_t>>& sequences) {
  Samples samples;
  samples.begin = {0};
  samples.classes.resize(1);
  for (const auto& [tokens, label] : sequences) {
    samples.tokens.insert(samples.tokens.end(), tokens.begin(), tokens.end());
    samples.begin.push_back(samples.tokens.size());
    samples.classes[0].push_back(label);
  }
  return samples;
}

// Token 0 marks class 0, token 1 class 1, token 2 neither.
TEST(NaiveBayes, NamesTheClassOfTheTokensThatAreThere) {
  const Samples training = Of({{{0, 2}, 0}, {{0}, 0}, {{1, 2}, 1}, {{1}, 1}});
  EXPECT_EQ(NaiveBayesAccuracy(training, Of({{{0, 2, 2}, 0}, {{1, 2}, 1}}), 0, 2, 3), 1);
  EXPECT_EQ(NaiveBayesAccuracy(training, Of({{{0}, 1}, {{1}, 1}}), 0, 2, 3), 0.5);
}

// By hand: p(0 there | c) is 2/3 for class 0 and 1/4 for class 1; alone, absence says class 1.
TEST(NaiveBayes, CountsWhatIsNotThereToo) {
  const Samples training = Of({{{0}, 0}, {{2}, 1}, {{2}, 1}});
  EXPECT_EQ(NaiveBayesAccuracy(training, Of({{{1}, 1}}), 0, 2, 3), 1);
}

TEST(NaiveBayes, CountsATokenOncePerSequence) {
  // Were repetitions counted, token 1 would weigh more for class 0.
  const Samples training = Of({{{1, 1, 1, 1, 1}, 0}, {{0}, 0}, {{1}, 1}, {{1}, 1}});
  EXPECT_EQ(NaiveBayesAccuracy(training, Of({{{1}, 1}}), 0, 2, 2), 1);
}

TEST(NaiveBayes, LeavesOutLabelsThatAreNotKnown) {
  const Samples training = Of({{{0}, 0}, {{1}, 1}, {{1}, -1}});
  EXPECT_EQ(NaiveBayesAccuracy(training, Of({{{0}, 0}, {{0}, -1}}), 0, 2, 2), 1);
  EXPECT_TRUE(std::isnan(NaiveBayesAccuracy(training, Of({{{0}, -1}}), 0, 2, 2)));
}

}  // namespace
}  // namespace sequent::train
