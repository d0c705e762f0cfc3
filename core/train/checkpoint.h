// Everything a training run needs to go on as if it had never stopped.
//
// File: "SEQCKPT2" | u32 CRC-32C of the rest | rest: fields in the order of Checkpoint, integers
// and floats little-endian, strings and arrays with a u64 length before them. Written atomically.
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_CHECKPOINT_H_
#define SEQUENT_CORE_TRAIN_CHECKPOINT_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace sequent::train {

// How long a measure has not become better.
struct Patience {
  double best = 0;  // what it is held against; means nothing before the first validation
  uint64_t bad_validations = 0;  // since then
};

struct PlateauState {
  Patience patience;
  double factor = 1;
  uint64_t cooldown = 0;  // validations that still are not counted
};

struct Checkpoint {
  std::string config;  // TrainConfig with its options resolved, serialised
  std::string model;   // ModelConfig, serialised
  std::string data;    // fingerprint of the training data
  uint64_t update = 0;
  std::string finished;            // stop reason if the run was over, else empty
  std::string parameters;          // raw values of the run's type
  std::vector<std::string> slots;  // the optimiser's
  std::string ema;                 // raw values; empty without ema
  std::string states;              // carried state: shard by shard, node by node
  uint64_t best_update = 0;
  std::string best;  // raw values; empty before the first validation
  std::map<std::string, double> best_measures;
  Patience patience;  // of early stopping
  PlateauState plateau;
};

std::string SerializeCheckpoint(const Checkpoint& checkpoint);
// DATA_LOSS naming what is wrong; never crashes.
StatusOr<Checkpoint> ParseCheckpoint(std::string_view bytes);

// <run_dir>/checkpoints/<update>.ckpt. After the write are removed: later ones, of a future that
// the run has turned its back on; older ones beyond `keep_last`; what a killed write left behind.
Status WriteCheckpoint(const std::string& run_dir, const Checkpoint& checkpoint, size_t keep_last);
// The newest one that can be read; NOT_FOUND if there is none, DATA_LOSS if there are only bad
// ones.
StatusOr<Checkpoint> ReadNewestCheckpoint(const std::string& run_dir);
// For a run that begins anew: those of the run before must not be taken for its own.
Status RemoveCheckpoints(const std::string& run_dir);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_CHECKPOINT_H_
