#include "core/search/gaussian_process.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <algorithm>
#include <cmath>

namespace sequent::search {
namespace {

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

const double kRoot5 = std::sqrt(5.0);

// Of the unit cube's side: the function wiggles fifty times in it, or is as good as flat.
constexpr double kShortest = 0.02, kLongest = 20;
// Of the variance. The least one keeps the matrix positive definite.
constexpr double kLeastNoise = 1e-7, kMostNoise = 1;
// Priors of the logarithms, mean and deviation: a half of the side, within a factor of 4; a
// thousandth of the variance, within a factor of 12.
const double kScaleMean = std::log(0.5), kScaleDeviation = std::log(4.0);
const double kNoiseMean = std::log(1e-3), kNoiseDeviation = 2.5;

double Matern(double r) { return (1 + kRoot5 * r + 5.0 / 3.0 * r * r) * std::exp(-kRoot5 * r); }

// k' = SlopeOverR(r) r: what is left of the derivative when r is taken out of it.
double SlopeOverR(double r) { return -5.0 / 3.0 * (1 + kRoot5 * r) * std::exp(-kRoot5 * r); }

double LogPrior(double log, double mean, double deviation, double* slope) {
  const double z = (log - mean) / deviation;
  *slope -= z / deviation;
  return -0.5 * z * z;
}

double Distance(const std::vector<double>& a, const std::vector<double>& b,
                const std::vector<size_t>& scale_of, const Hyperparameters& logs) {
  double sum = 0;
  for (size_t j = 0; j < a.size(); ++j) {
    const double d = (a[j] - b[j]) * std::exp(-logs[scale_of[j]]);
    sum += d * d;
  }
  return std::sqrt(sum);
}

size_t Scales(const Measured& data) {
  return 1 + *std::max_element(data.scale_of.begin(), data.scale_of.end());
}

// The correlations of the measurements, factored, and what follows from them.
struct Solved {
  MatrixXd distances;
  Eigen::LLT<MatrixXd> factor;
  VectorXd weights;  // R^-1 (y - m)
  double mean = 0, variance = 0;
};

Solved Solve(const Measured& data, const Hyperparameters& logs) {
  const Index n = static_cast<Index>(data.y.size());
  Solved solved;
  solved.distances = MatrixXd::Zero(n, n);
  MatrixXd correlations(n, n);
  for (Index i = 0; i < n; ++i) {
    for (Index k = 0; k <= i; ++k) {
      const double r = Distance(data.x[static_cast<size_t>(i)], data.x[static_cast<size_t>(k)],
                                data.scale_of, logs);
      solved.distances(i, k) = solved.distances(k, i) = r;
      correlations(i, k) = correlations(k, i) = Matern(r) + (i == k ? std::exp(logs.back()) : 0);
    }
  }
  solved.factor.compute(correlations);
  const VectorXd y = Eigen::Map<const VectorXd>(data.y.data(), n);
  const VectorXd ones = VectorXd::Ones(n);
  const VectorXd whitened = solved.factor.solve(ones);
  solved.mean = whitened.dot(y) / whitened.dot(ones);
  solved.weights = solved.factor.solve(y - solved.mean * ones);
  solved.variance =
      std::max(1e-12, (y - solved.mean * ones).dot(solved.weights) / static_cast<double>(n));
  return solved;
}

// d R / d log l of scale `s`, element by element weighted by `by` and summed.
double WeightedSlope(const Measured& data, const Solved& solved, const Hyperparameters& logs,
                     size_t s, const MatrixXd& by) {
  double sum = 0;
  for (Index i = 0; i < by.rows(); ++i) {
    for (Index k = 0; k < i; ++k) {
      const auto &a = data.x[static_cast<size_t>(i)], &b = data.x[static_cast<size_t>(k)];
      double squares = 0;
      for (size_t j = 0; j < a.size(); ++j) {
        if (data.scale_of[j] == s) squares += (a[j] - b[j]) * (a[j] - b[j]);
      }
      const double inverse = std::exp(-2 * logs[s]);
      sum += 2 * by(i, k) * -SlopeOverR(solved.distances(i, k)) * squares * inverse;
    }
  }
  return sum;
}

void Clamp(Hyperparameters* logs) {
  for (size_t j = 0; j + 1 < logs->size(); ++j) {
    (*logs)[j] = std::clamp((*logs)[j], std::log(kShortest), std::log(kLongest));
  }
  logs->back() = std::clamp(logs->back(), std::log(kLeastNoise), std::log(kMostNoise));
}

// Rprop (Riedmiller and Braun 1993) upwards: steps by the signs of the gradient alone, so no line
// search, and no scale to know.
double Climb(const Measured& data, Hyperparameters* logs) {
  constexpr int kRounds = 40;
  std::vector<double> gradient, before(logs->size(), 0), step(logs->size(), 0.3);
  Hyperparameters best = *logs;
  double best_value = LogLikelihood(data, *logs, &gradient);
  for (int round = 0; round < kRounds; ++round) {
    for (size_t j = 0; j < logs->size(); ++j) {
      const double product = gradient[j] * before[j];
      step[j] = std::clamp(step[j] * (product > 0 ? 1.2 : product < 0 ? 0.5 : 1.0), 1e-3, 1.0);
      before[j] = product < 0 ? 0 : gradient[j];
      (*logs)[j] += before[j] > 0 ? step[j] : before[j] < 0 ? -step[j] : 0;
    }
    Clamp(logs);
    const double value = LogLikelihood(data, *logs, &gradient);
    if (value > best_value) {
      best_value = value;
      best = *logs;
    }
  }
  *logs = best;
  return best_value;
}

}  // namespace

double LogLikelihood(const Measured& data, const Hyperparameters& logs,
                     std::vector<double>* gradient) {
  const Solved solved = Solve(data, logs);
  const Index n = static_cast<Index>(data.y.size());
  double value = -0.5 * static_cast<double>(n) * std::log(solved.variance);
  const auto& lower = solved.factor.matrixLLT();
  for (Index i = 0; i < n; ++i) value -= std::log(lower(i, i));
  const size_t scales = Scales(data);
  std::vector<double> slopes(logs.size(), 0);
  for (size_t s = 0; s < scales; ++s) {
    value += LogPrior(logs[s], kScaleMean, kScaleDeviation, &slopes[s]);
  }
  value += LogPrior(logs.back(), kNoiseMean, kNoiseDeviation, &slopes.back());
  if (gradient == nullptr) return value;
  // d value / d theta = 1/2 sum over i, k of (w w' / s^2 - R^-1) dR / d theta.
  const MatrixXd inverse = solved.factor.solve(MatrixXd::Identity(n, n));
  const MatrixXd by = solved.weights * solved.weights.transpose() / solved.variance - inverse;
  for (size_t s = 0; s < scales; ++s) {
    slopes[s] += 0.5 * WeightedSlope(data, solved, logs, s, by);
  }
  slopes.back() += 0.5 * by.trace() * std::exp(logs.back());
  *gradient = slopes;
  return value;
}

struct GaussianProcess::Fitted {
  Measured data;
  Hyperparameters logs;
  Solved solved;
};

GaussianProcess::GaussianProcess(std::unique_ptr<Fitted> fitted) : fitted_(std::move(fitted)) {}
GaussianProcess::GaussianProcess(GaussianProcess&&) noexcept = default;
GaussianProcess::~GaussianProcess() = default;

GaussianProcess GaussianProcess::With(const Measured& data, const Hyperparameters& logs) {
  return GaussianProcess(std::make_unique<Fitted>(Fitted{data, logs, Solve(data, logs)}));
}

GaussianProcess GaussianProcess::Fit(const Measured& data) {
  Hyperparameters best;
  double best_value = 0;
  for (const double length : {0.15, 0.7}) {
    Hyperparameters logs(Scales(data) + 1, std::log(length));
    logs.back() = kNoiseMean;
    const double value = Climb(data, &logs);
    if (best.empty() || value > best_value) {
      best = logs;
      best_value = value;
    }
  }
  return With(data, best);
}

GaussianProcess::Prediction GaussianProcess::At(const std::vector<double>& x) const {
  const auto& [data, logs, solved] = *fitted_;
  const Index n = static_cast<Index>(data.y.size());
  VectorXd k(n);
  for (Index i = 0; i < n; ++i) {
    k(i) = Matern(Distance(data.x[static_cast<size_t>(i)], x, data.scale_of, logs));
  }
  Prediction prediction;
  prediction.mean = solved.mean + k.dot(solved.weights);
  solved.factor.matrixL().solveInPlace(k);
  prediction.deviation = std::sqrt(solved.variance * std::max(0.0, 1 - k.squaredNorm()));
  return prediction;
}

const Hyperparameters& GaussianProcess::hyperparameters() const { return fitted_->logs; }

}  // namespace sequent::search
