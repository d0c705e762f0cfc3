#include "core/train/measure.h"

#include <algorithm>
#include <cmath>

#include "core/kernels/elementwise.h"
#include "core/train/stream.h"

namespace sequent::train {
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
  for (size_t begin = 0; begin + 1 < tokens.size(); begin += kStreamChunk) {
    const size_t count = std::min(kStreamChunk, tokens.size() - 1 - begin);
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

}  // namespace sequent::train
