// The keys `forecast.*`: checked, and as core/train takes them.
//
// Thread safety: pure functions.
#ifndef SEQUENT_TRAINER_FORECAST_SCHEME_H_
#define SEQUENT_TRAINER_FORECAST_SCHEME_H_

#include "core/base/status.h"
#include "core/train/series_measures.h"
#include "sequent/v1/train.pb.h"

namespace sequent {

// INVALID_ARGUMENT naming the key.
Status CheckForecast(const v1::ForecastConfig& forecast);

// Whether heads say all steps at once. INVALID_ARGUMENT: an output that there is not.
StatusOr<bool> IsDirect(const v1::ForecastConfig& forecast);

// Gives regression heads their horizon. `forecast` has passed. INVALID_ARGUMENT: a head that has
// another one already.
Status SetHorizons(const v1::ForecastConfig& forecast, v1::ModelSpec* model);

// `forecast` has passed. With the bootstrap interval if `interval`.
train::MeasureOptions MeasureOptionsOf(const v1::ForecastConfig& forecast, bool interval);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_FORECAST_SCHEME_H_
