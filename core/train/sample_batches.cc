#include "core/train/sample_batches.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/base/random.h"

namespace sequent::train {
namespace {

constexpr uint64_t kBatchOrderStream = 0x62617463686573;
constexpr uint64_t kBucketOrderStream = 0x6275636b6574;

}  // namespace

SampleBatches::SampleBatches(const Graph& graph, const Samples& samples,
                             const v1::TrainOptions& options, bool shuffle, uint64_t seed)
    : graph_(&graph), samples_(&samples), shuffle_(shuffle), seed_(seed) {
  std::map<size_t, std::vector<size_t>> by_length;
  const size_t width = options.length_bucket();
  for (size_t i = 0; i < samples.size(); ++i) {
    by_length[width == 0 ? 0 : (samples.length(i) + width - 1) / width].push_back(i);
  }
  for (auto& [length, members] : by_length) {
    size_t longest = 0;
    for (const size_t i : members) longest = std::max(longest, samples.length(i));
    size_t rows = options.batch();
    if (options.max_tokens() > 0) {
      rows = std::min(rows, std::max<size_t>(1, options.max_tokens() / longest));
    }
    for (size_t first = 0; first < members.size(); first += rows) {
      batches_.push_back({buckets_.size(), first, std::min(rows, members.size() - first)});
    }
    buckets_.push_back(std::move(members));
  }
}

const SampleBatches::Batch& SampleBatches::Find(uint64_t update) const {
  const uint64_t epoch = (update - 1) / batches_.size(), place = (update - 1) % batches_.size();
  if (!shuffle_) return batches_[place];
  const uint64_t key = RandomStream(seed_, kBatchOrderStream, epoch).Bits(0);
  return batches_[Permute(key, batches_.size(), place)];
}

size_t SampleBatches::SampleAt(uint64_t update, size_t row) const {
  const Batch& batch = Find(update);
  const std::vector<size_t>& members = buckets_[batch.bucket];
  if (!shuffle_) return members[batch.first + row];
  const uint64_t epoch = (update - 1) / batches_.size();
  const uint64_t key = RandomStream(seed_, kBucketOrderStream, epoch).Bits(batch.bucket);
  return members[Permute(key, members.size(), batch.first + row)];
}

template <typename T>
void SampleBatches::Cut(uint64_t update, Chunk<T>* chunk) const {
  std::vector<size_t> rows;
  chunk->steps = 0;
  for (size_t r = 0; r < chunk->rows; ++r) {
    rows.push_back(SampleAt(update, chunk->first_row + r));
    chunk->lengths.push_back(static_cast<uint32_t>(samples_->length(rows.back())));
    chunk->steps = std::max<size_t>(chunk->steps, chunk->lengths.back());
  }
  const size_t count = chunk->steps * chunk->rows;
  chunk->tokens.assign(count, 0);
  for (size_t h = 0; h < graph_->heads.size(); ++h) {
    const HeadNode& head = graph_->heads[h];
    if (head.kind == HeadKind::kSoftmax) {
      chunk->classes[h].assign(count, -1);
    } else {
      chunk->targets[h].assign(count * head.outputs, std::numeric_limits<T>::quiet_NaN());
    }
  }
  for (size_t r = 0; r < chunk->rows; ++r) {
    const int32_t* tokens = samples_->tokens.data() + samples_->begin[rows[r]];
    for (size_t t = 0; t < samples_->length(rows[r]); ++t) {
      chunk->tokens[t * chunk->rows + r] = tokens[t];
    }
    for (size_t h = 0; h < graph_->heads.size(); ++h) CutTargets(h, r, rows[r], chunk);
  }
}

template <typename T>
void SampleBatches::CutTargets(size_t h, size_t row, size_t sample, Chunk<T>* chunk) const {
  const HeadNode& head = graph_->heads[h];
  const size_t length = samples_->length(sample);
  const size_t first_step = head.last_step ? length - 1 : 0;
  const size_t first_item = head.last_step ? sample : samples_->begin[sample];
  for (size_t t = first_step; t < length; ++t) {
    const size_t item = first_item + t - first_step, to = t * chunk->rows + row;
    if (head.kind == HeadKind::kSoftmax) {
      chunk->classes[h][to] = samples_->classes[h][item];
      continue;
    }
    for (size_t k = 0; k < head.outputs; ++k) {
      chunk->targets[h][to * head.outputs + k] =
          static_cast<T>(samples_->targets[h][item * head.outputs + k]);
    }
  }
}

std::vector<double> SampleBatches::Normaliser(uint64_t update,
                                              const std::vector<ClassLoss>& losses) const {
  Chunk<float> chunk;
  chunk.rows = Rows(update);
  chunk.classes.resize(graph_->heads.size());
  chunk.targets.resize(graph_->heads.size());
  Cut(update, &chunk);
  std::vector<double> normaliser;
  for (size_t h = 0; h < graph_->heads.size(); ++h) {
    double valid = 0;
    for (const int32_t target : chunk.classes[h]) {
      if (target >= 0) valid += losses[h].weight(target);
    }
    for (const float target : chunk.targets[h]) valid += std::isnan(target) ? 0 : 1;
    normaliser.push_back(valid == 0 ? 0 : 1 / valid);
  }
  return normaliser;
}

template void SampleBatches::Cut(uint64_t, Chunk<float>*) const;
template void SampleBatches::Cut(uint64_t, Chunk<double>*) const;

}  // namespace sequent::train
