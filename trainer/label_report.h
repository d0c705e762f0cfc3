// The measures of heads that name classes, and the baselines beside them.
//
// Thread safety: pure functions.
#ifndef SEQUENT_TRAINER_LABEL_REPORT_H_
#define SEQUENT_TRAINER_LABEL_REPORT_H_

#include <string>

#include "core/base/status.h"
#include "core/base/thread_pool.h"
#include "core/train/label_measures.h"
#include "trainer/dataset.h"
#include "trainer/scoring.h"

namespace sequent {

// What `models` together say of `samples`: probabilities are averaged. They must have the same
// text codec and the same labels.
StatusOr<train::LabelProbabilities> AverageOfModels(const ModelList& models,
                                                    const train::Samples& samples,
                                                    ThreadPool* pool);

// LabelMeasures of a part.
StatusOr<train::Measures> ScoreLabels(const ModelList& models, const Dataset& dataset,
                                      const train::Part& part, ThreadPool* pool);

// Adds accuracy_majority and, of classes of texts, accuracy_naive_bayes, both learned from the
// training part.
Status AddLabelBaselines(const v1::ModelConfig& model, const Dataset& dataset,
                         const train::Part& training, const train::Part& part,
                         train::Measures* measures);

// Confusion matrices as tables; empty of other measures.
std::string DescribeLabels(const train::Measures& measures);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_LABEL_REPORT_H_
