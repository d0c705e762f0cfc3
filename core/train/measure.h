// Measuring a model of tokens with core/nn, the code that serves it: the figures of `fit`'s
// validation and of `evaluate` are the same bits. Models of measurements: series_measures.h.
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

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_MEASURE_H_
