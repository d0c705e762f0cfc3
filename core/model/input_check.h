// Checks of one model input: its structure, which is known before training, and what fit learned.
//
// Errors: INVALID_ARGUMENT naming the field under `path` ("inputs[0].tokens.size: expected ...").
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_MODEL_INPUT_CHECK_H_
#define SEQUENT_CORE_MODEL_INPUT_CHECK_H_

#include <array>
#include <cstddef>
#include <string_view>

#include "core/base/status.h"
#include "sequent/v1/model.pb.h"

namespace sequent {

// What a character vocabulary holds at index 0.
inline constexpr std::string_view kUnknownToken = "<unk>";
// What a vocabulary of words begins with: padding, what is not in it, beginning and end of a line.
inline constexpr std::array<std::string_view, 4> kSpecialTokens = {"<pad>", kUnknownToken, "<bos>",
                                                                   "<eos>"};

// The number of token ids. Looks at the vocabulary's size only.
StatusOr<size_t> CheckTokenInput(std::string_view path, const v1::TokenInput& tokens);
// characters: <unk> first, every other entry exactly one code point, none twice. words, list: the
// special tokens, then what the codec could cut from a text, none twice. sentencepiece: the asset,
// a model (sentencepiece_model.h) of `size` pieces.
Status CheckVocabulary(std::string_view path, const v1::TokenInput& tokens);

// The number of model inputs per step: columns or labels, missing flags, calendar terms.
StatusOr<size_t> CheckFeatureInput(std::string_view path, const v1::FeatureInput& features);
size_t CalendarWidth(const v1::Calendar& calendar);
// What fit learned: as many values as there should be, finite, factors > 0; means > 0 under a log.
Status CheckLearned(std::string_view path, const v1::FeatureInput& features);

// Both learned checks, over all inputs of a configuration whose structure is good.
Status CheckLearnedInputs(const v1::ModelConfig& config);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_INPUT_CHECK_H_
