// Measures against those of the naive baselines beside them.
//
// Thread safety: pure functions.
#ifndef SEQUENT_TRAINER_VERDICT_H_
#define SEQUENT_TRAINER_VERDICT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "core/train/trainer.h"

namespace sequent {

// Whether a measure is a baseline's ("rmse_ar", "kind/accuracy_majority", "mae_seasonal.x"), not
// the model's own. Names of heads, labels and series do not count.
bool IsBaseline(const std::string& measure);

struct Judgement {
  size_t there = 0;                // baselines that the model can be held against
  size_t beaten = 0;               // of them
  std::vector<std::string> lines;  // for people: one for each that is not beaten
};

// The loss against loss_unigram, rmse against those of persistence, seasonal and ar, each head's
// accuracy against accuracy_majority and accuracy_naive_bayes. As good is not better. What is not a
// number is not compared.
Judgement JudgeMeasures(const train::Measures& measures);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_VERDICT_H_
