// The state is four bytes: how many bytes are held back (0-3), those bytes, zeros.
//
// Held back is always a proper beginning of some valid sequence. When the next byte does not
// continue it, each byte held back becomes one <unk> (a continuation byte begins nothing, so none
// of them could have been something else), and the new byte is looked at afresh. No decision
// depends on anything but the state and one byte, hence not on where the text was cut.
#include "core/codec/text_codec.h"

#include <array>
#include <cstring>
#include <map>

#include "core/base/error.h"
#include "core/model/config_check.h"
#include "core/model/input_check.h"
#include "core/model/utf8.h"

namespace sequent {
namespace {

constexpr size_t kStateBytes = 4;
constexpr int32_t kUnknown = 0;

// The bytes held back and one more.
class Pending {
 public:
  explicit Pending(const void* state) { std::memcpy(bytes_.data(), state, kStateBytes); }
  void Save(void* state) {
    std::fill(bytes_.begin() + 1 + size(), bytes_.end(), '\0');
    std::memcpy(state, bytes_.data(), kStateBytes);
  }

  size_t size() const { return static_cast<uint8_t>(bytes_[0]); }
  std::string_view text() const { return {bytes_.data() + 1, size()}; }
  bool IsComplete() const {
    return size() > 0 && size() == Utf8Length(static_cast<uint8_t>(bytes_[1]));
  }
  void Clear() { bytes_[0] = 0; }

  // Keeps `byte` if some valid sequence goes on with it.
  bool Extend(char byte) {
    bytes_[1 + size()] = byte;
    ++bytes_[0];
    if (IsUtf8Prefix(text())) return true;
    --bytes_[0];
    return false;
  }

 private:
  std::array<char, 1 + 4> bytes_ = {};
};

// Calls `take` with each valid sequence, and with an empty one for each byte that belongs to none.
template <typename Take>
void Decode(Pending* pending, std::string_view bytes, const Take& take) {
  for (const char byte : bytes) {
    if (!pending->Extend(byte)) {
      const bool fresh = pending->size() == 0;
      for (size_t i = 0; i < pending->size(); ++i) take(std::string_view());
      pending->Clear();
      if (fresh || !pending->Extend(byte)) {
        take(std::string_view());
        continue;
      }
    }
    if (pending->IsComplete()) {
      take(pending->text());
      pending->Clear();
    }
  }
}

}  // namespace

StatusOr<std::unique_ptr<const TextCodec>> TextCodec::Create(const v1::TokenInput& input) {
  if (input.codec() != "characters") {
    return Expected("tokens.codec", "'characters'", StrCat("'", Quoted(input.codec()), "'"));
  }
  SEQ_RETURN_IF_ERROR(CheckTokenInput("tokens", input).status());
  SEQ_RETURN_IF_ERROR(CheckVocabulary("tokens", input));
  std::unique_ptr<TextCodec> codec(new TextCodec);
  codec->vocabulary_.assign(input.vocabulary().begin(), input.vocabulary().end());
  for (size_t i = 1; i < codec->vocabulary_.size(); ++i) {
    codec->token_of_.emplace(*DecodeCodePoint(codec->vocabulary_[i]), static_cast<int32_t>(i));
  }
  return std::unique_ptr<const TextCodec>(std::move(codec));
}

std::vector<std::string> TextCodec::FitCharacters(std::string_view text, uint32_t min_count) {
  std::map<char32_t, uint64_t> counts;
  constexpr std::array<char, kStateBytes> kNothing = {};
  Pending pending(kNothing.data());
  Decode(&pending, text, [&counts](std::string_view sequence) {
    if (!sequence.empty()) ++counts[*DecodeCodePoint(sequence)];
  });
  std::vector<std::string> vocabulary = {std::string(kUnknownToken)};
  for (const auto& [code_point, count] : counts) {
    if (count >= min_count) vocabulary.push_back(EncodeCodePoint(code_point));
  }
  return vocabulary;
}

size_t TextCodec::state_size() const { return kStateBytes; }

void TextCodec::InitState(void* state) const { std::memset(state, 0, kStateBytes); }

Status TextCodec::ValidateState(const void* state) const {
  std::array<char, kStateBytes> bytes;
  std::memcpy(bytes.data(), state, kStateBytes);
  const size_t size = static_cast<uint8_t>(bytes[0]);
  const auto bad = [&bytes](std::string_view expected) {
    return absl::DataLossError(StrCat("text codec state: expected ", ToAbsl(expected), ", got '",
                                      Quoted({bytes.data(), kStateBytes}), "'"));
  };
  if (size >= kStateBytes) return bad("at most 3 bytes held back");
  const std::string_view held(bytes.data() + 1, size);
  const bool unfinished =
      size == 0 || (IsUtf8Prefix(held) && size < Utf8Length(static_cast<uint8_t>(held[0])));
  if (!unfinished) return bad("the beginning of a UTF-8 sequence");
  for (size_t i = 1 + size; i < kStateBytes; ++i) {
    if (bytes[i] != 0) return bad("zeros after the bytes held back");
  }
  return absl::OkStatus();
}

size_t TextCodec::PendingBytes(const void* state) const { return Pending(state).size(); }

int32_t TextCodec::TokenOf(std::string_view sequence) const {
  if (sequence.empty()) return kUnknown;
  const auto found = token_of_.find(*DecodeCodePoint(sequence));
  return found == token_of_.end() ? kUnknown : found->second;
}

void TextCodec::Encode(void* state, std::string_view bytes, bool flush,
                       std::vector<int32_t>* tokens) const {
  Pending pending(state);
  Decode(&pending, bytes, [&](std::string_view sequence) { tokens->push_back(TokenOf(sequence)); });
  if (flush) {
    tokens->insert(tokens->end(), pending.size(), kUnknown);
    pending.Clear();
  }
  pending.Save(state);
}

}  // namespace sequent
