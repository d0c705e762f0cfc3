// Forecasts against what came, in the user's units, beside the baselines.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_SERIES_MEASURES_H_
#define SEQUENT_CORE_TRAIN_SERIES_MEASURES_H_

#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/base/thread_pool.h"
#include "core/train/forecasts.h"
#include "core/train/trainer.h"

namespace sequent::train {

struct MeasureOptions {
  Scheme scheme;
  size_t period = 1;      // rows per cycle, for the seasonal naive baseline and MASE
  size_t ar_lags = 0;     // 0: no linear AR baseline
  bool interval = false;  // skill's bootstrap interval
};

// Over all columns of the first head and all series; missing truths are not scored:
//   rmse, mae, mape (100 |e| / |y|, values of 0 left out), smape (200 |e| / (|y| + |f|)), mase (mae
//   over that of the seasonal naive forecast within the training rows), values (how many);
//   rmse_B, mae_B, mape_B of the baselines B: persistence, seasonal (if period > 1), ar (if lags);
//   skill = 1 - rmse / rmse_persistence, both over the rows that have a persistence forecast, its
//   95 % interval skill_low, skill_high (bootstrap.h); rmse.<column>;
//   of several series rmse.series.<series>, rmse_persistence.series.<series>.
// Of a distribution that the head says itself (one step ahead, or of several at once) also nll;
// crps; coverage95 of the middle 95 %; of quantile heads crps and coverage, of what lies between
// the outermost levels. Beside nll, one step ahead, nll_constant (normal changes of constant
// variance). INVALID_ARGUMENT if nothing can be scored.
StatusOr<Measures> SeriesMeasures(const Model& model, std::span<const SeriesPart> parts,
                                  std::span<const Forecasts> forecasts,
                                  const MeasureOptions& options);

// RunSeries and SeriesMeasures, and `loss`: the training loss in model units, mean over valid
// targets, always from every row to what its heads say next.
StatusOr<Measures> MeasureSeries(const Model& model, std::span<const SeriesPart> parts,
                                 const MeasureOptions& options, ThreadPool* pool);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_SERIES_MEASURES_H_
