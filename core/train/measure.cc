#include "core/train/measure.h"

#include <algorithm>
#include <cmath>

#include "core/base/aligned.h"
#include "core/kernels/elementwise.h"

namespace sequent::train {
namespace {

// Steps per pass: bounds memory; the figures do not depend on it (batch invariance).
constexpr size_t kChunk = 256;

// One stream through the model, chunk by chunk, with room for every head's outputs.
class Stream {
 public:
  Stream(const Model& model, ThreadPool* pool)
      : model_(model), pool_(pool), state_(model.state_size()) {
    model_.InitState(state_.data());
    for (const HeadNode& head : model_.graph().heads) buffers_.emplace_back(kChunk * head.outputs);
    for (auto& buffer : buffers_) outputs_.push_back(buffer.data());
  }

  void Run(size_t steps, const int32_t* tokens, const float* features) {
    TickRow row;
    row.state = state_.data();
    row.steps = static_cast<uint32_t>(steps);
    row.tokens = tokens;
    row.features = features;
    row.outputs = outputs_.data();
    model_.Run({std::span(&row, 1)}, &workspace_, pool_);
  }

  const float* output(size_t head, size_t step) const {
    return buffers_[head].data() + step * model_.graph().heads[head].outputs;
  }
  std::byte* codec_state() { return model_.codec_state(state_.data()); }

 private:
  const Model& model_;
  ThreadPool* pool_;
  AlignedVector<std::byte> state_;
  Workspace workspace_;
  std::vector<AlignedVector<float>> buffers_;
  std::vector<float*> outputs_;
};

// The loss of one head at one step, summed over its columns that are there.
void AddRegressionLoss(const HeadNode& head, const float* output, const float* target, double* sum,
                       size_t* count) {
  for (size_t k = 0; k < head.columns.size(); ++k) {
    if (std::isnan(target[k])) continue;
    const double error = static_cast<double>(output[k]) - target[k];
    ++*count;
    if (head.kind == HeadKind::kPoint) {
      *sum += error * error;
      continue;
    }
    const double scale = output[head.columns.size() + k];
    *sum += std::log(scale) + 0.5 * std::log(2 * M_PI) + error * error / (2 * scale * scale);
  }
}

struct HeadLoss {
  double sum = 0;
  size_t count = 0;
};

// What one pass over a series gives.
struct SeriesRun {
  Forecasts forecasts;
  std::vector<HeadLoss> losses;
};

Status CheckSeries(const Model& model, std::span<const float> rows, size_t context) {
  if (model.series_codec() == nullptr) {
    return absl::InvalidArgumentError("expected a model of measurements, got one of tokens");
  }
  for (const HeadNode& head : model.graph().heads) {
    if (head.kind == HeadKind::kSoftmax) {
      return absl::InvalidArgumentError(
          StrCat("expected regression heads, got softmax head '", head.name, "'"));
    }
  }
  const size_t n = rows.size() / model.series_codec()->columns();
  if (context < 1 || context >= n) {
    return absl::InvalidArgumentError(
        StrCat("expected at least 1 row before the scored ones and 1 to score, got ", context,
               " before and ", n - std::min(n, context), " to score"));
  }
  return model.series_codec()->Check(rows);
}

class SeriesPass {
 public:
  SeriesPass(const Model& model, std::span<const float> rows, size_t context, ThreadPool* pool)
      : model_(model),
        codec_(*model.series_codec()),
        rows_(rows),
        context_(context),
        stream_(model, pool),
        features_(kChunk * codec_.input_width()),
        contexts_(kChunk * codec_.context_size()) {}

  SeriesRun Run() {
    run_.losses.resize(model_.graph().heads.size());
    run_.forecasts.columns = model_.graph().heads[0].columns.size();
    // The last row has no successor to be compared with.
    const size_t steps = rows_.size() / codec_.columns() - 1;
    for (size_t begin = 0; begin < steps; begin += kChunk) {
      const size_t count = std::min(kChunk, steps - begin);
      for (size_t i = 0; i < count; ++i) {
        codec_.Encode(stream_.codec_state(), Row(begin + i),
                      features_.data() + i * codec_.input_width(), Context(i));
      }
      stream_.Run(count, nullptr, features_.data());
      for (size_t i = 0; i < count; ++i) {
        if (begin + i + 1 >= context_) Score(i, Row(begin + i + 1));
      }
    }
    return std::move(run_);
  }

 private:
  const float* Row(size_t t) const { return rows_.data() + t * codec_.columns(); }
  float* Context(size_t i) { return contexts_.data() + i * codec_.context_size(); }

  void Score(size_t i, const float* truth) {
    const auto& heads = model_.graph().heads;
    for (size_t h = 0; h < heads.size(); ++h) {
      targets_.clear();
      for (const size_t c : heads[h].columns) {
        targets_.push_back(codec_.Forward(c, Context(i), truth[c]));
      }
      AddRegressionLoss(heads[h], stream_.output(h, i), targets_.data(), &run_.losses[h].sum,
                        &run_.losses[h].count);
    }
    const float* output = stream_.output(0, i);
    const auto& columns = heads[0].columns;
    for (size_t k = 0; k < columns.size(); ++k) {
      run_.forecasts.mean.push_back(codec_.Inverse(columns[k], Context(i), output[k]));
      if (heads[0].kind != HeadKind::kGaussian) continue;
      run_.forecasts.scale.push_back(codec_.InverseScale(columns[k], output[columns.size() + k]));
    }
  }

  const Model& model_;
  const SeriesCodec& codec_;
  const std::span<const float> rows_;
  const size_t context_;
  Stream stream_;
  std::vector<float> features_, contexts_, targets_;
  SeriesRun run_;
};

}  // namespace

StatusOr<std::vector<double>> TokenLogProbabilities(const Model& model,
                                                    std::span<const int32_t> tokens,
                                                    ThreadPool* pool) {
  const auto& heads = model.graph().heads;
  if (!model.graph().tokens() || heads[0].kind != HeadKind::kSoftmax) {
    return absl::InvalidArgumentError("expected a language model");
  }
  if (tokens.size() < 2) {
    return absl::InvalidArgumentError(
        StrCat("expected at least 2 tokens to measure on, got ", tokens.size()));
  }
  const size_t classes = heads[0].outputs;
  for (const int32_t token : tokens) {
    if (token < 0 || static_cast<size_t>(token) >= classes) {
      return absl::InvalidArgumentError(
          StrCat("expected tokens from 0 to ", classes - 1, ", got ", token));
    }
  }
  Stream stream(model, pool);
  std::vector<double> log_probabilities;
  log_probabilities.reserve(tokens.size() - 1);
  for (size_t begin = 0; begin + 1 < tokens.size(); begin += kChunk) {
    const size_t count = std::min(kChunk, tokens.size() - 1 - begin);
    stream.Run(count, tokens.data() + begin, nullptr);
    for (size_t i = 0; i < count; ++i) {
      const float* logits = stream.output(0, i);
      log_probabilities.push_back(logits[tokens[begin + i + 1]] -
                                  kernels::LogSumExp(classes, logits));
    }
  }
  return log_probabilities;
}

Measures TokenMeasures(std::span<const double> log_probabilities) {
  double sum = 0;
  for (const double value : log_probabilities) sum -= value;
  const double loss = sum / static_cast<double>(log_probabilities.size());
  return {{"loss", loss},
          {"perplexity", std::exp(loss)},
          {"bits_per_token", loss / std::log(2.0)},
          {"tokens", static_cast<double>(log_probabilities.size())}};
}

StatusOr<Measures> MeasureTokens(const Model& model, std::span<const int32_t> tokens,
                                 ThreadPool* pool) {
  SEQ_ASSIGN_OR_RETURN(const std::vector<double> log_probabilities,
                       TokenLogProbabilities(model, tokens, pool));
  return TokenMeasures(log_probabilities);
}

StatusOr<Forecasts> ForecastOneStep(const Model& model, std::span<const float> rows, size_t context,
                                    ThreadPool* pool) {
  SEQ_RETURN_IF_ERROR(CheckSeries(model, rows, context));
  return SeriesPass(model, rows, context, pool).Run().forecasts;
}

StatusOr<Measures> MeasureSeries(const Model& model, std::span<const float> rows, size_t context,
                                 ThreadPool* pool) {
  SEQ_RETURN_IF_ERROR(CheckSeries(model, rows, context));
  const SeriesRun run = SeriesPass(model, rows, context, pool).Run();
  SEQ_ASSIGN_OR_RETURN(Measures measures, SeriesMeasures(model, run.forecasts, rows, context));
  double loss = 0;
  for (size_t h = 0; h < run.losses.size(); ++h) {
    const double count = static_cast<double>(run.losses[h].count);
    if (count > 0) loss += model.graph().heads[h].loss_weight * run.losses[h].sum / count;
  }
  measures["loss"] = loss;
  return measures;
}

}  // namespace sequent::train
