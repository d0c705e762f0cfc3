// UTF-8 as Unicode defines it (Table 3-7): no overlong forms, no surrogates, nothing over U+10FFFF.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_MODEL_UTF8_H_
#define SEQUENT_CORE_MODEL_UTF8_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sequent {

// Bytes of the sequence that `lead` begins: 1 to 4, or 0 if no valid sequence begins with it.
size_t Utf8Length(uint8_t lead);

// Whether some valid sequence begins with these bytes or is them. False for none and for more
// than 4.
bool IsUtf8Prefix(std::string_view bytes);

// The code point that `bytes` is exactly; nothing if they are not one valid sequence.
std::optional<char32_t> DecodeCodePoint(std::string_view bytes);

// `code_point` must be a Unicode scalar value.
std::string EncodeCodePoint(char32_t code_point);

bool IsUtf8(std::string_view bytes);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_UTF8_H_
