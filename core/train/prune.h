// Setting weights to 0 and keeping them there.
//
// Pruned are the matrices of recurrent, dense, conv1d and attention layers and of heads; never
// biases, embeddings or vectors, nor a matrix of one row, which is a vector. Two rules, which are
// not the same: keep a share of the weights, the largest ones; or zero what is small beside the
// largest one. Equal magnitudes go by their place, the earlier stays.
//
// Thread safety: pure functions; a Pruner has one user at a time.
#ifndef SEQUENT_CORE_TRAIN_PRUNE_H_
#define SEQUENT_CORE_TRAIN_PRUNE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/model/tensor_table.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

bool IsPruned(const TensorSpec& spec);

// Fills in defaults and checks; no rule at all is no pruning. INVALID_ARGUMENT names the key, below
// "train.prune" ("train.prune.keep_largest.fraction: expected ...").
Status ResolvePrune(v1::Prune* prune);

// Applies the rule of `prune` at `progress` 0 .. 1 of its schedule to the tensors: at 1 in full.
template <typename T>
void ApplyRule(const v1::Prune& prune, double progress, std::span<const std::span<T>> tensors);

// Prunes during training. From begin_update on every weight that is 0 stays 0: so what is pruned
// can be read off the weights, and a run goes on from a checkpoint without a record of it.
template <typename T>
class Pruner {
 public:
  // Does nothing.
  Pruner() = default;
  // options.prune as ResolvePrune left it, for a run of `updates` updates; tensor i of the table
  // stands at offset[i] of the parameters. What is frozen is left as it is.
  Pruner(const v1::TrainOptions& options, uint64_t updates, const std::vector<TensorSpec>& table,
         const std::vector<size_t>& offsets);

  // INVALID_ARGUMENT: the run is over before end_update.
  Status CheckLength() const;
  // Before the first update of this process: `update` of the run are done.
  void Begin(uint64_t update, const std::vector<T>& parameters);
  // Gradients of pruned weights are not clipped by, nor remembered.
  void MaskGradients(std::vector<T>* gradients) const;
  // After every update (from 1).
  void Prune(uint64_t update, std::vector<T>* parameters);
  // Whether the weights after this update are as sparse as they are to become.
  bool IsDone(uint64_t update) const { return update >= end_; }

 private:
  struct Range {
    size_t begin, size;
  };
  void Remember(const std::vector<T>& parameters);

  v1::Prune prune_;
  uint64_t updates_ = 0, end_ = 0;
  std::vector<Range> ranges_;  // of the pruned tensors; empty: does nothing
  std::vector<T> kept_;        // 1 or 0, of the ranges one after another; empty: all are kept
};

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_PRUNE_H_
