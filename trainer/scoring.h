// Models against a part of a data file, with the naive baselines beside them.
//
// Thread safety: pure functions.
#ifndef SEQUENT_TRAINER_SCORING_H_
#define SEQUENT_TRAINER_SCORING_H_

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/base/thread_pool.h"
#include "core/nn/model.h"
#include "core/train/measure.h"
#include "trainer/dataset.h"

namespace sequent {

using ModelList = std::vector<std::shared_ptr<const Model>>;

// One model: core/train's measures. Several: their probabilities, or means, averaged (no `loss` for
// series: an average of models has none in model units). Language models start at the part's first
// symbol with a zero state; series are warmed up on all rows before the part.
StatusOr<train::Measures> Score(const ModelList& models, const Dataset& dataset,
                                const train::Part& part, ThreadPool* pool);

// Forecasts of the part's rows, averaged over the models.
StatusOr<train::Forecasts> AverageForecasts(const ModelList& models, const Dataset& dataset,
                                            const train::Part& part, ThreadPool* pool);

// Nats per symbol of `part` when every symbol is drawn by its frequency in `training` (each counted
// once more, so that none is impossible).
double UnigramLoss(const TextCodec& codec, const Dataset& dataset, const train::Part& training,
                   const train::Part& part);

// The figures for people: a line per measure, and the verdict against the naive baseline.
std::string DescribeMeasures(const std::string& part, const train::Measures& measures);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_SCORING_H_
