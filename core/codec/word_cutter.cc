#include "core/codec/word_cutter.h"

#include <algorithm>
#include <string>

#include "core/base/error.h"

namespace sequent {
namespace {

constexpr size_t kLengthAt = 4, kApostropheAt = 5, kUnusedAt = 6;

Status Bad(std::string_view expected, std::string_view got) {
  return absl::DataLossError(
      StrCat("word codec state: expected ", ToAbsl(expected), ", got '", Quoted(got), "'"));
}

}  // namespace

WordCutter::WordCutter(const WordRules& rules, const void* state) : rules_(rules), stream_(state) {
  const auto* bytes = static_cast<const char*>(state);
  length_ = static_cast<uint8_t>(bytes[kLengthAt]);
  apostrophe_ = bytes[kApostropheAt] != 0;
  std::memcpy(word_.data(), bytes + kWordOffset, kMaxWordBytes);
}

void WordCutter::Save(void* state) {
  auto* bytes = static_cast<char*>(state);
  stream_.Save(bytes);
  bytes[kLengthAt] = static_cast<char>(length_);
  bytes[kApostropheAt] = apostrophe_ ? 1 : 0;
  std::memset(bytes + kUnusedAt, 0, kStateBytes - kUnusedAt);
  std::memcpy(bytes + kWordOffset, word_.data(), word().size());
}

size_t WordCutter::PendingBytes() const { return stream_.size() + length_ + (apostrophe_ ? 1 : 0); }

void WordCutter::Extend(char32_t code_point, std::string_view sequence) {
  if (apostrophe_) Append("'");
  apostrophe_ = false;
  const char32_t lower = rules_.lowercase ? ToLower(code_point) : code_point;
  if (lower == code_point) return Append(sequence);
  Append(EncodeCodePoint(lower));
}

void WordCutter::Append(std::string_view bytes) {
  if (length_ + bytes.size() > kMaxWordBytes) {
    length_ = kTooLong;
    return;
  }
  std::copy(bytes.begin(), bytes.end(), word_.begin() + static_cast<ptrdiff_t>(length_));
  length_ += bytes.size();
}

Status WordCutter::Validate(const WordRules& rules, const void* state) {
  SEQ_RETURN_IF_ERROR(Utf8Stream::Validate(state));
  const std::string_view bytes(static_cast<const char*>(state), kStateBytes);
  const size_t length = static_cast<uint8_t>(bytes[kLengthAt]);
  if (length > kTooLong) return Bad("a word of at most 65 bytes", bytes);
  const size_t kept = length == kTooLong ? 0 : length;
  const std::string_view word = bytes.substr(kWordOffset, kept);
  if (kept > 0 && !(rules.spaced ? IsUnspaced(word) : IsWord(word))) return Bad("a word", word);
  if (rules.lowercase && ToLower(word) != word) return Bad("a word in lower case", word);
  const uint8_t apostrophe = static_cast<uint8_t>(bytes[kApostropheAt]);
  if (apostrophe > (length > 0 && !rules.spaced ? 1 : 0)) {
    return Bad("an apostrophe only after a word", bytes);
  }
  const std::string_view unused = bytes.substr(kUnusedAt, 2),
                         rest = bytes.substr(kWordOffset + kept);
  if (unused.find_first_not_of('\0') != unused.npos || rest.find_first_not_of('\0') != rest.npos) {
    return Bad("zeros after the word", bytes);
  }
  return absl::OkStatus();
}

}  // namespace sequent
