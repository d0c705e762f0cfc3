// The baseline of text classification: naive Bayes on which tokens a sequence has.
//
// log p(class) + sum over the tokens of log p(token there or not | class), each with one count
// added to both; McCallum and Nigam, "A comparison of event models for naive Bayes text
// classification", 1998 (the Bernoulli model). Thread safety: pure function.
#ifndef SEQUENT_CORE_TRAIN_NAIVE_BAYES_H_
#define SEQUENT_CORE_TRAIN_NAIVE_BAYES_H_

#include <cstddef>

#include "core/train/data.h"

namespace sequent::train {

// The share of the sequences of `samples` that it names right after counting those of `training`;
// head `head`, a last-step softmax head of `classes` classes over `tokens` tokens. Labels not known
// do not count; NaN if none is.
double NaiveBayesAccuracy(const Samples& training, const Samples& samples, size_t head,
                          size_t classes, size_t tokens);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_NAIVE_BAYES_H_
