#include "core/model/word_class.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <optional>

#include "core/model/utf8.h"

namespace sequent {
namespace {

struct Range {
  uint32_t first, last;
};

// Every step-th code point of it moves by the difference.
struct LowerRange {
  uint32_t first, last, step;
  int32_t difference;
};

#include "core/model/word_class_tables.inc"

// The range that begins at or before the code point, if it reaches that far.
template <typename R, size_t n>
const R* Find(const R (&ranges)[n], char32_t code_point) {
  const R* after =
      std::upper_bound(std::begin(ranges), std::end(ranges), code_point,
                       [](char32_t value, const R& range) { return value < range.first; });
  if (after == std::begin(ranges)) return nullptr;
  const R* range = after - 1;
  return code_point <= range->last ? range : nullptr;
}

// Calls `take` with each code point; whether the text is valid UTF-8 and all of them were taken.
template <typename Take>
bool ForEach(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const size_t length = Utf8Length(static_cast<uint8_t>(text[0]));
    if (length == 0 || length > text.size()) return false;
    const std::optional<char32_t> code_point = DecodeCodePoint(text.substr(0, length));
    if (!code_point || !take(*code_point)) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace

bool IsWordCharacter(char32_t code_point) {
  if (code_point < 0x80) {
    return (code_point >= 'a' && code_point <= 'z') || (code_point >= 'A' && code_point <= 'Z') ||
           (code_point >= '0' && code_point <= '9') || code_point == '_';
  }
  return Find(kWordRanges, code_point) != nullptr;
}

bool IsSpace(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 ||
         c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

char32_t ToLower(char32_t code_point) {
  if (code_point < 0x80) {
    return code_point >= 'A' && code_point <= 'Z' ? code_point + 32 : code_point;
  }
  const LowerRange* range = Find(kLowerRanges, code_point);
  if (range == nullptr || (code_point - range->first) % range->step != 0) return code_point;
  return static_cast<char32_t>(static_cast<int64_t>(code_point) + range->difference);
}

std::string ToLower(std::string_view text) {
  std::string lower;
  ForEach(text, [&lower](char32_t code_point) {
    lower += EncodeCodePoint(ToLower(code_point));
    return true;
  });
  return lower;
}

bool IsWord(std::string_view text) {
  if (text.empty() || text.size() > kMaxWordBytes) return false;
  bool after_letter = false;
  const bool valid = ForEach(text, [&after_letter](char32_t code_point) {
    const bool letter = IsWordCharacter(code_point);
    if (!letter && !(code_point == '\'' && after_letter)) return false;
    after_letter = letter;
    return true;
  });
  return valid && after_letter;
}

bool IsPunctuation(std::string_view text) {
  const std::optional<char32_t> code_point = DecodeCodePoint(text);
  return code_point && !IsWordCharacter(*code_point) && !IsSpace(*code_point);
}

bool IsUnspaced(std::string_view text) {
  return !text.empty() && text.size() <= kMaxWordBytes &&
         ForEach(text, [](char32_t code_point) { return !IsSpace(code_point); });
}

}  // namespace sequent
