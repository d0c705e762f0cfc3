// The losses of heads, each against a value by hand.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/model/graph.h"
#include "core/train/network.h"
#include "gtest/gtest.h"
#include "tests/core/nn/nn_testing.h"

namespace sequent::train {
namespace {

// One step of one row through heads without weights: every output is the bias.
double LossByHand(const std::string& head, std::vector<double> bias, int32_t label,
                  std::vector<double> targets) {
  const auto contents = FeatureContents("heads { name: 'y' " + head + " }");
  Network<double> network(*ResolveGraph(contents.config));
  std::copy(bias.begin(), bias.end(),
            network.parameters().end() - static_cast<ptrdiff_t>(bias.size()));
  network.Prepare();
  Chunk<double> chunk;
  chunk.steps = chunk.rows = 1;
  chunk.features = {1, 2, 3};
  chunk.classes = {{label}};
  chunk.targets = {std::move(targets)};
  Tape<double> tape;
  network.ResetTape(1, &tape);
  return network.Run(chunk, {1}, {}, /*training=*/true, &tape, nullptr);
}

TEST(HeadLoss, OfAPointIsTheSquaredError) {
  EXPECT_DOUBLE_EQ(LossByHand("regression { columns: 'b' }", {1.5}, 0, {4}), 6.25);
}

TEST(HeadLoss, OfAGaussianIsItsNegativeLogLikelihood) {
  // softplus(0) = log 2; log(log 2 + 1e-6) + log(2 pi) / 2 + (1 / (log 2 + 1e-6))^2 / 2.
  EXPECT_NEAR(LossByHand("regression { distribution: 'gaussian' columns: 'b' }", {1, 0}, 0, {2}),
              1.5931085430456033, 1e-12);
}

TEST(HeadLoss, OfAStudentIsItsNegativeLogLikelihood) {
  // With 3 degrees of freedom and scale s = log 2 + 1e-6: lgamma(1.5) - lgamma(2) + log(3 pi) / 2 +
  // log s + 2 log(1 + (1 / s)^2 / 3).
  const double s = std::log(2.0) + 1e-6;
  const double expected = std::log(std::sqrt(M_PI) / 2) + std::log(3 * M_PI) / 2 + std::log(s) +
                          2 * std::log(1 + 1 / (s * s) / 3);
  EXPECT_NEAR(
      LossByHand("regression { distribution: 'student_t' columns: 'b' degrees_of_freedom: 3 }",
                 {1, 0}, 0, {2}),
      expected, 1e-12);
}

TEST(HeadLoss, OfQuantilesIsTheMeanPinballLoss) {
  // 0.25 x (4 - 1), then 0.75 x (6 - 4) of being above: (1 - 0.75) x 2.
  EXPECT_NEAR(LossByHand("regression { distribution: 'quantiles' columns: 'b' levels: 0.25 "
                         "levels: 0.75 }",
                         {1, 6}, 0, {4}),
              (0.25 * 3 + 0.25 * 2) / 2, 1e-12);
}

// Columns of the first step, then those of the second; all locations, then all scales.
TEST(HeadLoss, OfSeveralStepsIsTheSumOverThem) {
  EXPECT_DOUBLE_EQ(LossByHand("regression { columns: 'b' columns: 'c' horizon: 2 }", {1, 2, 3, 4},
                              0, {1, 4, 0, std::numeric_limits<double>::quiet_NaN()}),
                   4 + 9);
  const auto gaussian = [](double mean, double raw, double target) {
    return LossByHand("regression { distribution: 'gaussian' columns: 'b' }", {mean, raw}, 0,
                      {target});
  };
  EXPECT_NEAR(LossByHand("regression { distribution: 'gaussian' columns: 'b' horizon: 2 }",
                         {1, 2, -1, 3}, 0, {0, 5}),
              gaussian(1, -1, 0) + gaussian(2, 3, 5), 1e-12);
  const auto quantiles = [](const std::string& horizon, std::vector<double> bias,
                            std::vector<double> targets) {
    return LossByHand(
        "regression { distribution: 'quantiles' columns: 'b' levels: 0.25 "
        "levels: 0.75 " +
            horizon + " }",
        std::move(bias), 0, std::move(targets));
  };
  EXPECT_NEAR(quantiles("horizon: 2", {1, 6, 2, 3}, {4, 9}),
              quantiles("", {1, 6}, {4}) + quantiles("", {2, 3}, {9}), 1e-12);
}

TEST(HeadLoss, OfASoftmaxIsTheLabelsNegativeLogProbability) {
  // log(e^0 + e^1 + e^2) - 1.
  EXPECT_NEAR(LossByHand("softmax { classes: 3 }", {0, 1, 2}, 1, {}), 1.4076059644443801, 1e-12);
}

TEST(HeadLoss, OfABernoulliIsTheNegativeLogProbabilityOfWhatIsThere) {
  // log(1 + e^-2) + log(1 + e^-1): the first label is there, the second is not.
  EXPECT_NEAR(LossByHand("bernoulli { labels: 'a' labels: 'b' }", {2, -1}, 0, {1, 0}),
              0.4401896985611953, 1e-12);
}

TEST(HeadLoss, OfWhatIsMissingIsNothing) {
  const double missing = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(LossByHand("softmax { classes: 3 }", {0, 1, 2}, -1, {}), 0);
  EXPECT_EQ(LossByHand("regression { columns: 'b' }", {1.5}, 0, {missing}), 0);
  EXPECT_EQ(LossByHand("bernoulli { labels: 'a' }", {1.5}, 0, {missing}), 0);
}

}  // namespace
}  // namespace sequent::train
