// Labelled sequences through a model's codecs: its text's, and the labels of its heads.
//
// Heads and label columns (data.labels) stand in the same order. A softmax head takes one label a
// cell; a Bernoulli head takes any number of them, with bars between, none in an empty cell or "0".
// Thread safety: pure functions.
#ifndef SEQUENT_TRAINER_LABEL_DATA_H_
#define SEQUENT_TRAINER_LABEL_DATA_H_

#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/train/data.h"
#include "core/train/split.h"
#include "sequent/v1/model.pb.h"
#include "sequent/v1/train.pb.h"
#include "trainer/dataset.h"

namespace sequent {

// The texts of a part, as the text codec takes them.
std::vector<std::string_view> TextsOf(const Dataset& dataset, const train::Part& part);

// Gives each head of `model` the labels of the training part, in byte order, unless it lists its
// own. INVALID_ARGUMENT: the heads do not fit the columns; DATA_LOSS: fewer than two classes.
Status FitLabels(const v1::DataConfig& data, const Dataset& dataset, const train::Part& training,
                 v1::ModelConfig* model);

// A part as the model sees it. DATA_LOSS names the line: a label that no head knows, a sequence
// without tokens, a tag that is not one token. Without labels in the data all are masked.
StatusOr<train::Samples> BuildSamples(const v1::ModelConfig& model, const Dataset& dataset,
                                      const train::Part& part);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_LABEL_DATA_H_
