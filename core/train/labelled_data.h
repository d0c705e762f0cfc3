// Sequences with labels, as files have them (docs/training.md, Data).
//
// classify: a text and its labels in a row of a TSV or CSV file. tag: a token and its labels in a
// line, columns separated by tabs or spaces; an empty line, or one that data.sequence_ends lists,
// ends a sequence.
// Thread safety: plain data and pure functions.
#ifndef SEQUENT_CORE_TRAIN_LABELLED_DATA_H_
#define SEQUENT_CORE_TRAIN_LABELLED_DATA_H_

#include <cstddef>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

struct LabelledSequence {
  std::string place;  // "file:line" of its beginning
  // classify: the text alone. tag: the tokens.
  std::vector<std::string> items;
  // Per label column, beside the items. Empty: the file has no labels.
  std::vector<std::vector<std::string>> labels;
};

// `with_labels`: a file without the label columns is refused; else its sequences have none, and in
// a TSV file of one column that is the text. DATA_LOSS: a file that cannot be read, is empty, not
// UTF-8, ragged, or has an empty text. INVALID_ARGUMENT: data.* keys.
StatusOr<std::vector<LabelledSequence>> ReadTexts(const v1::DataConfig& data, bool with_labels);
StatusOr<std::vector<LabelledSequence>> ReadTagged(const v1::DataConfig& data, bool with_labels);

// How many label columns `data` names.
size_t LabelColumns(const v1::DataConfig& data);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_LABELLED_DATA_H_
