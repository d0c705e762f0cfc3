// The training loop: batches, forward, loss, backward, clip, update; validation, early stopping,
// checkpoints. Knows nothing of files people have, terminals or command lines.
//
// Determinism: the weights after update n are a function of (config, data, n) alone: the same bits
// on one thread and on many, in one go and resumed. Thread safety: one Fit at a time per run
// directory; `stop` may be set from any thread or a signal.
#ifndef SEQUENT_CORE_TRAIN_TRAINER_H_
#define SEQUENT_CORE_TRAIN_TRAINER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "core/base/status.h"
#include "core/model/tensor.h"
#include "core/train/data.h"
#include "core/train/ranks.h"
#include "sequent/v1/model.pb.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

struct UpdateEvent {
  uint64_t update = 0;   // from 1
  uint64_t updates = 0;  // in the whole run, as far as known
  double epoch = 0;      // fractional
  double loss = 0, grad_norm = 0, lr = 0;
  double seconds = 0;    // since the start of this process's run
  uint64_t symbols = 0;  // (row, step) pairs of this update, without padding
};

// Named measures of one validation; "loss" is always there.
using Measures = std::map<std::string, double>;

struct ValidationEvent {
  uint64_t update = 0;
  double epoch = 0;
  Measures measures;
  bool best = false;
};

// Where a run begins.
struct StartEvent {
  uint64_t update = 0;  // after this one: 0, or the checkpoint's
  // Whether that one was validated on schedule. The validation of an end off the schedule is not
  // part of the run that goes on from there; one that was over makes it again.
  bool validated = false;
};

struct TrainerHooks {
  // Measures the model as it stands: core/nn on the validation part, so the same bits as
  // `evaluate`. Empty: no validation.
  std::function<StatusOr<Measures>(const TensorMap& tensors)> validate;
  // Once, when it is clear that the run can go on, before anything else. An error ends the run.
  std::function<Status(const StartEvent&)> on_start;
  std::function<void(const UpdateEvent&)> on_update;
  std::function<void(const ValidationEvent&)> on_validation;
  // After a checkpoint was written.
  std::function<void(uint64_t update)> on_checkpoint;
  const std::atomic<bool>* stop = nullptr;  // Ctrl-C: finish the update, then stop
  // The processes that train this model; null: this one alone. `validate` must be set on all or on
  // none and is called on rank 0; the other hooks are each rank's own affair. Errors are the same
  // on all ranks.
  Ranks* ranks = nullptr;
};

struct FitResult {
  // By early_stopping.monitor; the last ones without validation. The moving average, if there is
  // one.
  TensorMap best;
  Measures best_measures;
  uint64_t best_update = 0;
  uint64_t updates = 0;
  double epochs = 0;
  uint64_t symbols = 0;      // trained on in this process
  double train_seconds = 0;  // spent in updates in this process
  std::string stop_reason;  // "epochs", "max_updates", "max_time", "early_stopping", "interrupted",
                            // "finished already"
};

// `config.train` with every default filled in; INVALID_ARGUMENT names the key, as
// "train.optimizer.adam.lr: expected > 0, got -1".
StatusOr<v1::TrainOptions> ResolveTrainOptions(const v1::TrainConfig& config);

// Trains `model` (codecs fitted, feedback set) on `data`. `run_dir` holds checkpoints; empty =
// none. With `resume` goes on from the newest checkpoint, or from the beginning if there is none; a
// checkpoint of another configuration is refused by the name of the key that differs. `initial`:
// weights to start from instead of random ones, or null. Without `resume` checkpoints in `run_dir`
// are removed first; only rank 0 touches `run_dir`. Errors: INVALID_ARGUMENT (config),
// FAILED_PRECONDITION (resume refused; nothing was touched), OUT_OF_RANGE (loss, gradient or
// weights not finite: names update, layer and gradient norm; the last checkpoint is kept),
// RESOURCE_EXHAUSTED or UNAVAILABLE (a checkpoint could not be written; the one before it is kept).
StatusOr<FitResult> Fit(const v1::TrainConfig& config, const v1::ModelConfig& model,
                        const TrainingData& data, const std::string& run_dir, bool resume,
                        const TensorMap* initial, const TrainerHooks& hooks);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_TRAINER_H_
