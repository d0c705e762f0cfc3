// Where the configuration of a fit comes from.
//
// Command line over environment over file over defaults. All are read into v1::TrainConfig by the
// same reader (yaml_reader.h); every refusal is INVALID_ARGUMENT and names the source.
#ifndef SEQUENT_TRAINER_CONFIG_H_
#define SEQUENT_TRAINER_CONFIG_H_

#include <string>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "sequent/v1/train.pb.h"

namespace sequent {

struct ConfigSources {
  std::string file;  // empty: none
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> sets;  // "train.batch=50"
  std::string task;               // the rest: empty = not given
  std::vector<std::string> data;
  std::string out, run_dir, publish;
};

// Every variable of this process.
std::vector<std::pair<std::string, std::string>> ProcessEnvironment();

// SEQUENT_TRAIN__BATCH=50 sets train.batch: two underscores stand between the levels. Variables
// without them, and those whose first level is no key of the configuration, are not ours.
StatusOr<v1::TrainConfig> LoadConfig(const ConfigSources& sources);

// Fills in what was left out, the model included; checks `task` and `data.path`.
Status ApplyDefaults(v1::TrainConfig* config);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_CONFIG_H_
