// What the subcommands of sequent-train do. Defaults stand here, once.
//
// Figures and results go to stdout, progress to stderr. The status of a command tells its exit code
// (ExitCode).
#ifndef SEQUENT_TRAINER_COMMANDS_H_
#define SEQUENT_TRAINER_COMMANDS_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/precision.h"
#include "core/base/status.h"
#include "core/train/ranks.h"
#include "trainer/config.h"

namespace sequent {

struct FitOptions {
  ConfigSources config;
  std::string init_from;  // model file to start from; empty: random weights
  bool resume = false;
  bool dump_config = false;  // print what would run, and stop
  std::string progress = "auto";
  bool json = false;
  const std::atomic<bool>* stop = nullptr;
  // The processes that train together; null: this one alone. Only rank 0 writes and prints; errors
  // are the same on all.
  train::Ranks* ranks = nullptr;
};
Status RunFit(const FitOptions& options);

// Which rows of a data file.
struct PartOptions {
  // validation | test | train: as recorded by fit. all: every row. Empty: validation; all if the
  // model records none, or the data is not what it was fitted on.
  std::string part;
  uint64_t last = 0;  // the last so many rows instead; 0 = off
  // Series: another evaluation, horizon, context and stride than recorded; empty evaluation: those
  // (and then the others must be empty, too).
  v1::ForecastConfig forecast;
};

struct EvaluateOptions {
  std::vector<std::string> models;
  std::vector<std::string> data;
  PartOptions part;
  // Measure in this precision, and beside it what that costs against fp32; none: as stored.
  std::optional<Precision> precision = std::nullopt;
  uint32_t threads = 0;  // 0 = all cores
  bool json = false;
};
Status RunEvaluate(const EvaluateOptions& options);

struct PredictOptions {
  std::string model;
  std::vector<std::string> data;
  PartOptions part;
  uint64_t steps = 0;  // language models: symbols to write after the text
  uint64_t seed = 1;
  float temperature = 1;
};
Status RunPredict(const PredictOptions& options);

struct QuantizeOptions {
  std::string model;
  Precision precision = Precision::kInt8;  // kBf16 or kInt8
  std::string out, publish;                // one of them at least
  std::vector<std::string> data;           // also measure the loss it costs; empty: do not
  PartOptions part;
  bool json = false;
};
// Writes the model with its weights rounded; the model must be in fp32.
Status RunQuantize(const QuantizeOptions& options);

struct PruneOptions {
  std::string model;
  std::optional<double> keep_largest = std::nullopt;  // one of the two: train.prune's rules
  std::optional<double> zero_below = std::nullopt;
  std::string among = "tensor";
  std::string out, publish;       // one of them at least
  std::vector<std::string> data;  // also measure the loss it costs; empty: do not
  PartOptions part;
  bool json = false;
};
// Writes the model with small weights set to 0, at once and without training on; the model must be
// in fp32. `fit` prunes gradually and trains on (train.prune).
Status RunPrune(const PruneOptions& options);

struct TuneOptions {
  ConfigSources config;
  bool resume = false;            // take up the journal of the run folder
  std::string progress = "none";  // of each try; a line for every try is shown anyway
  bool json = false;
  const std::atomic<bool>* stop = nullptr;
};
// Tries values of the keys that `tune` names, keeps <run_dir>/tries.jsonl, and writes
// <run_dir>/best.yaml.
Status RunTune(const TuneOptions& options);

struct CvOptions {
  ConfigSources config;
  bool resume = false;            // go on with the folds of the run folder
  std::string progress = "none";  // of each fold; a line for every fold is shown anyway
  bool json = false;
  const std::atomic<bool>* stop = nullptr;
};
// Fits every fold that `cv` of the configuration asks for, in <run_dir>/folds/<n>, prints the
// measures of their test parts with mean and deviation, and writes <run_dir>/cv.json.
Status RunCv(const CvOptions& options);

struct InspectOptions {
  std::string model;
  bool json = false;
};
Status RunInspect(const InspectOptions& options);

// 0 done, 2 usage or configuration, 3 data, 4 loss not finite, 1 other.
int ExitCode(const Status& status);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_COMMANDS_H_
