// One update of the weights: shards forward and backward, their gradients added over shards and
// ranks, the norm, clipping, the optimiser's step, the moving average. Trainer calls it in a loop.
//
// Shards run side by side on the threads of this rank; everything that could depend on their timing
// is summed in one order afterwards. Then the parameters are worked through block by block.
// Thread safety: one user at a time.
#ifndef SEQUENT_CORE_TRAIN_UPDATER_H_
#define SEQUENT_CORE_TRAIN_UPDATER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/base/thread_pool.h"
#include "core/train/accumulation.h"
#include "core/train/batches.h"
#include "core/train/checkpoint.h"
#include "core/train/gradients.h"
#include "core/train/indrnn_bound.h"
#include "core/train/network.h"
#include "core/train/optimizer.h"
#include "core/train/prune.h"
#include "core/train/ranks.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

// Summed over the update's batches, shards and ranks; the same on all ranks.
struct UpdateOutcome {
  double loss = 0, grad_norm = 0;
  uint64_t symbols = 0;
};

template <typename T>
class Updater {
 public:
  // `config.train` as ResolveTrainOptions left it; CheckShardsOverRanks holds. `ranks` must outlive
  // it.
  Updater(const v1::TrainConfig& config, const Graph& graph, Batches batches,
          std::vector<Block> blocks, Ranks* ranks);

  const Network<T>& network() const { return network_; }
  const Accumulation& accumulation() const { return accumulation_; }
  // What is validated and comes out: the moving average if there is one, else the parameters.
  const std::vector<T>& weights() const { return ema_.empty() ? network_.parameters() : ema_; }

  // Before the first update: these weights. INVALID_ARGUMENT: not the network's tensors.
  Status Start(const TensorMap& initial);

  // After Start or Restore, with `done` of the run's updates done. INVALID_ARGUMENT: the run is
  // over before train.prune is through.
  Status PlanPruning(uint64_t done, uint64_t updates);
  // Whether weights are as sparse after this update as they are to become.
  bool PruningIsDone(uint64_t update) const { return pruner_.IsDone(update); }

  // Update number `update` (from 1; one after the other) with learning rate `lr`. OUT_OF_RANGE:
  // loss, gradient or weights are not finite; says which update, layer and gradient norm.
  StatusOr<UpdateOutcome> Update(uint64_t update, double lr);

  // All that is needed to go on after `update`; called by all ranks. DATA_LOSS: a checkpoint of
  // another network.
  void Save(uint64_t update, Checkpoint* checkpoint) const;
  Status Restore(const Checkpoint& checkpoint);

 private:
  // What shards report of an update.
  struct Report {
    double loss = 0;
    uint64_t symbols = 0;
  };

  size_t Threads() const;
  size_t FirstRow(size_t shard, size_t rows) const;
  std::vector<double> Normaliser(uint64_t update) const;
  Report Backpropagate(uint64_t update, const std::vector<double>& normaliser, size_t shard);
  UpdateOutcome AddReports(const std::vector<Report>& own) const;
  double AddGradients();
  bool StepBlocks(double scale);
  void Average(uint64_t update);
  Status NotFinite(uint64_t update, const UpdateOutcome& outcome, const std::string& what,
                   const std::string& where) const;
  std::string WhereNotFinite() const;
  Status RestoreStates(const Checkpoint& checkpoint);

  const v1::TrainConfig config_;
  const v1::TrainOptions& options_;
  Ranks* const ranks_;
  const size_t first_shard_, shards_;  // of this rank
  Network<T> network_;
  const Batches batches_;
  const Accumulation accumulation_;
  const std::vector<Block> blocks_;
  Optimizer<T> optimizer_;
  const IndRnnBound<T> bound_;
  Pruner<T> pruner_;
  ThreadPool pool_;

  std::vector<Tape<T>> tapes_;             // one per shard of this rank
  std::vector<std::vector<T>> gradients_;  // the same; the sum ends in the first
  std::vector<T> ema_;                     // empty without
};

extern template class Updater<float>;
extern template class Updater<double>;

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_UPDATER_H_
