// Tokens that are pieces of words, by a SentencePiece model. Use it through TextCodec.
//
// The text is cut into words: white space or U+2581 begins one, and so does, after 64 code points
// without, the next code point (Chinese has no white space). Each word is normalised and segmented
// by itself, which is what the library does of a whole text since no piece crosses words; it
// differs only in words longer than that. What may go on is held back: fewer than 64 code points.
//
// A word becomes at most as many tokens as it has bytes (and 1 for the space that some models put
// before a text): one that would be more, or that the normaliser makes longer than 1024 bytes, is
// one unknown token.
#ifndef SEQUENT_CORE_CODEC_SENTENCEPIECE_CODEC_H_
#define SEQUENT_CORE_CODEC_SENTENCEPIECE_CODEC_H_

#include <memory>

#include "core/codec/text_codec.h"

namespace sequent {

// `input` is checked already but for its asset. INVALID_ARGUMENT: no model.
StatusOr<std::unique_ptr<const TextCodec>> MakeSentencePieceCodec(const v1::TokenInput& input);

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_SENTENCEPIECE_CODEC_H_
