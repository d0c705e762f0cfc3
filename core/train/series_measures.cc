#include <cmath>
#include <limits>

#include "core/train/measure.h"

namespace sequent::train {
namespace {

double NormalCdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }
double NormalDensity(double z) { return std::exp(-0.5 * z * z) / std::sqrt(2 * M_PI); }

// Gneiting and Raftery, "Strictly proper scoring rules", JASA 2007, equation 21.
double GaussianCrps(double error, double scale) {
  const double z = error / scale;
  return scale * (z * (2 * NormalCdf(z) - 1) + 2 * NormalDensity(z) - 1 / std::sqrt(M_PI));
}

// Sums over the scored values of one column or of all.
struct Sums {
  size_t count = 0;
  double squared = 0, absolute = 0, symmetric = 0;
  size_t naive_count = 0;
  double naive_squared = 0, naive_absolute = 0;
  double nll = 0, crps = 0, covered = 0;

  void Add(double truth, double forecast, double naive) {
    const double error = forecast - truth;
    const double size = std::abs(truth) + std::abs(forecast);
    ++count;
    squared += error * error;
    absolute += std::abs(error);
    if (size > 0) symmetric += 200 * std::abs(error) / size;
    if (std::isnan(naive)) return;
    ++naive_count;
    naive_squared += (naive - truth) * (naive - truth);
    naive_absolute += std::abs(naive - truth);
  }

  void AddGaussian(double truth, double forecast, double scale) {
    const double z = (truth - forecast) / scale;
    nll += std::log(scale) + 0.5 * std::log(2 * M_PI) + 0.5 * z * z;
    crps += GaussianCrps(truth - forecast, scale);
    covered += std::abs(z) <= 1.959963984540054 ? 1 : 0;
  }
};

// The change from one row to the next, mean over the context and the columns: MASE's unit.
double MeanChange(std::span<const float> rows, size_t width, std::span<const size_t> columns,
                  size_t context) {
  double sum = 0;
  size_t count = 0;
  for (size_t t = 1; t < context; ++t) {
    for (const size_t c : columns) {
      const double change = static_cast<double>(rows[t * width + c]) - rows[(t - 1) * width + c];
      if (std::isnan(change)) continue;
      sum += std::abs(change);
      ++count;
    }
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

void Report(const Sums& sums, double change, bool gaussian, Measures* measures) {
  const double n = static_cast<double>(sums.count);
  (*measures)["rmse"] = std::sqrt(sums.squared / n);
  (*measures)["mae"] = sums.absolute / n;
  (*measures)["smape"] = sums.symmetric / n;
  (*measures)["values"] = n;
  if (change > 0) (*measures)["mase"] = sums.absolute / n / change;
  if (sums.naive_count > 0) {
    const double m = static_cast<double>(sums.naive_count);
    const double persistence = std::sqrt(sums.naive_squared / m);
    (*measures)["rmse_persistence"] = persistence;
    (*measures)["mae_persistence"] = sums.naive_absolute / m;
    if (persistence > 0) (*measures)["skill"] = 1 - (*measures)["rmse"] / persistence;
  }
  if (!gaussian) return;
  (*measures)["nll"] = sums.nll / n;
  (*measures)["crps"] = sums.crps / n;
  (*measures)["coverage95"] = sums.covered / n;
}

}  // namespace

StatusOr<Measures> SeriesMeasures(const Model& model, const Forecasts& forecasts,
                                  std::span<const float> rows, size_t context) {
  const HeadNode& head = model.graph().heads[0];
  const size_t width = model.series_codec()->columns();
  const bool gaussian = !forecasts.scale.empty();
  Measures measures;
  Sums all;
  for (size_t k = 0; k < head.columns.size(); ++k) {
    const size_t column = head.columns[k];
    double naive = std::numeric_limits<double>::quiet_NaN();
    Sums own;
    for (size_t t = 0; t < rows.size() / width; ++t) {
      const double truth = rows[t * width + column];
      if (std::isnan(truth)) continue;
      const size_t at = (t - context) * head.columns.size() + k;
      if (t >= context && !std::isnan(forecasts.mean[at])) {
        for (Sums* sums : {&own, &all}) {
          sums->Add(truth, forecasts.mean[at], naive);
          if (gaussian) sums->AddGaussian(truth, forecasts.mean[at], forecasts.scale[at]);
        }
      }
      naive = truth;
    }
    if (own.count > 0) {
      measures[StrCat("rmse.", model.series_codec()->names()[column])] =
          std::sqrt(own.squared / static_cast<double>(own.count));
    }
  }
  if (all.count == 0) {
    return absl::InvalidArgumentError("expected values to score, got only missing ones");
  }
  Report(all, MeanChange(rows, width, head.columns, context), gaussian, &measures);
  return measures;
}

}  // namespace sequent::train
