// One token per code point. Use it through TextCodec.
#ifndef SEQUENT_CORE_CODEC_CHARACTER_CODEC_H_
#define SEQUENT_CORE_CODEC_CHARACTER_CODEC_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/codec/text_codec.h"

namespace sequent {

// `input` is checked already.
std::unique_ptr<const TextCodec> MakeCharacterCodec(const v1::TokenInput& input);
// See TextCodec::FitCharacters.
std::vector<std::string> FitCharacterVocabulary(std::string_view text, uint32_t min_count);

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_CHARACTER_CODEC_H_
