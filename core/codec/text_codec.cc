#include "core/codec/text_codec.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "core/codec/character_codec.h"
#include "core/codec/sentencepiece_codec.h"
#include "core/codec/word_codec.h"
#include "core/model/config_check.h"
#include "core/model/input_check.h"

namespace sequent {

TextCodec::TextCodec(std::vector<std::string> vocabulary, size_t spacing)
    : vocabulary_(std::move(vocabulary)) {
  for (const std::string& entry : vocabulary_) {
    max_text_bytes_ = std::max(max_text_bytes_, entry.size() + spacing);
  }
}

StatusOr<std::unique_ptr<const TextCodec>> TextCodec::Create(const v1::TokenInput& input) {
  if (input.codec() == "ids") {
    return Expected("tokens.codec", "'characters', 'words', 'list' or 'sentencepiece'",
                    "'ids', which has no text");
  }
  SEQ_RETURN_IF_ERROR(CheckTokenInput("tokens", input).status());
  SEQ_RETURN_IF_ERROR(CheckVocabulary("tokens", input));
  if (input.codec() == "sentencepiece") return MakeSentencePieceCodec(input);
  if (input.codec() == "characters") return MakeCharacterCodec(input);
  return MakeWordCodec(input);
}

std::vector<std::string> TextCodec::FitCharacters(std::string_view text, uint32_t min_count) {
  return FitCharacterVocabulary(text, min_count);
}

void TextCodec::InitState(void* state) const { std::memset(state, 0, state_size()); }

std::string TextCodec::Text(int32_t, int32_t token) const { return TokenText(token); }

}  // namespace sequent
