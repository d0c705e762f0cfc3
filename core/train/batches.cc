#include "core/train/batches.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/random.h"

namespace sequent::train {
namespace {

constexpr uint64_t kOrderStream = 0x6f72646572;

// Behind a pool there is one output for a sequence, which targets of every step would miss.
Status CheckPooledHeads(const Graph& graph) {
  for (const HeadNode& head : graph.heads) {
    if (!graph.nodes[head.input].pooled || head.last_step) continue;
    return absl::InvalidArgumentError(
        StrCat("model.heads: head '", head.name,
               "': expected last_step: true behind a pool, got a head of every step"));
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<Batches> Batches::Create(const Graph& graph, const TrainingData& data,
                                  const v1::TrainOptions& options, bool shuffle, uint64_t seed) {
  Batches batches(graph, data);
  batches.tokens_ = graph.tokens();
  batches.shuffle_ = shuffle;
  batches.seed_ = seed;
  batches.batch_ = options.batch();
  SEQ_ASSIGN_OR_RETURN(batches.class_losses_, MakeClassLosses(options, graph, data.samples));
  if (data.samples.size() > 0) {
    SEQ_RETURN_IF_ERROR(CheckPooledHeads(graph));
    batches.samples_.emplace(graph, data.samples, options, shuffle, seed);
    batches.updates_per_epoch_ = batches.samples_->updates_per_epoch();
    return batches;
  }
  if (batches.tokens_) {
    const size_t tokens = data.stream.tokens.size();
    batches.lane_ = tokens == 0 ? 0 : (tokens - 1) / options.batch();
    batches.bptt_ = options.bptt();
    if (batches.lane_ == 0) {
      return absl::InvalidArgumentError(StrCat("training part: expected more than train.batch = ",
                                               options.batch(), " tokens, got ", tokens));
    }
    batches.updates_per_epoch_ = (batches.lane_ + batches.bptt_ - 1) / batches.bptt_;
    return batches;
  }
  batches.window_ = options.window();
  batches.stride_ = options.stride();
  SEQ_RETURN_IF_ERROR(batches.LayWindows());
  batches.updates_per_epoch_ = (batches.windows_ + options.batch() - 1) / options.batch();
  return batches;
}

Status Batches::LayWindows() {
  const Series& series = data_->series;
  std::vector<size_t> ends = series.ends;
  if (ends.empty()) ends.push_back(series.steps);
  size_t begin = 0;
  for (const size_t end : ends) {
    if (end - begin < window_) {
      const std::string which =
          ends.size() == 1 ? ""
                           : StrCat(", series ", series_begin_.size() + 1, " of ", ends.size());
      return absl::InvalidArgumentError(StrCat("training part", which,
                                               ": expected at least train.window = ", window_,
                                               " steps, got ", end - begin));
    }
    series_begin_.push_back(begin);
    windows_before_.push_back(windows_);
    windows_ += (end - begin - window_) / stride_ + 1;
    begin = end;
  }
  return absl::OkStatus();
}

size_t Batches::Rows(uint64_t update) const {
  if (samples_) return samples_->Rows(update);
  if (tokens_) return batch_;
  const uint64_t index = (update - 1) % updates_per_epoch_;
  return std::min<size_t>(batch_, windows_ - index * batch_);
}

bool Batches::StartsAnew(uint64_t update) const {
  return samples_ || !tokens_ || (update - 1) % updates_per_epoch_ == 0;
}

size_t Batches::LaneSteps(uint64_t update) const {
  const size_t begin = (update - 1) % updates_per_epoch_ * bptt_;
  return std::min(bptt_, lane_ - begin);
}

size_t Batches::WindowStart(uint64_t update, size_t row) const {
  const uint64_t epoch = (update - 1) / updates_per_epoch_;
  const uint64_t place = (update - 1) % updates_per_epoch_ * batch_ + row;
  const uint64_t key = RandomStream(seed_, kOrderStream, epoch).Bits(0);
  const size_t window = shuffle_ ? Permute(key, windows_, place) : place;
  const auto after = std::upper_bound(windows_before_.begin(), windows_before_.end(), window);
  const auto series = static_cast<size_t>(after - windows_before_.begin()) - 1;
  return series_begin_[series] + (window - windows_before_[series]) * stride_;
}

template <typename T>
Chunk<T> Batches::Cut(uint64_t update, size_t first, size_t rows) const {
  Chunk<T> chunk;
  chunk.rows = rows;
  chunk.first_row = first;
  chunk.classes.resize(graph_->heads.size());
  chunk.targets.resize(graph_->heads.size());
  if (samples_) {
    samples_->Cut(update, &chunk);
  } else if (tokens_) {
    CutLanes(update, &chunk);
  } else {
    CutWindows(update, &chunk);
  }
  return chunk;
}

template <typename T>
void Batches::CutLanes(uint64_t update, Chunk<T>* chunk) const {
  const std::vector<int32_t>& tokens = data_->stream.tokens;
  const size_t begin = (update - 1) % updates_per_epoch_ * bptt_;
  chunk->steps = LaneSteps(update);
  std::vector<int32_t> next;
  for (size_t t = 0; t < chunk->steps; ++t) {
    for (size_t r = 0; r < chunk->rows; ++r) {
      const size_t at = (chunk->first_row + r) * lane_ + begin + t;
      chunk->tokens.push_back(tokens[at]);
      next.push_back(tokens[at + 1]);
    }
  }
  for (auto& classes : chunk->classes) classes = next;
}

template <typename T>
void Batches::CutWindows(uint64_t update, Chunk<T>* chunk) const {
  const Series& series = data_->series;
  const size_t width = series.input_width;
  chunk->steps = window_;
  std::vector<size_t> starts;
  for (size_t r = 0; r < chunk->rows; ++r) {
    starts.push_back(WindowStart(update, chunk->first_row + r));
  }
  for (size_t t = 0; t < window_; ++t) {
    for (const size_t start : starts) {
      const float* row = series.inputs.data() + (start + t) * width;
      chunk->features.insert(chunk->features.end(), row, row + width);
      for (size_t h = 0; h < graph_->heads.size(); ++h) {
        const size_t values = graph_->heads[h].values();
        const float* target = series.targets[h].data() + (start + t) * values;
        chunk->targets[h].insert(chunk->targets[h].end(), target, target + values);
      }
    }
  }
}

std::vector<double> Batches::Normaliser(uint64_t update) const {
  if (samples_) return samples_->Normaliser(update, class_losses_);
  if (tokens_) {
    const double count = static_cast<double>(batch_ * LaneSteps(update));
    return std::vector<double>(graph_->heads.size(), 1 / count);
  }
  std::vector<double> normaliser;
  for (size_t h = 0; h < graph_->heads.size(); ++h) {
    const size_t values = graph_->heads[h].values();
    size_t valid = 0;
    for (size_t r = 0; r < Rows(update); ++r) {
      const float* target = data_->series.targets[h].data() + WindowStart(update, r) * values;
      for (size_t i = 0; i < window_ * values; ++i) valid += !std::isnan(target[i]);
    }
    normaliser.push_back(valid == 0 ? 0 : 1 / static_cast<double>(valid));
  }
  return normaliser;
}

template Chunk<float> Batches::Cut(uint64_t, size_t, size_t) const;
template Chunk<double> Batches::Cut(uint64_t, size_t, size_t) const;

}  // namespace sequent::train
