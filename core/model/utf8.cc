#include "core/model/utf8.h"

namespace sequent {
namespace {

uint8_t ByteAt(std::string_view bytes, size_t i) { return static_cast<uint8_t>(bytes[i]); }

// The second byte's range is what excludes overlong forms, surrogates and values over U+10FFFF.
bool IsSecondByte(uint8_t lead, uint8_t byte) {
  switch (lead) {
    case 0xE0:
      return byte >= 0xA0 && byte <= 0xBF;
    case 0xED:
      return byte >= 0x80 && byte <= 0x9F;
    case 0xF0:
      return byte >= 0x90 && byte <= 0xBF;
    case 0xF4:
      return byte >= 0x80 && byte <= 0x8F;
    default:
      return byte >= 0x80 && byte <= 0xBF;
  }
}

}  // namespace

size_t Utf8Length(uint8_t lead) {
  if (lead <= 0x7F) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return 2;
  if (lead >= 0xE0 && lead <= 0xEF) return 3;
  if (lead >= 0xF0 && lead <= 0xF4) return 4;
  return 0;
}

bool IsUtf8Prefix(std::string_view bytes) {
  if (bytes.empty() || bytes.size() > Utf8Length(ByteAt(bytes, 0))) return false;
  if (bytes.size() > 1 && !IsSecondByte(ByteAt(bytes, 0), ByteAt(bytes, 1))) return false;
  for (size_t i = 2; i < bytes.size(); ++i) {
    if ((ByteAt(bytes, i) & 0xC0) != 0x80) return false;
  }
  return true;
}

std::optional<char32_t> DecodeCodePoint(std::string_view bytes) {
  if (!IsUtf8Prefix(bytes)) return std::nullopt;
  const size_t length = Utf8Length(ByteAt(bytes, 0));
  if (bytes.size() != length) return std::nullopt;
  if (length == 1) return ByteAt(bytes, 0);
  char32_t code_point = ByteAt(bytes, 0) & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) code_point = code_point << 6 | (ByteAt(bytes, i) & 0x3Fu);
  return code_point;
}

std::string EncodeCodePoint(char32_t code_point) {
  const auto tail = [code_point](int shift) {
    return static_cast<char>(0x80 | (code_point >> shift & 0x3F));
  };
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  if (code_point < 0x800) return {static_cast<char>(0xC0 | code_point >> 6), tail(0)};
  if (code_point < 0x10000) {
    return {static_cast<char>(0xE0 | code_point >> 12), tail(6), tail(0)};
  }
  return {static_cast<char>(0xF0 | code_point >> 18), tail(12), tail(6), tail(0)};
}

bool IsUtf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t length = Utf8Length(ByteAt(bytes, 0));
    if (length == 0 || length > bytes.size() || !IsUtf8Prefix(bytes.substr(0, length))) {
      return false;
    }
    bytes.remove_prefix(length);
  }
  return true;
}

}  // namespace sequent
