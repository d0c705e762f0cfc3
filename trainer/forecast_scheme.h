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

// `forecast` has passed. With the bootstrap interval if `interval`.
train::MeasureOptions MeasureOptionsOf(const v1::ForecastConfig& forecast, bool interval);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_FORECAST_SCHEME_H_
