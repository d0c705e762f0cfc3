#include "core/nn/predictive.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numbers>

namespace sequent {
namespace {

constexpr int kQuantiles = 199;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double LevelOf(int i) { return (i + 0.5) / kQuantiles; }

double NormalCdf(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }
double NormalDensity(double z) {
  return std::exp(-0.5 * z * z) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
}

// Gneiting and Raftery, "Strictly proper scoring rules", JASA 2007, equation 21.
double GaussianCrps(double error, double scale) {
  const double z = error / scale;
  return scale * (z * (2 * NormalCdf(z) - 1) + 2 * NormalDensity(z) - std::numbers::inv_sqrtpi);
}

double GaussianNll(double z) { return 0.5 * std::log(2 * std::numbers::pi) + 0.5 * z * z; }

// std::lgamma leaves the sign in a variable that all threads share.
double LogGamma(double x) {
  int sign = 0;
  return lgamma_r(x, &sign);
}

double Pinball(double level, double error) { return error * (error >= 0 ? level : level - 1); }

}  // namespace

double StudentNll(double z, double degrees) {
  return LogGamma(degrees / 2) - LogGamma((degrees + 1) / 2) +
         0.5 * std::log(degrees * std::numbers::pi) +
         (degrees + 1) / 2 * std::log1p(z * z / degrees);
}

Predictive::Predictive(HeadKind kind, double location, double spread, bool log, double degrees)
    : kind_(kind), location_(location), spread_(spread), degrees_(degrees), log_(log) {}

Predictive::Predictive(std::span<const float> levels, std::span<const float> quantiles)
    : kind_(HeadKind::kQuantiles), levels_(levels), quantiles_(quantiles) {}

double Predictive::FromLinear(double linear) const { return log_ ? std::exp(linear) : linear; }

double Predictive::Point() const {
  if (kind_ == HeadKind::kQuantiles) return Quantile(0.5);
  if (log_ && kind_ == HeadKind::kGaussian) return std::exp(location_ + 0.5 * spread_ * spread_);
  if (log_ && kind_ == HeadKind::kStudentT) return OfQuantiles().mean;
  return FromLinear(location_);
}

double Predictive::Deviation() const {
  switch (kind_) {
    case HeadKind::kGaussian:
      return log_ ? Point() * std::sqrt(std::expm1(spread_ * spread_)) : spread_;
    case HeadKind::kStudentT:
      return log_ ? OfQuantiles().deviation : spread_ * std::sqrt(degrees_ / (degrees_ - 2));
    case HeadKind::kQuantiles:
      return OfQuantiles().deviation;
    default:
      return 0;
  }
}

double Predictive::LinearQuantile(double level) const {
  if (kind_ == HeadKind::kGaussian) {
    return location_ + spread_ * boost::math::quantile(boost::math::normal(), level);
  }
  if (kind_ == HeadKind::kStudentT) {
    return location_ + spread_ * boost::math::quantile(boost::math::students_t(degrees_), level);
  }
  return location_;
}

double Predictive::Quantile(double level) const {
  if (kind_ != HeadKind::kQuantiles) return FromLinear(LinearQuantile(level));
  const auto above = std::lower_bound(levels_.begin(), levels_.end(), level);
  if (above == levels_.begin()) return quantiles_.front();
  if (above == levels_.end()) return quantiles_.back();
  const auto i = static_cast<size_t>(above - levels_.begin());
  const double share = (level - levels_[i - 1]) / (double{levels_[i]} - levels_[i - 1]);
  return quantiles_[i - 1] + share * (double{quantiles_[i]} - quantiles_[i - 1]);
}

Predictive::Moments Predictive::OfQuantiles() const {
  double sum = 0, squares = 0;
  for (int i = 0; i < kQuantiles; ++i) sum += Quantile(LevelOf(i));
  const double mean = sum / kQuantiles;
  for (int i = 0; i < kQuantiles; ++i) {
    const double difference = Quantile(LevelOf(i)) - mean;
    squares += difference * difference;
  }
  return {mean, std::sqrt(squares / kQuantiles)};
}

double Predictive::NegativeLogLikelihood(double truth) const {
  if (kind_ != HeadKind::kGaussian && kind_ != HeadKind::kStudentT) return kNone;
  const double linear = log_ ? std::log(truth) : truth;
  const double z = (linear - location_) / spread_;
  const double shape = kind_ == HeadKind::kGaussian ? GaussianNll(z) : StudentNll(z, degrees_);
  return shape + std::log(spread_) + (log_ ? linear : 0);
}

double Predictive::Crps(double truth) const {
  if (kind_ == HeadKind::kPoint) return std::abs(truth - Point());
  if (kind_ == HeadKind::kGaussian && !log_) return GaussianCrps(truth - location_, spread_);
  double sum = 0;
  for (int i = 0; i < kQuantiles; ++i) sum += Pinball(LevelOf(i), truth - Quantile(LevelOf(i)));
  return 2 * sum / kQuantiles;
}

LocationAndSpread LinearOutput(const SeriesCodec& codec, const HeadNode& head, size_t k,
                               const float* output, const float* context) {
  const size_t column = head.column(k);
  const float spread = head.has_scale() ? output[head.values() + k] : 0;
  return {codec.Linear(column, context, output[k], head.ahead(k)),
          codec.LinearSpread(column, context, spread)};
}

void InvertQuantiles(const SeriesCodec& codec, const HeadNode& head, size_t k, const float* output,
                     const float* context, float* quantiles) {
  const size_t levels = head.levels.size();
  for (size_t i = 0; i < levels; ++i) {
    quantiles[i] = codec.Inverse(head.column(k), context, output[k * levels + i], head.ahead(k));
  }
  std::sort(quantiles, quantiles + levels);
}

double RegressionLoss(const HeadNode& head, const float* output, size_t k, double target) {
  if (head.kind == HeadKind::kQuantiles) {
    double sum = 0;
    const float* quantiles = output + k * head.levels.size();
    for (size_t i = 0; i < head.levels.size(); ++i) {
      sum += Pinball(head.levels[i], target - quantiles[i]);
    }
    return sum / static_cast<double>(head.levels.size());
  }
  const double error = target - output[k];
  if (head.kind == HeadKind::kPoint) return error * error;
  const double scale = output[head.values() + k];
  const double z = error / scale;
  return std::log(scale) + (head.kind == HeadKind::kGaussian
                                ? GaussianNll(z)
                                : StudentNll(z, head.degrees_of_freedom));
}

}  // namespace sequent
