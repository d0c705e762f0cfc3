#include "core/train/regression_loss.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/nn/predictive.h"

namespace sequent::train {
namespace {

double Softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

template <typename T>
double PointLoss(T value, T target, double scale, T* delta) {
  const double error = static_cast<double>(value) - static_cast<double>(target);
  *delta = static_cast<T>(2 * error * scale);
  return error * error * scale;
}

// A location, an unactivated scale and the scale it stands for.
struct Spread {
  double z, deviation, slope;  // standardised target; scale; d scale / d raw
};

template <typename T>
Spread SpreadOf(T location, T raw, T target, double deviation) {
  const double z = (static_cast<double>(target) - static_cast<double>(location)) / deviation;
  return {z, deviation, 1 / (1 + std::exp(-static_cast<double>(raw)))};
}

template <typename T>
double GaussianLoss(const Spread& s, double scale, T* location_delta, T* raw_delta) {
  *location_delta = static_cast<T>(-s.z / s.deviation * scale);
  *raw_delta = static_cast<T>((1 - s.z * s.z) / s.deviation * s.slope * scale);
  return (0.5 * std::log(2 * std::numbers::pi) + std::log(s.deviation) + 0.5 * s.z * s.z) * scale;
}

template <typename T>
double StudentLoss(const Spread& s, double degrees, double scale, T* location_delta, T* raw_delta) {
  // (degrees + 1) / (degrees + z^2): how much less a far value pulls than under a Gaussian.
  const double weight = (degrees + 1) / (degrees + s.z * s.z);
  *location_delta = static_cast<T>(-weight * s.z / s.deviation * scale);
  *raw_delta = static_cast<T>((1 - weight * s.z * s.z) / s.deviation * s.slope * scale);
  return (StudentNll(s.z, degrees) + std::log(s.deviation)) * scale;
}

// Mean pinball loss of the quantiles y [levels] of one value.
template <typename T>
double PinballLoss(const std::vector<float>& levels, T target, double scale, const T* y, T* dy) {
  double sum = 0;
  const double each = scale / static_cast<double>(levels.size());
  for (size_t i = 0; i < levels.size(); ++i) {
    const double error = static_cast<double>(target) - static_cast<double>(y[i]);
    const double slope = error >= 0 ? levels[i] : levels[i] - 1.0;
    dy[i] = static_cast<T>(-slope * each);
    sum += slope * error;
  }
  return sum * each;
}

}  // namespace

template <typename T>
double RegressionLossAndGradient(const HeadNode& head, const T* targets, double scale, T* y,
                                 T* dy) {
  double loss = 0;
  const size_t values = head.values();
  for (size_t k = 0; k < values; ++k) {
    const bool valid = !std::isnan(targets[k]);
    if (head.kind == HeadKind::kPoint) {
      if (valid) loss += PointLoss(y[k], targets[k], scale, dy + k);
      continue;
    }
    if (head.kind == HeadKind::kQuantiles) {
      const size_t first = k * head.levels.size();
      if (valid) loss += PinballLoss(head.levels, targets[k], scale, y + first, dy + first);
      continue;
    }
    const T raw = y[values + k];
    const double deviation = Softplus(static_cast<double>(raw)) + 1e-6;
    y[values + k] = static_cast<T>(deviation);
    if (!valid) continue;
    const Spread spread = SpreadOf(y[k], raw, targets[k], deviation);
    loss += head.kind == HeadKind::kGaussian
                ? GaussianLoss(spread, scale, dy + k, dy + values + k)
                : StudentLoss(spread, head.degrees_of_freedom, scale, dy + k, dy + values + k);
  }
  return loss;
}

template double RegressionLossAndGradient(const HeadNode&, const float*, double, float*, float*);
template double RegressionLossAndGradient(const HeadNode&, const double*, double, double*, double*);

}  // namespace sequent::train
