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
};
Status RunFit(const FitOptions& options);

// Which rows of a data file.
struct PartOptions {
  // validation | test | train: as recorded by fit. all: every row. Empty: validation; all if the
  // model records none, or the data is not what it was fitted on.
  std::string part;
  uint64_t last = 0;  // the last so many rows instead; 0 = off
  // Series: another evaluation, horizon, context and stride than recorded; empty evaluation: those.
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

struct InspectOptions {
  std::string model;
  bool json = false;
};
Status RunInspect(const InspectOptions& options);

// 0 done, 2 usage or configuration, 3 data, 4 loss not finite, 1 other.
int ExitCode(const Status& status);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_COMMANDS_H_
