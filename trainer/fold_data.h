// A data set taken apart into the folds of a cross-validation.
//
// Thread safety: plain data and pure functions.
#ifndef SEQUENT_TRAINER_FOLD_DATA_H_
#define SEQUENT_TRAINER_FOLD_DATA_H_

#include <vector>

#include "core/base/status.h"
#include "core/train/folds.h"
#include "trainer/dataset.h"

namespace sequent {

// One fold as a data set of its own: training part, validation part (its end, what data.split says
// of it), test part, behind one another.
struct FoldData {
  Dataset dataset;
  train::Parts parts;
};

// What `cv` of the configuration asks for. Items are rows of a series (rolling_origin); with kfold
// pieces of a text, as many as there are folds, or labelled sequences, those of classify dealt out
// class by class of their first label. INVALID_ARGUMENT: cv.* keys.
StatusOr<std::vector<train::Fold>> MakeFolds(const v1::TrainConfig& config, const Dataset& dataset);

// INVALID_ARGUMENT: data.split.validation does not fit.
StatusOr<FoldData> TakeFold(const v1::TrainConfig& config, const Dataset& dataset,
                            const train::Fold& fold);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_FOLD_DATA_H_
