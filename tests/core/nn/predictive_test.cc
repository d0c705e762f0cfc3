#include "core/nn/predictive.h"

#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sequent {
namespace {

using ::testing::ElementsAre;

Predictive Gaussian(double mean, double deviation, bool log = false) {
  return {HeadKind::kGaussian, mean, deviation, log, 0};
}
Predictive Student(double location, double scale, double degrees, bool log = false) {
  return {HeadKind::kStudentT, location, scale, log, degrees};
}

TEST(Predictive, OfAPointIsThePoint) {
  const Predictive point(HeadKind::kPoint, 3, 0, false, 0);
  EXPECT_EQ(point.Point(), 3);
  EXPECT_EQ(point.Quantile(0.9), 3);
  EXPECT_EQ(point.Crps(5), 2);
  EXPECT_TRUE(std::isnan(point.NegativeLogLikelihood(3)));
  EXPECT_DOUBLE_EQ(Predictive(HeadKind::kPoint, 2, 0, true, 0).Point(), std::exp(2.0));
}

TEST(Predictive, OfAGaussian) {
  EXPECT_EQ(Gaussian(3, 2).Point(), 3);
  EXPECT_EQ(Gaussian(3, 2).Deviation(), 2);
  EXPECT_NEAR(Gaussian(3, 2).Quantile(0.975), 3 + 2 * 1.959963984540054, 1e-9);
  EXPECT_NEAR(Gaussian(3, 2).NegativeLogLikelihood(5), std::log(2 * std::sqrt(2 * M_PI)) + 0.5,
              1e-12);
  // At its mean: s (sqrt 2 - 1) / sqrt pi.
  EXPECT_NEAR(Gaussian(3, 2).Crps(3), 2 * (std::sqrt(2.0) - 1) / std::sqrt(M_PI), 1e-12);
}

TEST(Predictive, UnderALogAGaussianIsLogNormal) {
  const Predictive log_normal = Gaussian(1, 0.5, true);
  EXPECT_NEAR(log_normal.Point(), std::exp(1 + 0.125), 1e-12);
  EXPECT_NEAR(log_normal.Deviation(), std::exp(1.125) * std::sqrt(std::exp(0.25) - 1), 1e-12);
  EXPECT_NEAR(log_normal.Quantile(0.5), std::exp(1.0), 1e-12);
  EXPECT_NEAR(log_normal.NegativeLogLikelihood(std::exp(1.0)),
              std::log(0.5 * std::sqrt(2 * M_PI)) + 1, 1e-12);
}

// The closed form of a log-normal's score (Baran and Lerch 2015): y (2 F(y) - 1) - 2 exp(m + s^2/2)
// (Phi(z - s) + Phi(s / sqrt 2) - 1).
TEST(Predictive, ScoresByQuantilesWhatHasNoFormula) {
  const double m = 0.3, s = 0.4, y = 1.7;
  const auto phi = [](double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); };
  const double z = (std::log(y) - m) / s;
  const double exact = y * (2 * phi(z) - 1) -
                       2 * std::exp(m + s * s / 2) * (phi(z - s) + phi(s / std::sqrt(2.0)) - 1);
  EXPECT_NEAR(Gaussian(m, s, true).Crps(y), exact, 2e-3 * exact);
}

TEST(Predictive, OfAStudent) {
  EXPECT_EQ(Student(3, 2, 4).Point(), 3);
  EXPECT_NEAR(Student(3, 2, 4).Deviation(), 2 * std::sqrt(2.0), 1e-12);
  EXPECT_NEAR(Student(0, 1, 4).Quantile(0.975), 2.7764451051977934, 1e-9);
  // Gamma(2) / (sqrt(4 pi) Gamma(2.5)): the density of 4 degrees of freedom at 0 is 0.375.
  EXPECT_NEAR(Student(0, 2, 4).NegativeLogLikelihood(0), -std::log(0.375 / 2), 1e-12);
  EXPECT_NEAR(Student(0, 1, 1e5).NegativeLogLikelihood(1.5),
              Gaussian(0, 1).NegativeLogLikelihood(1.5), 1e-4);
  EXPECT_NEAR(Student(0, 1, 1e5).Crps(1.5), Gaussian(0, 1).Crps(1.5), 2e-3);
}

TEST(Predictive, UnderALogAStudentHasTheMeanOfItsQuantiles) {
  EXPECT_NEAR(Student(1, 0.1, 1e5, true).Point(), std::exp(1.005), 1e-3);
  EXPECT_NEAR(Student(1, 0.1, 1e5, true).Deviation(), Gaussian(1, 0.1, true).Deviation(), 5e-3);
}

TEST(Predictive, InterpolatesQuantiles) {
  const std::vector<float> levels = {0.1f, 0.5f, 0.9f}, quantiles = {0, 4, 6};
  const Predictive head(levels, quantiles);
  EXPECT_EQ(head.Point(), 4);
  EXPECT_NEAR(head.Quantile(0.3), 2, 1e-6);
  EXPECT_NEAR(head.Quantile(0.7), 5, 1e-6);
  EXPECT_EQ(head.Quantile(0.01), 0);
  EXPECT_EQ(head.Quantile(0.99), 6);
  EXPECT_TRUE(std::isnan(head.NegativeLogLikelihood(4)));
}

TEST(Predictive, QuantilesOfOneValueScoreItsError) {
  const std::vector<float> levels = {0.1f, 0.9f}, quantiles = {5, 5};
  EXPECT_NEAR(Predictive(levels, quantiles).Crps(8), 3, 1e-9);
}

TEST(InvertQuantiles, PutsThemInOrder) {
  v1::FeatureInput input;
  input.add_columns()->set_name("x");
  input.mutable_columns(0)->set_log(true);
  const auto codec = SeriesCodec::Create(input).value();
  HeadNode head{};
  head.kind = HeadKind::kQuantiles;
  head.columns = {0};
  head.levels = {0.25f, 0.75f};
  const float output[] = {0, std::log(0.5f)};
  std::vector<float> quantiles(2);
  InvertQuantiles(*codec, head, 0, output, nullptr, quantiles.data());
  EXPECT_THAT(quantiles, ElementsAre(0.5f, 1));
}

}  // namespace
}  // namespace sequent
