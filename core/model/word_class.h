// What a code point is to the words of a text.
//
// A word character is a letter, a mark or a number of any script (Unicode's categories L, M, N), an
// unassigned code point that only others of its kind part from those on both sides, or the
// underscore. White space is Unicode's White_Space and the separators U+001C..U+001F. Lower
// case is one code point for one: what becomes two (U+0130) stays as it is.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_MODEL_WORD_CLASS_H_
#define SEQUENT_CORE_MODEL_WORD_CLASS_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace sequent {

// Longer words are known to no vocabulary: bounds what a codec holds back.
inline constexpr size_t kMaxWordBytes = 64;

bool IsWordCharacter(char32_t code_point);
bool IsSpace(char32_t code_point);
char32_t ToLower(char32_t code_point);

// The text, valid UTF-8, in lower case.
std::string ToLower(std::string_view text);

// Whether `text` is one whole match of \w+(?:'\w+)* of at most kMaxWordBytes bytes.
bool IsWord(std::string_view text);
// Whether `text` is one code point that is neither a word character nor white space.
bool IsPunctuation(std::string_view text);
// Whether `text` is valid UTF-8 of 1 to kMaxWordBytes bytes without white space.
bool IsUnspaced(std::string_view text);

}  // namespace sequent

#endif  // SEQUENT_CORE_MODEL_WORD_CLASS_H_
