// How well heads name classes: probabilities by core/nn, and what they are worth.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_LABEL_MEASURES_H_
#define SEQUENT_CORE_TRAIN_LABEL_MEASURES_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/base/thread_pool.h"
#include "core/nn/model.h"
#include "core/train/data.h"
#include "core/train/trainer.h"

namespace sequent::train {

// Per head: [items, outputs]; an item is a sequence for a last-step head, else a token.
using LabelProbabilities = std::vector<std::vector<double>>;

// Every sequence from the zero state. INVALID_ARGUMENT: a head that names no classes.
StatusOr<LabelProbabilities> PredictLabels(const Model& model, const Samples& samples,
                                           ThreadPool* pool);

// Means of several models' probabilities.
LabelProbabilities AverageLabels(const std::vector<LabelProbabilities>& each);

// loss: sum over heads of weight x mean negative log likelihood. Softmax heads: accuracy, macro_f1
// (mean over the classes that occur or were named), precision.<label>, recall.<label>, f1.<label>,
// support.<label>, confusion.<true>.<named> (up to 20 classes). Bernoulli heads: accuracy (named
// right at one half, over all labels), macro_f1, f1.<label>. With several heads, each name begins
// "<head>/". DATA_LOSS: a head without a single known label.
StatusOr<Measures> LabelMeasures(const Graph& graph, const Samples& samples,
                                 const LabelProbabilities& probabilities);

// The share of the known `targets` that the most frequent class of `training` names right.
double MajorityAccuracy(size_t classes, const std::vector<int32_t>& training,
                        const std::vector<int32_t>& targets);

// The name of class `k`; its number if the head has no labels.
std::string LabelOf(const HeadNode& head, size_t k);

// The class of highest probability, the first of equal ones.
size_t MostProbable(std::span<const double> probabilities);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_LABEL_MEASURES_H_
