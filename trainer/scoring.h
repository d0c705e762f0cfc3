// Models against a part of a data file, with the naive baselines beside them.
//
// Thread safety: pure functions.
#ifndef SEQUENT_TRAINER_SCORING_H_
#define SEQUENT_TRAINER_SCORING_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/base/thread_pool.h"
#include "core/nn/model.h"
#include "core/train/measure.h"
#include "core/train/series_measures.h"
#include "trainer/dataset.h"

namespace sequent {

using ModelList = std::vector<std::shared_ptr<const Model>>;

// How series are measured.
struct ScoreOptions {
  train::MeasureOptions forecast;
  // What the models were fitted on, if it is known: baselines learn from it. Else they learn from
  // the rows before the part.
  std::optional<train::Part> training = std::nullopt;
};

// One model: core/train's measures. Several: their probabilities, or forecasts, averaged (no `loss`
// for series: an average of models has none in model units). Language models start at the part's
// first symbol with a zero state; series are warmed up on all rows before the part.
StatusOr<train::Measures> Score(const ModelList& models, const Dataset& dataset,
                                const train::Part& part, ThreadPool* pool,
                                const ScoreOptions& options = {});

// The series that have rows in `part`, and what the models, averaged, say of those.
struct SeriesForecasts {
  std::vector<train::SeriesPart> parts;
  std::vector<train::Forecasts> forecasts;
};
StatusOr<SeriesForecasts> AverageForecasts(const ModelList& models, const Dataset& dataset,
                                           const train::Part& part, ThreadPool* pool,
                                           const ScoreOptions& options = {});

// Nats per symbol of `part` when every symbol is drawn by its frequency in `training` (each counted
// once more, so that none is impossible).
double UnigramLoss(const TextCodec& codec, const Dataset& dataset, const train::Part& training,
                   const train::Part& part);

// The figures for people: a line per measure, and the verdict against the naive baseline.
std::string DescribeMeasures(const std::string& part, const train::Measures& measures);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_SCORING_H_
