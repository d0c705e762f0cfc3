// The input of a forecasting model, fitted on the training part, and what it is trained on.
//
// Thread safety: pure functions.
#ifndef SEQUENT_TRAINER_SERIES_MODEL_H_
#define SEQUENT_TRAINER_SERIES_MODEL_H_

#include "core/base/status.h"
#include "core/train/data.h"
#include "core/train/series_data.h"
#include "core/train/split.h"
#include "sequent/v1/model.pb.h"
#include "sequent/v1/train.pb.h"

namespace sequent {

// The columns of `table` with the transforms of config.model.input[0].features, learned on the rows
// of `training`. INVALID_ARGUMENT: a key that is wrong; DATA_LOSS: data that cannot be learned
// from.
Status BuildFeatures(const v1::TrainConfig& config, const train::SeriesTable& table,
                     const train::Part& training, v1::FeatureInput* input);

// The training part through the model's codec, and what the heads should say one step ahead.
StatusOr<train::Series> BuildSeries(const v1::ModelConfig& model, const train::SeriesTable& table,
                                    const train::Part& training);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_SERIES_MODEL_H_
