// What each update of classify and tag sees: whole sequences, padded to the longest of the shard.
//
// Sequences are sorted into buckets by length (train.length_bucket), batches are cut within a
// bucket. How many rows a batch has depends on the bucket alone (train.batch, train.max_tokens), so
// an epoch has as many updates as any other; which sequences stand in it and which batch comes when
// is drawn anew for each epoch. Thread safety: const methods are pure.
#ifndef SEQUENT_CORE_TRAIN_SAMPLE_BATCHES_H_
#define SEQUENT_CORE_TRAIN_SAMPLE_BATCHES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/status.h"
#include "core/model/graph.h"
#include "core/train/class_loss.h"
#include "core/train/data.h"
#include "core/train/network.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

class SampleBatches {
 public:
  // `graph` and `samples` must outlive it.
  SampleBatches(const Graph& graph, const Samples& samples, const v1::TrainOptions& options,
                bool shuffle, uint64_t seed);

  uint64_t updates_per_epoch() const { return batches_.size(); }
  size_t Rows(uint64_t update) const { return Find(update).rows; }

  // Fills in the rows [chunk->first_row, + chunk->rows) of the update's batch. Past the end of a
  // sequence stand token 0 and masked targets.
  template <typename T>
  void Cut(uint64_t update, Chunk<T>* chunk) const;
  // Per head: 1 / the sum of the weights of the valid targets of the whole batch (0 if none).
  std::vector<double> Normaliser(uint64_t update, const std::vector<ClassLoss>& losses) const;

 private:
  struct Batch {
    size_t bucket, first, rows;
  };

  const Batch& Find(uint64_t update) const;
  // The sequence that is row `row` of the update's batch.
  size_t SampleAt(uint64_t update, size_t row) const;
  template <typename T>
  void CutTargets(size_t head, size_t row, size_t sample, Chunk<T>* chunk) const;

  const Graph* graph_;
  const Samples* samples_;
  bool shuffle_ = true;
  uint64_t seed_ = 0;
  std::vector<std::vector<size_t>> buckets_;  // sequences, in the order of the data
  std::vector<Batch> batches_;
};

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_SAMPLE_BATCHES_H_
