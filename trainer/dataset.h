// A data file, its parts, and what a model and the training loop need of it.
//
// Thread safety: plain data and pure functions.
#ifndef SEQUENT_TRAINER_DATASET_H_
#define SEQUENT_TRAINER_DATASET_H_

#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/codec/text_codec.h"
#include "core/train/data.h"
#include "core/train/series_data.h"
#include "core/train/split.h"
#include "sequent/v1/model.pb.h"
#include "sequent/v1/train.pb.h"

namespace sequent {

// One of text and series is filled, by the task.
struct Dataset {
  std::string text;
  train::SeriesTable series;
  size_t size = 0;  // code points or rows
  std::string sha256;
};

// DATA_LOSS: what is wrong with a file, a missing one included. INVALID_ARGUMENT: data.* keys.
// `series`: the names of series that a model knows, see ReadSeries.
StatusOr<Dataset> LoadDataset(const std::string& task, const v1::DataConfig& data,
                              const std::vector<std::string>& series = {});

// The model's configuration with its codec fitted on the training part alone, heads and feedback
// completed.
StatusOr<v1::ModelConfig> BuildModelConfig(const v1::TrainConfig& config, const Dataset& dataset,
                                           const train::Part& training);

// The training part through the model's codec.
StatusOr<train::TrainingData> BuildTrainingData(const v1::ModelConfig& model,
                                                const Dataset& dataset,
                                                const train::Part& training);

std::vector<int32_t> EncodePart(const TextCodec& codec, const Dataset& dataset,
                                const train::Part& part);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_DATASET_H_
