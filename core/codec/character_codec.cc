#include "core/codec/character_codec.h"

#include <array>
#include <map>
#include <unordered_map>

#include "core/codec/utf8_stream.h"
#include "core/model/input_check.h"
#include "core/model/utf8.h"

namespace sequent {
namespace {

constexpr int32_t kUnknown = 0;

// The state is that of Utf8Stream.
class CharacterCodec : public TextCodec {
 public:
  explicit CharacterCodec(const v1::TokenInput& input)
      : TextCodec({input.vocabulary().begin(), input.vocabulary().end()}, 0) {
    for (size_t i = 1; i < size(); ++i) {
      token_of_.emplace(*DecodeCodePoint(vocabulary()[i]), static_cast<int32_t>(i));
    }
  }

  size_t state_size() const override { return Utf8Stream::kStateBytes; }
  Status ValidateState(const void* state) const override { return Utf8Stream::Validate(state); }
  size_t PendingBytes(const void* state) const override { return Utf8Stream(state).size(); }
  size_t max_pending_tokens() const override { return Utf8Stream::kStateBytes - 1; }

  void Encode(void* state, std::string_view bytes, bool flush,
              std::vector<int32_t>* tokens) const override {
    Utf8Stream stream(state);
    stream.Decode(bytes, [&](std::string_view sequence) { tokens->push_back(TokenOf(sequence)); });
    if (flush) {
      tokens->insert(tokens->end(), stream.size(), kUnknown);
      stream.Clear();
    }
    stream.Save(state);
  }

 private:
  int32_t TokenOf(std::string_view sequence) const {
    if (sequence.empty()) return kUnknown;
    const auto found = token_of_.find(*DecodeCodePoint(sequence));
    return found == token_of_.end() ? kUnknown : found->second;
  }

  std::unordered_map<char32_t, int32_t> token_of_;
};

}  // namespace

std::unique_ptr<const TextCodec> MakeCharacterCodec(const v1::TokenInput& input) {
  return std::make_unique<CharacterCodec>(input);
}

std::vector<std::string> FitCharacterVocabulary(std::string_view text, uint32_t min_count) {
  std::map<char32_t, uint64_t> counts;
  constexpr std::array<char, Utf8Stream::kStateBytes> kNothing = {};
  Utf8Stream stream(kNothing.data());
  stream.Decode(text, [&counts](std::string_view sequence) {
    if (!sequence.empty()) ++counts[*DecodeCodePoint(sequence)];
  });
  std::vector<std::string> vocabulary = {std::string(kUnknownToken)};
  for (const auto& [code_point, count] : counts) {
    if (count >= min_count) vocabulary.push_back(EncodeCodePoint(code_point));
  }
  return vocabulary;
}

}  // namespace sequent
