// What each update sees: a pure function of (data, options, seed, update), so training can go on
// from any update without replaying those before it.
//
// language_model: the stream is cut into `batch` lanes of equal length; an update is `bptt` steps
// of every lane, the state carried on; each epoch begins with the zero state. forecast: windows of
// `window` steps of one series at `stride`, `batch` of them an update, in an order drawn anew for
// each epoch.
// classify, tag: whole sequences (sample_batches.h).
// Thread safety: const methods are pure.
#ifndef SEQUENT_CORE_TRAIN_BATCHES_H_
#define SEQUENT_CORE_TRAIN_BATCHES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/status.h"
#include "core/model/graph.h"
#include "core/train/data.h"
#include "core/train/network.h"
#include "core/train/sample_batches.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

class Batches {
 public:
  // INVALID_ARGUMENT if the data are too short for the options. `data` and `graph` must outlive it.
  static StatusOr<Batches> Create(const Graph& graph, const TrainingData& data,
                                  const v1::TrainOptions& options, bool shuffle, uint64_t seed);

  uint64_t updates_per_epoch() const { return updates_per_epoch_; }
  // Rows of the global batch of update `update` (from 1); constant for language models.
  size_t Rows(uint64_t update) const;
  // Whether the update begins with the zero state.
  bool StartsAnew(uint64_t update) const;

  // Rows [first, first + rows) of the update's batch.
  template <typename T>
  Chunk<T> Cut(uint64_t update, size_t first, size_t rows) const;
  // Per head: 1 / number of valid targets in the update's whole batch (0 if none), each counted
  // with the weight of its class.
  std::vector<double> Normaliser(uint64_t update) const;
  // Per head.
  const std::vector<ClassLoss>& class_losses() const { return class_losses_; }

 private:
  Batches(const Graph& graph, const TrainingData& data) : graph_(&graph), data_(&data) {}
  size_t LaneSteps(uint64_t update) const;
  Status LayWindows();
  size_t WindowStart(uint64_t update, size_t row) const;
  template <typename T>
  void CutLanes(uint64_t update, Chunk<T>* chunk) const;
  template <typename T>
  void CutWindows(uint64_t update, Chunk<T>* chunk) const;

  const Graph* graph_;
  const TrainingData* data_;
  std::vector<ClassLoss> class_losses_;
  std::optional<SampleBatches> samples_;  // classify, tag
  bool tokens_ = false, shuffle_ = true;
  uint64_t seed_ = 0, updates_per_epoch_ = 0;
  size_t batch_ = 0, lane_ = 0, bptt_ = 0;        // language_model
  size_t window_ = 0, stride_ = 0, windows_ = 0;  // forecast
  // Per series: its first step, and how many windows there are before it.
  std::vector<size_t> series_begin_, windows_before_;
};

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_BATCHES_H_
