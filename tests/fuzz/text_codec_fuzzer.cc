// Bytes to tokens: the same however the bytes are cut, never more than there are bytes, always
// tokens of the vocabulary, and every state on the way is one that ValidateState takes.
//
// Input: a byte, then a text. The byte's low six bits are the length of the pieces that the text is
// cut into (0: whole); the two highest say what tokens are: characters, pieces of words, words (2
// and 3).
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "core/codec/text_codec.h"
#include "core/codec/word_codec.h"
#include "tests/support/pieces.h"

namespace sequent {
namespace {

std::unique_ptr<const TextCodec> MakeCodec() {
  v1::TokenInput input;
  input.set_codec("characters");
  const char text[] = "hello, w\xc3\xb6rld \xe2\x82\xac \xf0\x9f\x99\x82";
  for (const std::string& entry : TextCodec::FitCharacters(text, 1)) input.add_vocabulary(entry);
  return TextCodec::Create(input).value();
}

std::unique_ptr<const TextCodec> MakeWords() {
  v1::TokenInput input;
  input.set_codec("words");
  input.set_lowercase(true);
  input.set_line_ends(true);
  WordCounter counter(input);
  counter.Add("hello, w\xc3\xb6rld's don't \xe2\x82\xac 'tis");
  for (const std::string& entry : counter.Vocabulary(1, 0)) input.add_vocabulary(entry);
  return TextCodec::Create(input).value();
}

std::unique_ptr<const TextCodec> MakePieces() {
  v1::SentencePieceProto pieces =
      Pieces({"_he", "ll", "_w", "h", "e", "l", "o", "r", "d", "\u00f6", ",", "_", "\n"});
  pieces.mutable_normalizer_spec()->set_precompiled_charsmap(OneRule('L', "ll "));
  pieces.mutable_normalizer_spec()->set_add_dummy_prefix(true);
  pieces.mutable_normalizer_spec()->set_remove_extra_whitespaces(true);
  return TextCodec::Create(PieceInput(pieces)).value();
}

void Require(bool holds) {
  if (!holds) std::abort();
}

std::vector<int32_t> EncodeInPieces(const TextCodec& codec, std::string_view text, size_t piece) {
  std::vector<std::byte> state(codec.state_size());
  codec.InitState(state.data());
  std::vector<int32_t> tokens;
  while (!text.empty()) {
    const std::string_view bytes = text.substr(0, piece);
    const size_t bound =
        tokens.size() + codec.PendingBytes(state.data()) + bytes.size() + (tokens.empty() ? 1 : 0);
    text.remove_prefix(bytes.size());
    codec.Encode(state.data(), bytes, /*flush=*/false, &tokens);
    Require(tokens.size() <= bound);
    Require(codec.ValidateState(state.data()).ok());
  }
  codec.Encode(state.data(), "", /*flush=*/true, &tokens);
  Require(codec.PendingBytes(state.data()) == 0);
  return tokens;
}

}  // namespace
}  // namespace sequent

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sequent;
  static const TextCodec* const codecs[] = {MakeCodec().release(), MakePieces().release(),
                                            MakeWords().release()};
  if (size == 0) return 0;
  const TextCodec* const codec = codecs[std::min(data[0] >> 6, 2)];
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::vector<int32_t> whole = EncodeInPieces(*codec, text, std::string_view::npos);
  const size_t length = data[0] & 0x3F, piece = length == 0 ? std::string_view::npos : length;
  Require(EncodeInPieces(*codec, text, piece) == whole);
  Require(EncodeInPieces(*codec, text, 1) == whole);
  for (const int32_t token : whole) {
    Require(token >= 0 && static_cast<size_t>(token) < codec->size());
  }
  return 0;
}
