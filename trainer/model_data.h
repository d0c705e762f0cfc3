// Saved models together with the data they are to be measured on.
#ifndef SEQUENT_TRAINER_MODEL_DATA_H_
#define SEQUENT_TRAINER_MODEL_DATA_H_

#include <optional>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "trainer/commands.h"
#include "trainer/dataset.h"
#include "trainer/scoring.h"
#include "trainer/training_record.h"

namespace sequent {

struct ModelData {
  ModelList models;
  std::optional<TrainingRecord> record;  // the first model's
  Dataset dataset;
  std::string part_name;
  train::Part part;
  bool same_data = false;       // the bytes that fit saw
  v1::ForecastConfig forecast;  // the record's, unless PartOptions says otherwise
  ScoreOptions score() const;   // how to measure, with the bootstrap interval
};

// DATA_LOSS: a file that is no model; the error names it.
StatusOr<ModelList> LoadModels(const std::vector<std::string>& paths, const ModelOptions& options);

// DATA_LOSS: a model or data file that can not be read, or is shorter than the part, or than any
// that the model records of this very data. INVALID_ARGUMENT: a part that is not there, an
// evaluation that the models do not have. `with_labels`: as LoadOptions.
StatusOr<ModelData> LoadModelData(const std::vector<std::string>& models,
                                  const std::vector<std::string>& data, const PartOptions& part,
                                  const ModelOptions& options = {}, bool with_labels = true);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_MODEL_DATA_H_
