// Whether a checkpoint belongs to the run that wants to go on from it.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_SAME_RUN_H_
#define SEQUENT_CORE_TRAIN_SAME_RUN_H_

#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/model/tensor.h"
#include "core/train/checkpoint.h"
#include "core/train/data.h"
#include "sequent/v1/model.pb.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

// Hexadecimal SHA-256 of everything that training reads.
std::string Fingerprint(const TrainingData& data);

// What a run is made of, as short text for ranks to compare.
struct RunPart {
  std::string name;  // "data"
  std::string fingerprint;
};

// The configuration but for output and the place of the data, the model, the weights to start from
// (or null) and the data.
std::vector<RunPart> RunParts(const v1::TrainConfig& config, const v1::ModelConfig& model,
                              const TensorMap* initial, const std::string& data_fingerprint);

// FAILED_PRECONDITION names every key that differs, but for those that a resumed run may change:
// train.epochs, max_updates, max_time, threads, early_stopping.patience, checkpoint; output. Other
// data under the same path is refused too.
Status CheckSameRun(const v1::TrainConfig& config, const v1::ModelConfig& model,
                    const std::string& data_fingerprint, const Checkpoint& checkpoint);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_SAME_RUN_H_
