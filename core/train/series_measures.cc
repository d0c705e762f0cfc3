#include "core/train/series_measures.h"

#include <array>
#include <cmath>
#include <limits>
#include <map>

#include "core/train/baselines.h"
#include "core/train/bootstrap.h"

namespace sequent::train {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr uint64_t kIntervalSeed = 1;

// Sums of errors of one kind of forecast.
struct Errors {
  size_t count = 0, nonzero = 0;
  double squared = 0, absolute = 0, relative = 0, symmetric = 0;

  void Add(double truth, double forecast) {
    if (std::isnan(forecast)) return;
    const double error = std::abs(forecast - truth);
    const double size = std::abs(truth) + std::abs(forecast);
    ++count;
    squared += error * error;
    absolute += error;
    if (size > 0) symmetric += 200 * error / size;
    if (truth == 0) return;
    ++nonzero;
    relative += 100 * error / std::abs(truth);
  }
  double rmse() const { return std::sqrt(squared / static_cast<double>(count)); }
  double mae() const { return absolute / static_cast<double>(count); }
};

enum Baseline { kPersistence, kSeasonal, kAr, kBaselines };
constexpr std::array<const char*, kBaselines> kBaselineNames = {"persistence", "seasonal", "ar"};

// The scored values of one column, of one series, or of all.
struct Sums {
  Errors model;
  std::array<Errors, kBaselines> baselines;
  // Squared errors where there is a persistence forecast, by the time of the value: those of
  // several columns, series or origins at one time are not independent.
  struct Compared {
    double model = 0, naive = 0;
  };
  std::map<int64_t, Compared> compared;
  double scaled = 0;  // absolute errors over the series' seasonal change
  size_t scaled_count = 0;
  double nll = 0, nll_constant = 0, crps = 0, covered = 0;
  size_t constant_count = 0, distributions = 0;

  Compared Total() const {
    Compared total;
    for (const auto& [time, at] : compared) {
      total.model += at.model;
      total.naive += at.naive;
    }
    return total;
  }
};

// One value: what came, and what was said of it.
struct Scored {
  int64_t time;
  double truth, forecast;
  std::array<double, kBaselines> baselines;
  double seasonal_change;
};

void Add(const Scored& value, Sums* sums) {
  sums->model.Add(value.truth, value.forecast);
  for (size_t b = 0; b < kBaselines; ++b) {
    sums->baselines[b].Add(value.truth, value.baselines[b]);
  }
  const double naive = value.baselines[kPersistence];
  if (!std::isnan(naive)) {
    Sums::Compared& at = sums->compared[value.time];
    at.model += (value.forecast - value.truth) * (value.forecast - value.truth);
    at.naive += (naive - value.truth) * (naive - value.truth);
  }
  if (value.seasonal_change > 0) {
    sums->scaled += std::abs(value.forecast - value.truth) / value.seasonal_change;
    ++sums->scaled_count;
  }
}

void AddDistribution(const Predictive& predictive, double truth, double low, double high,
                     double constant_nll, Sums* sums) {
  ++sums->distributions;
  sums->crps += predictive.Crps(truth);
  const double nll = predictive.NegativeLogLikelihood(truth);
  sums->nll += nll;
  if (!std::isnan(constant_nll)) {
    sums->nll_constant += constant_nll;
    ++sums->constant_count;
  }
  const bool covered = predictive.Quantile(low) <= truth && truth <= predictive.Quantile(high);
  sums->covered += covered ? 1 : 0;
}

// Scores all forecasts of one series into sums for all and for each column.
class Scorer {
 public:
  Scorer(const SeriesCodec& codec, const SeriesPart& part, const Forecasts& forecasts,
         std::span<const size_t> columns, const MeasureOptions& options)
      : codec_(codec), part_(part), forecasts_(forecasts), columns_(columns), options_(options) {
    low_ = forecasts.levels.empty() ? 0.025 : forecasts.levels.front();
    high_ = forecasts.levels.empty() ? 0.975 : forecasts.levels.back();
  }

  void AddTo(Sums* all, Sums* series, std::vector<Sums>* by_column) {
    for (size_t k = 0; k < columns_.size(); ++k) {
      const Baselines baselines(part_, columns_[k], codec_.log(columns_[k]), options_.period,
                                options_.ar_lags);
      std::vector<double> regression;
      for (size_t i = 0; i < forecasts_.size(); ++i) {
        const size_t row = forecasts_.rows[i], origin = forecasts_.origins[i];
        if (row == origin) regression = baselines.Autoregression(origin, Horizon(i));
        const double truth = part_.at(row, columns_[k]);
        const Predictive predictive = forecasts_.At(i, k);
        const Scored value{part_.unix_ms.empty() ? static_cast<int64_t>(row) : part_.unix_ms[row],
                           truth,
                           predictive.Point(),
                           {baselines.Persistence(origin),
                            options_.period > 1 ? baselines.SeasonalNaive(row, origin) : kNone,
                            regression[row - origin]},
                           baselines.SeasonalChange()};
        if (std::isnan(truth) || std::isnan(value.forecast)) continue;
        for (Sums* sums : {all, series, &(*by_column)[k]}) Add(value, sums);
        if (forecasts_.kind == HeadKind::kPoint || !forecasts_.direct) continue;
        const bool next = options_.scheme.kind == Scheme::Kind::kOneStep;
        AddDistribution(predictive, truth, low_, high_,
                        next ? baselines.ConstantNormalNll(row) : kNone, all);
      }
    }
  }

 private:
  // Forecasts from the origin of forecast i, which is its first.
  size_t Horizon(size_t i) const {
    size_t count = 0;
    while (i + count < forecasts_.size() && forecasts_.origins[i + count] == forecasts_.origins[i])
      ++count;
    return count;
  }

  const SeriesCodec& codec_;
  const SeriesPart& part_;
  const Forecasts& forecasts_;
  const std::span<const size_t> columns_;
  const MeasureOptions& options_;
  double low_, high_;
};

void ReportErrors(const Sums& sums, const MeasureOptions& options, Measures* measures) {
  Measures& m = *measures;
  m["rmse"] = sums.model.rmse();
  m["mae"] = sums.model.mae();
  m["smape"] = sums.model.symmetric / static_cast<double>(sums.model.count);
  m["values"] = static_cast<double>(sums.model.count);
  const auto relative = [&](const std::string& name, const Errors& errors) {
    if (errors.nonzero > 0) m[name] = errors.relative / static_cast<double>(errors.nonzero);
  };
  relative("mape", sums.model);
  if (sums.scaled_count > 0) m["mase"] = sums.scaled / static_cast<double>(sums.scaled_count);
  for (size_t b = 0; b < kBaselines; ++b) {
    const Errors& errors = sums.baselines[b];
    if (errors.count == 0) continue;
    const std::string name = kBaselineNames[b];
    m["rmse_" + name] = errors.rmse();
    m["mae_" + name] = errors.mae();
    relative("mape_" + name, errors);
  }
  const Sums::Compared total = sums.Total();
  if (!(total.naive > 0)) return;
  m["skill"] = 1 - std::sqrt(total.model / total.naive);
  if (!options.interval) return;
  std::vector<double> errors, naive;
  for (const auto& [time, at] : sums.compared) {
    errors.push_back(at.model);
    naive.push_back(at.naive);
  }
  if (const auto interval = SkillInterval(errors, naive, kIntervalSeed)) {
    m["skill_low"] = interval->low;
    m["skill_high"] = interval->high;
  }
}

void ReportDistribution(const Sums& sums, bool quantiles, Measures* measures) {
  if (sums.distributions == 0) return;
  const double n = static_cast<double>(sums.distributions);
  (*measures)["crps"] = sums.crps / n;
  (*measures)[quantiles ? "coverage" : "coverage95"] = sums.covered / n;
  if (quantiles) return;
  (*measures)["nll"] = sums.nll / n;
  if (sums.constant_count == 0) return;
  (*measures)["nll_constant"] = sums.nll_constant / static_cast<double>(sums.constant_count);
}

void ReportSeries(const std::string& name, const Sums& sums, Measures* measures) {
  if (sums.model.count == 0) return;
  (*measures)["rmse.series." + name] = sums.model.rmse();
  if (sums.baselines[kPersistence].count == 0) return;
  (*measures)["rmse_persistence.series." + name] = sums.baselines[kPersistence].rmse();
}

}  // namespace

StatusOr<Measures> SeriesMeasures(const Model& model, std::span<const SeriesPart> parts,
                                  std::span<const Forecasts> forecasts,
                                  const MeasureOptions& options) {
  const std::vector<size_t>& columns = model.graph().heads[0].columns;
  Measures measures;
  Sums all;
  std::vector<Sums> by_column(columns.size());
  for (size_t s = 0; s < parts.size(); ++s) {
    Sums series;
    Scorer(*model.series_codec(), parts[s], forecasts[s], columns, options)
        .AddTo(&all, &series, &by_column);
    if (parts.size() > 1) ReportSeries(parts[s].name, series, &measures);
  }
  if (all.model.count == 0) {
    return absl::InvalidArgumentError("expected values to score, got only missing ones");
  }
  for (size_t k = 0; k < columns.size(); ++k) {
    if (by_column[k].model.count == 0) continue;
    measures["rmse." + model.series_codec()->names()[columns[k]]] = by_column[k].model.rmse();
  }
  ReportErrors(all, options, &measures);
  ReportDistribution(all, forecasts[0].kind == HeadKind::kQuantiles, &measures);
  return measures;
}

StatusOr<Measures> MeasureSeries(const Model& model, std::span<const SeriesPart> parts,
                                 const MeasureOptions& options, ThreadPool* pool) {
  std::vector<HeadLoss> losses(model.graph().heads.size());
  std::vector<Forecasts> forecasts;
  for (const SeriesPart& part : parts) {
    SEQ_ASSIGN_OR_RETURN(SeriesRun run, RunSeries(model, part, {}, pool));
    for (size_t h = 0; h < losses.size(); ++h) {
      losses[h].sum += run.losses[h].sum;
      losses[h].count += run.losses[h].count;
    }
    if (options.scheme.kind != Scheme::Kind::kOneStep) {
      SEQ_ASSIGN_OR_RETURN(run, RunSeries(model, part, options.scheme, pool));
    }
    forecasts.push_back(std::move(run.forecasts));
  }
  SEQ_ASSIGN_OR_RETURN(Measures measures, SeriesMeasures(model, parts, forecasts, options));
  double loss = 0;
  for (size_t h = 0; h < losses.size(); ++h) {
    const double count = static_cast<double>(losses[h].count);
    if (count > 0) loss += model.graph().heads[h].loss_weight * losses[h].sum / count;
  }
  measures["loss"] = loss;
  return measures;
}

}  // namespace sequent::train
