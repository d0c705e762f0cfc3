// Measuring a model with core/nn, the code that serves it: the figures of `fit`'s validation and of
// `evaluate` are the same bits.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_MEASURE_H_
#define SEQUENT_CORE_TRAIN_MEASURE_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/status.h"
#include "core/base/thread_pool.h"
#include "core/nn/model.h"
#include "core/train/trainer.h"

namespace sequent::train {

// One stream, zero state at its start, state carried to its end; mean nats over every predicted
// token. Measures: loss, perplexity, bits_per_token, tokens. DATA error (INVALID_ARGUMENT) below 2
// tokens.
StatusOr<Measures> MeasureTokens(const Model& model, std::span<const int32_t> tokens,
                                 ThreadPool* pool);

// What MeasureTokens sums: for token t + 1, log p(token t + 1 | tokens 0 .. t), nats. [tokens - 1]
StatusOr<std::vector<double>> TokenLogProbabilities(const Model& model,
                                                    std::span<const int32_t> tokens,
                                                    ThreadPool* pool);
Measures TokenMeasures(std::span<const double> log_probabilities);

// One step ahead with carried state (scheme "one_step"). `rows` is [n, columns] of raw values; the
// first `context` rows (>= 1) only warm the state up (not scored). Measures: loss (the training
// loss in model units, mean over valid targets), and for the first head, in the user's units,
// SeriesMeasures.
StatusOr<Measures> MeasureSeries(const Model& model, std::span<const float> rows, size_t context,
                                 ThreadPool* pool);

// The predictions behind MeasureSeries: for each scored row and column of the first regression
// head, the forecast made one step before it (user's units); scales for Gaussian heads, else empty.
struct Forecasts {
  size_t columns = 0;
  std::vector<float> mean;  // [n - context, columns]
  std::vector<float> scale;
};
StatusOr<Forecasts> ForecastOneStep(const Model& model, std::span<const float> rows, size_t context,
                                    ThreadPool* pool);

// Forecasts against the truth: rmse, mae, smape (200 |e| / (|y| + |f|)), mase (mae over the mean
// one-step change within the context), rmse.<column>; the naive baseline that repeats the last
// value seen: rmse_persistence, mae_persistence, skill = 1 - rmse / rmse_persistence; of Gaussian
// heads nll, crps, coverage95. Missing truths are not scored. DATA error if nothing can be scored.
StatusOr<Measures> SeriesMeasures(const Model& model, const Forecasts& forecasts,
                                  std::span<const float> rows, size_t context);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_MEASURE_H_
