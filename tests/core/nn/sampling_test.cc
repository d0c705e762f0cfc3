#include "core/nn/sampling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace sequent {
namespace {

using testing::HasSubstr;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

class Sampler {
 public:
  Sampler(std::vector<float> logits, SamplingOptions options)
      : logits_(std::move(logits)), options_(options) {}

  int32_t operator()(double uniform) { return SampleClass(logits_, options_, uniform, &scratch_); }

  // Every class that some draw of a fine grid gives.
  std::set<int32_t> Support() {
    std::set<int32_t> classes;
    for (int i = 0; i < 10'000; ++i) classes.insert((*this)(i / 10'000.0));
    return classes;
  }

  std::vector<int> Counts(uint64_t seed, int draws) {
    std::vector<int> counts(logits_.size());
    for (int i = 0; i < draws; ++i) ++counts[(*this)(UniformDraw(seed, 0, i, 0))];
    return counts;
  }

 private:
  std::vector<float> logits_;
  SamplingOptions options_;
  std::vector<std::pair<float, int32_t>> scratch_;
};

double ChiSquare(const std::vector<int>& counts, const std::vector<double>& weights) {
  double total = 0, draws = 0, sum = 0;
  for (double w : weights) total += w;
  for (int c : counts) draws += c;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double expected = draws * weights[i] / total;
    if (expected > 0) sum += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  return sum;
}

// The 99.9 % point of chi-square with 4 degrees of freedom.
constexpr double kLimit4 = 18.47;

TEST(SampleClass, DrawsEachClassAsOftenAsItsProbability) {
  const std::vector<float> logits = {0.5f, -1.0f, 2.0f, 0.0f, 1.0f};
  std::vector<double> weights;
  for (float l : logits) weights.push_back(std::exp(double{l}));
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    EXPECT_LT(ChiSquare(Sampler(logits, {}).Counts(seed, 20'000), weights), kLimit4);
  }
}

TEST(SampleClass, DividesLogitsByTheTemperature) {
  const std::vector<float> logits = {0.5f, -1.0f, 2.0f, 0.0f, 1.0f};
  for (float temperature : {0.5f, 2.0f}) {
    std::vector<double> weights;
    for (float l : logits) weights.push_back(std::exp(double{l} / temperature));
    const auto counts = Sampler(logits, {.temperature = temperature}).Counts(7, 20'000);
    EXPECT_LT(ChiSquare(counts, weights), kLimit4) << temperature;
  }
}

TEST(SampleClass, KeepsProportionsAmongTheTopK) {
  const auto counts = Sampler({0.5f, -1.0f, 2.0f, 0.0f, 1.0f}, {.top_k = 3}).Counts(3, 20'000);
  EXPECT_EQ(counts[1] + counts[3], 0);
  EXPECT_LT(ChiSquare(counts, {std::exp(0.5), 0, std::exp(2.0), 0, std::exp(1.0)}), kLimit4);
}

TEST(SampleClass, TopOneIsTheArgmax) {
  Sampler sample({1, 5, -2, 4.999f}, {.temperature = 100, .top_k = 1});
  EXPECT_EQ(sample.Support(), std::set<int32_t>({1}));
}

TEST(SampleClass, TiesGoToTheSmallerClass) {
  EXPECT_EQ(Sampler({0, 3, 3, 3}, {.top_k = 1}).Support(), std::set<int32_t>({1}));
  EXPECT_EQ(Sampler({0, 3, 3, 3}, {.top_k = 2}).Support(), std::set<int32_t>({1, 2}));
  EXPECT_EQ(Sampler({3, 0, 3, 3}, {.top_p = 0.5f}).Support(), std::set<int32_t>({0, 2}));
}

TEST(SampleClass, TopPKeepsTheSmallestSetThatReachesIt) {
  const std::vector<float> logits = {std::log(0.1f), std::log(0.5f), std::log(0.4f)};
  EXPECT_EQ(Sampler(logits, {.top_p = 0.49f}).Support(), std::set<int32_t>({1}));
  EXPECT_EQ(Sampler(logits, {.top_p = 0.51f}).Support(), std::set<int32_t>({1, 2}));
  EXPECT_EQ(Sampler(logits, {.top_p = 0.89f}).Support(), std::set<int32_t>({1, 2}));
  EXPECT_EQ(Sampler(logits, {.top_p = 0.92f}).Support(), std::set<int32_t>({0, 1, 2}));
}

TEST(SampleClass, TopPKeepsOneClassHoweverSmall) {
  EXPECT_EQ(Sampler({0, 0.1f, 0}, {.top_p = 1e-30f}).Support(), std::set<int32_t>({1}));
}

TEST(SampleClass, TopPCutsWhatTopKLeft) {
  // Of classes 0, 1, 2 (top_k) each has a third; a half of that needs two of them.
  EXPECT_EQ(Sampler({2, 2, 2, 1.9f}, {.top_k = 3, .top_p = 0.5f}).Support(),
            std::set<int32_t>({0, 1}));
}

TEST(SampleClass, ACutThatDropsNothingChangesNothing) {
  const std::vector<float> logits = {0.3f, 2, -1, 0.9f};
  Sampler plain(logits, {}), wide(logits, {.top_k = 4}), nearly(logits, {.top_p = 0.999999f});
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(plain(i / 1000.0), wide(i / 1000.0));
    EXPECT_EQ(plain(i / 1000.0), nearly(i / 1000.0));
  }
}

TEST(SampleClass, StaysInRangeAtTheEdgesOfTheUniform) {
  Sampler sample({0, 1, -kInfinity}, {});
  EXPECT_EQ(sample(0), 0);
  EXPECT_EQ(sample(std::nextafter(1.0, 0.0)), 1);
}

TEST(SampleClass, NeverDrawsAnImpossibleClass) {
  EXPECT_EQ(Sampler({-kInfinity, 0, NAN, -kInfinity}, {}).Support(), std::set<int32_t>({1}));
  EXPECT_EQ(Sampler({0, kInfinity, 5}, {}).Support(), std::set<int32_t>({1}));
  EXPECT_EQ(Sampler({-1e30f, 1e30f}, {.temperature = 1e-30f}).Support(), std::set<int32_t>({1}));
}

TEST(SampleClass, DrawsSomeClassOfADistributionThatIsNone) {
  EXPECT_EQ(Sampler({NAN, NAN}, {.top_k = 1, .top_p = 0.5f}).Support(), std::set<int32_t>({0}));
}

TEST(CheckSampling, TakesDefaultsAndEdges) {
  EXPECT_TRUE(CheckSampling({}).ok());
  EXPECT_TRUE(CheckSampling({.temperature = 1e-6f, .top_k = 1, .top_p = 1e-6f}).ok());
}

TEST(CheckSampling, NamesTheOptionThatIsWrong) {
  for (float temperature : {0.0f, -1.0f, NAN, kInfinity}) {
    const Status status = CheckSampling({.temperature = temperature});
    EXPECT_EQ(ReasonOf(status), Reason::kBadRequest);
    EXPECT_THAT(std::string(Message(status)), HasSubstr("sampling.temperature"));
  }
  for (float top_p : {0.0f, -0.1f, 1.0001f, NAN}) {
    const Status status = CheckSampling({.top_p = top_p});
    EXPECT_EQ(ReasonOf(status), Reason::kBadRequest);
    EXPECT_THAT(std::string(Message(status)), HasSubstr("sampling.top_p"));
  }
}

TEST(Draws, AreTheSameForTheSameKey) {
  EXPECT_EQ(UniformDraw(1, 2, 3, 4), UniformDraw(1, 2, 3, 4));
  EXPECT_EQ(NormalDraw(1, 2, 3, 4), NormalDraw(1, 2, 3, 4));
}

TEST(Draws, DifferInEveryPartOfTheKey) {
  const std::set<double> uniform = {UniformDraw(1, 1, 1, 1), UniformDraw(2, 1, 1, 1),
                                    UniformDraw(1, 2, 1, 1), UniformDraw(1, 1, 2, 1),
                                    UniformDraw(1, 1, 1, 2)};
  EXPECT_EQ(uniform.size(), 5u);
  const std::set<double> normal = {NormalDraw(1, 1, 1, 1), NormalDraw(2, 1, 1, 1),
                                   NormalDraw(1, 2, 1, 1), NormalDraw(1, 1, 2, 1),
                                   NormalDraw(1, 1, 1, 2)};
  EXPECT_EQ(normal.size(), 5u);
}

TEST(Draws, HaveTheMomentsOfTheirDistributions) {
  double uniform = 0, normal = 0, square = 0, product = 0;
  constexpr int kDraws = 50'000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = UniformDraw(9, i % 7, i, 0), n = NormalDraw(9, i % 7, i, 0);
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    uniform += u / kDraws;
    normal += n / kDraws;
    square += n * n / kDraws;
    product += (u - 0.5) * n / kDraws;
  }
  // Four standard errors each.
  EXPECT_NEAR(uniform, 0.5, 4 * 0.2887 / std::sqrt(kDraws));
  EXPECT_NEAR(normal, 0, 4 / std::sqrt(kDraws));
  EXPECT_NEAR(square, 1, 4 * std::sqrt(2.0 / kDraws));
  EXPECT_NEAR(product, 0, 4 * 0.2887 / std::sqrt(kDraws));
}

}  // namespace
}  // namespace sequent
