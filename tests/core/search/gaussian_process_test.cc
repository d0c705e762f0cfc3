#include "core/search/gaussian_process.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/random.h"

namespace sequent::search {
namespace {

Measured Wave() {
  Measured data;
  data.scale_of = {0, 1};
  for (int i = 0; i < 14; ++i) {
    const double a = (i * 7 % 14) / 13.0, b = (i * 5 % 14) / 13.0;
    data.x.push_back({a, b});
    data.y.push_back(std::sin(6 * a) + 0.5 * b);
  }
  return data;
}

// Two measurements at distance 1, no noise to speak of: k = (1 + sqrt 5 + 5/3) exp(-sqrt 5) =
// 0.523994; halfway, at r = 1/2, k = 0.828649. By symmetry the mean is 0 and the weights +-c.
TEST(GaussianProcess, AgreesWithTwoMeasurementsByHand) {
  const Measured data = {{{0}, {1}}, {-1, 1}, {0}};
  const auto process = GaussianProcess::With(data, {0, std::log(1e-7)});
  const double far = 0.5239941088318203, half = 0.8286491424181255;
  EXPECT_NEAR(process.At({0.5}).mean, 0, 1e-9);
  // s^2 = y' R^-1 y / 2 = 1 / (1 - far); deviation^2 = s^2 (1 - 2 half^2 / (1 + far)).
  const double variance = (1 - 2 * half * half / (1 + far)) / (1 - far);
  EXPECT_NEAR(process.At({0.5}).deviation, std::sqrt(variance), 1e-6);
  EXPECT_NEAR(process.At({-50}).mean, 0, 1e-9);
  EXPECT_NEAR(process.At({-50}).deviation, std::sqrt(1 / (1 - far)), 1e-6);
}

TEST(GaussianProcess, PassesThroughMeasurementsWithoutNoise) {
  const Measured data = Wave();
  const auto process = GaussianProcess::With(data, {std::log(0.5), std::log(0.5), std::log(1e-7)});
  for (size_t i = 0; i < data.y.size(); ++i) {
    EXPECT_NEAR(process.At(data.x[i]).mean, data.y[i], 1e-4);
    EXPECT_NEAR(process.At(data.x[i]).deviation, 0, 1e-3);
  }
}

TEST(GaussianProcess, SmoothsMeasurementsThatDisagree) {
  const Measured data = {{{0.5}, {0.5}, {0.1}}, {1, 3, 0}, {0}};
  const auto process = GaussianProcess::With(data, {std::log(0.3), std::log(0.1)});
  EXPECT_GT(process.At({0.5}).mean, 1);
  EXPECT_LT(process.At({0.5}).mean, 2.1);
}

TEST(GaussianProcess, HasTheGradientOfItsLikelihood) {
  const Measured data = Wave();
  for (const double at : {-2.5, -0.3, 1.1}) {
    const Hyperparameters logs = {at, 0.4 - at, -3 + at};
    std::vector<double> gradient;
    LogLikelihood(data, logs, &gradient);
    for (size_t i = 0; i < logs.size(); ++i) {
      Hyperparameters up = logs, down = logs;
      up[i] += 1e-5;
      down[i] -= 1e-5;
      const double difference = (LogLikelihood(data, up) - LogLikelihood(data, down)) / 2e-5;
      EXPECT_NEAR(gradient[i], difference, 1e-5 * std::max(1.0, std::abs(difference))) << i;
    }
  }
}

TEST(GaussianProcess, FitsHyperparametersThatNoStepImproves) {
  Measured data = Wave();
  for (size_t i = 0; i < data.y.size(); ++i) data.y[i] += 0.1 * RandomStream(1, 2, 3).Normal(i);
  const Hyperparameters fitted = GaussianProcess::Fit(data).hyperparameters();
  for (size_t i = 0; i < fitted.size(); ++i) {
    for (const double step : {-0.1, 0.1}) {
      Hyperparameters other = fitted;
      other[i] += step;
      EXPECT_LT(LogLikelihood(data, other), LogLikelihood(data, fitted) + 1e-3) << i;
    }
  }
}

TEST(GaussianProcess, FindsOutWhichCoordinateMatters) {
  Measured data = Wave();
  for (size_t i = 0; i < data.y.size(); ++i) data.y[i] = std::sin(6 * data.x[i][0]);
  const Hyperparameters fitted = GaussianProcess::Fit(data).hyperparameters();
  EXPECT_GT(fitted[1], fitted[0] + 1);
}

}  // namespace
}  // namespace sequent::search
