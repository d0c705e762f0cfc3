#include "core/train/baselines.h"

#include <Eigen/Dense>
#include <cmath>
#include <limits>
#include <numbers>

namespace sequent::train {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

}  // namespace

Baselines::Baselines(const SeriesPart& part, size_t column, bool log, size_t period, size_t ar_lags)
    : part_(part), column_(column), period_(period), log_(log) {
  double last = kNone;
  for (size_t t = 0; t < part.rows(); ++t) {
    const double value = part.at(t, column);
    if (!std::isnan(value)) last = log ? std::log(value) : value;
    filled_.push_back(last);
  }
  FitChanges();
  FitAutoregression(ar_lags);
}

void Baselines::FitChanges() {
  double seasonal = 0, sum = 0, squares = 0;
  size_t seasons = 0, changes = 0;
  for (size_t t = 1; t < part_.training; ++t) {
    if (std::isnan(part_.at(t, column_))) continue;
    if (t >= period_ && !std::isnan(part_.at(t - period_, column_))) {
      seasonal +=
          std::abs(static_cast<double>(part_.at(t, column_)) - part_.at(t - period_, column_));
      ++seasons;
    }
    const double change = filled_[t] - filled_[t - 1];
    if (std::isnan(change)) continue;
    sum += change;
    squares += change * change;
    ++changes;
  }
  if (seasons > 0) seasonal_change_ = seasonal / static_cast<double>(seasons);
  if (changes == 0) return;
  const double n = static_cast<double>(changes);
  change_mean_ = sum / n;
  change_deviation_ = std::sqrt(std::max(0.0, squares / n - change_mean_ * change_mean_));
}

void Baselines::FitAutoregression(size_t lags) {
  std::vector<size_t> usable;
  for (size_t t = lags; t < part_.training; ++t) {
    if (!std::isnan(filled_[t - lags]) && !std::isnan(part_.at(t, column_))) usable.push_back(t);
  }
  if (lags == 0 || usable.size() < 2 * (lags + 1)) return;
  Eigen::MatrixXd design(usable.size(), lags + 1);
  Eigen::VectorXd target(usable.size());
  for (size_t i = 0; i < usable.size(); ++i) {
    const auto row = static_cast<Eigen::Index>(i);
    target(row) = filled_[usable[i]];
    design(row, 0) = 1;
    for (size_t lag = 1; lag <= lags; ++lag) {
      design(row, static_cast<Eigen::Index>(lag)) = filled_[usable[i] - lag];
    }
  }
  const Eigen::VectorXd solution = design.colPivHouseholderQr().solve(target);
  coefficients_.assign(solution.data(), solution.data() + solution.size());
}

double Baselines::Persistence(size_t origin) const {
  if (origin == 0) return kNone;
  return log_ ? std::exp(filled_[origin - 1]) : filled_[origin - 1];
}

double Baselines::SeasonalNaive(size_t row, size_t origin) const {
  const size_t cycles = (row - origin) / period_ + 1;
  return cycles * period_ > row ? kNone : part_.at(row - cycles * period_, column_);
}

std::vector<double> Baselines::Autoregression(size_t origin, size_t horizon) const {
  std::vector<double> forecasts(horizon, kNone);
  const size_t lags = coefficients_.empty() ? 0 : coefficients_.size() - 1;
  if (lags == 0 || origin < lags) return forecasts;
  std::vector<double> known(filled_.begin() + static_cast<ptrdiff_t>(origin - lags),
                            filled_.begin() + static_cast<ptrdiff_t>(origin));
  for (double& forecast : forecasts) {
    double next = coefficients_[0];
    for (size_t lag = 1; lag <= lags; ++lag) {
      next += coefficients_[lag] * known[known.size() - lag];
    }
    known.push_back(next);
    forecast = log_ ? std::exp(next) : next;
  }
  return forecasts;
}

double Baselines::ConstantNormalNll(size_t row) const {
  if (row == 0 || !(change_deviation_ > 0) || std::isnan(part_.at(row, column_))) return kNone;
  const double z = (filled_[row] - filled_[row - 1] - change_mean_) / change_deviation_;
  return 0.5 * std::log(2 * std::numbers::pi) + std::log(change_deviation_) + 0.5 * z * z +
         (log_ ? filled_[row] : 0);
}

}  // namespace sequent::train
