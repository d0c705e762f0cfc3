#include "core/model/word_class.h"

#include <gtest/gtest.h>

namespace sequent {
namespace {

TEST(WordClass, LettersMarksAndNumbersOfAnyScriptAreWordCharacters) {
  for (const char32_t c : {U'a', U'Z', U'7', U'_', U'\u00e9', U'\u03b1', U'\u0416', U'\u05d0',
                           U'\u0915', U'\u093f', U'\u4e2d', U'\u0301', U'\U00020000'}) {
    EXPECT_TRUE(IsWordCharacter(c)) << static_cast<uint32_t>(c);
  }
}

TEST(WordClass, MarksSpacesAndSymbolsAreNot) {
  for (const char32_t c : {U'\'', U'-', U'.', U' ', U'\n', U'\u00a0', U'\u20ac', U'\u2019',
                           U'\u3002', U'\U0001F600', U'\u00d7', U'\0'}) {
    EXPECT_FALSE(IsWordCharacter(c)) << static_cast<uint32_t>(c);
  }
}

TEST(WordClass, KnowsTheSpacesOfUnicode) {
  for (const char32_t c : {U' ', U'\t', U'\n', U'\r', U'\u00a0', U'\u2003', U'\u2028', U'\u3000'}) {
    EXPECT_TRUE(IsSpace(c)) << static_cast<uint32_t>(c);
  }
  EXPECT_FALSE(IsSpace(U'\u200b'));
}

TEST(WordClass, LowersLettersThatHaveALowerCase) {
  EXPECT_EQ(ToLower("GOD \u00c4\u00dc \u0394\u03a9 \u0416 \u0178"),
            "god \u00e4\u00fc \u03b4\u03c9 \u0436 \u00ff");
  // Every second one of a range.
  EXPECT_EQ(ToLower("\u0100\u0101\u0102\u0103"), "\u0101\u0101\u0103\u0103");
  EXPECT_EQ(ToLower(U'\u00df'), U'\u00df');
}

TEST(WordClass, AWordHasApostrophesOnlyInside) {
  EXPECT_TRUE(IsWord("don't"));
  EXPECT_TRUE(IsWord("rock'n'roll"));
  for (const char* text : {"", "'t", "don'", "a''b", "a b", "a-b", "\xff", "a\xc3"}) {
    EXPECT_FALSE(IsWord(text)) << text;
  }
}

TEST(WordClass, AWordHasAtMost64Bytes) {
  EXPECT_TRUE(IsWord(std::string(64, 'a')));
  EXPECT_FALSE(IsWord(std::string(65, 'a')));
}

TEST(WordClass, PunctuationIsOneCodePoint) {
  EXPECT_TRUE(IsPunctuation(","));
  EXPECT_TRUE(IsPunctuation("\u20ac"));
  for (const char* text : {"", "a", " ", ",,", "\xe2\x82"}) EXPECT_FALSE(IsPunctuation(text));
}

}  // namespace
}  // namespace sequent
