// `sequent.training` of a model file: where the model comes from, for people and for `evaluate`.
//
// Holds nothing that a clock or the number of threads decides: the same fit gives the same bytes.
// Thread safety: plain data and pure functions.
#ifndef SEQUENT_TRAINER_TRAINING_RECORD_H_
#define SEQUENT_TRAINER_TRAINING_RECORD_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/status.h"
#include "core/train/split.h"
#include "core/train/trainer.h"
#include "sequent/v1/train.pb.h"

namespace sequent {

struct TrainingRecord {
  uint64_t seed = 0;
  v1::DataConfig data;
  std::string data_sha256;
  train::Parts parts;
  v1::ForecastConfig forecast;
  uint64_t best_update = 0, updates = 0;
  train::Measures validation, test;
};

std::string RecordToJson(const TrainingRecord& record);
// INVALID_ARGUMENT: not a record of sequent-train (models from elsewhere have none). Parts end no
// sooner than they begin; whether they lie within the data is for the reader to check.
StatusOr<TrainingRecord> RecordFromJson(std::string_view json);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_TRAINING_RECORD_H_
