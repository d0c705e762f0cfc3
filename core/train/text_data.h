// Text for language models.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_TEXT_DATA_H_
#define SEQUENT_CORE_TRAIN_TEXT_DATA_H_

#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"
#include "core/train/split.h"

namespace sequent::train {

// The files one after another. DATA_LOSS: a file is empty or not UTF-8 (says at which byte); else
// as ReadFile.
StatusOr<std::string> ReadText(const std::vector<std::string>& paths);

size_t CountCodePoints(std::string_view text);

// Code points begin .. end-1 of valid UTF-8; `part.end` must not be past the last.
std::string_view TextPart(std::string_view text, const Part& part);

// Lines end with a line feed; the last one may end with the text.
size_t CountLines(std::string_view text);

// Lines begin .. end-1 with their ends; `part.end` must not be past the last.
std::string_view LinePart(std::string_view text, const Part& part);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_TEXT_DATA_H_
