// A data file, its parts, and what a model and the training loop need of it.
//
// Thread safety: plain data and pure functions.
#ifndef SEQUENT_TRAINER_DATASET_H_
#define SEQUENT_TRAINER_DATASET_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/codec/text_codec.h"
#include "core/train/data.h"
#include "core/train/labelled_data.h"
#include "core/train/series_data.h"
#include "core/train/split.h"
#include "sequent/v1/model.pb.h"
#include "sequent/v1/train.pb.h"

namespace sequent {

// One of text, series and sequences is filled, by the task.
struct Dataset {
  std::string text;
  train::SeriesTable series;
  std::vector<train::LabelledSequence> sequences;
  bool tagged = false;       // a label per token
  std::string ignore_label;  // data.ignore_label
  bool lines = false;        // data.unit: parts of a text are cut in lines, not in code points
  size_t size = 0;           // code points, lines, rows or sequences
  std::string sha256;
};

struct LoadOptions {
  uint64_t seed = 1;                     // of data.shuffle_split
  bool with_labels = true;               // classify, tag: whether a file without labels is refused
  std::vector<std::string> series = {};  // names of series that a model knows, see ReadSeries
};

// DATA_LOSS: what is wrong with a file, a missing one included. INVALID_ARGUMENT: data.* keys.
StatusOr<Dataset> LoadDataset(const std::string& task, const v1::DataConfig& data,
                              const LoadOptions& options = {});

// The model's configuration with its codec fitted on the training part alone, heads and feedback
// completed. `known_pieces`: see FitTokenInput.
StatusOr<v1::ModelConfig> BuildModelConfig(const v1::TrainConfig& config, const Dataset& dataset,
                                           const train::Part& training,
                                           std::string_view known_pieces = {});

// The training part through the model's codec.
StatusOr<train::TrainingData> BuildTrainingData(const v1::ModelConfig& model,
                                                const Dataset& dataset,
                                                const train::Part& training);

// A part of the text.
std::string_view TextOf(const Dataset& dataset, const train::Part& part);

std::vector<int32_t> EncodePart(const TextCodec& codec, const Dataset& dataset,
                                const train::Part& part);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_DATASET_H_
