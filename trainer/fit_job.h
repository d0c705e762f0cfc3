// One fit, step by step, for the commands that make many of them.
//
// Thread safety: plain data; one user of a job at a time.
#ifndef SEQUENT_TRAINER_FIT_JOB_H_
#define SEQUENT_TRAINER_FIT_JOB_H_

#include <memory>

#include "core/base/status.h"
#include "core/base/thread_pool.h"
#include "core/train/trainer.h"
#include "trainer/commands.h"
#include "trainer/dataset.h"
#include "trainer/scoring.h"
#include "trainer/training_record.h"

namespace sequent {

// Everything one fit works on.
struct Job {
  v1::TrainConfig config;
  Dataset dataset;
  train::Parts parts;
  v1::ModelConfig model;
  train::TrainingData data;
  TensorMap initial;  // empty: random weights
  std::unique_ptr<ThreadPool> pool;
};

// `config` with its defaults. Codecs are fitted on the training part alone. DATA_LOSS: the data.
// INVALID_ARGUMENT: the configuration.
// `known_pieces`: see FitTokenInput.
StatusOr<Job> PrepareJob(v1::TrainConfig config, std::string_view known_pieces = {});
// The same with the data already there, cut as `parts` says.
StatusOr<Job> PrepareJob(v1::TrainConfig config, Dataset dataset, const train::Parts& parts,
                         std::string_view known_pieces = {});

// Trains in the job's run folder, with checkpoints, metrics.jsonl and progress. Of the options:
// resume, progress, stop and ranks. Errors: as train::Fit.
StatusOr<train::FitResult> TrainJob(const Job& job, const FitOptions& options);

// Where the model comes from, with the measures of the test part and the naive baselines.
StatusOr<TrainingRecord> MakeRecord(const Job& job, const train::FitResult& result);

// The measures of a part with these weights, by core/nn.
StatusOr<train::Measures> MeasurePart(const Job& job, const TensorMap& tensors,
                                      const train::Part& part, const ScoreOptions& options);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_FIT_JOB_H_
