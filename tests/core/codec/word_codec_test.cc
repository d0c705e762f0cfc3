#include "core/codec/word_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/base/random.h"

namespace sequent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using State = std::vector<char>;

constexpr const char* kSpecial[] = {"<pad>", "<unk>", "<bos>", "<eos>"};

v1::TokenInput Input(const std::vector<std::string>& words, const std::string& codec = "words") {
  v1::TokenInput input;
  input.set_codec(codec);
  for (const char* token : kSpecial) input.add_vocabulary(token);
  for (const std::string& word : words) input.add_vocabulary(word);
  return input;
}

// The tokens' names with bars between.
std::string Names(const TextCodec& codec, const std::vector<int32_t>& tokens) {
  std::string names;
  for (const int32_t token : tokens) names += (names.empty() ? "" : "|") + codec.TokenText(token);
  return names;
}

std::vector<int32_t> Tokens(const TextCodec& codec, std::string_view text) {
  State state(codec.state_size());
  std::vector<int32_t> tokens;
  codec.InitState(state.data());
  codec.Encode(state.data(), text, true, &tokens);
  return tokens;
}

std::string Encode(const v1::TokenInput& input, std::string_view text) {
  const auto codec = TextCodec::Create(input).value();
  return Names(*codec, Tokens(*codec, text));
}

// A codec that knows every word of `text`, and what it makes of it.
std::string Cut(std::string_view text, v1::TokenInput input = Input({})) {
  WordCounter counter(input);
  counter.Add(text);
  input.clear_vocabulary();
  for (const std::string& entry : counter.Vocabulary(1, 0)) input.add_vocabulary(entry);
  return Encode(input, text);
}

TEST(WordCodec, CutsWordsAndMarks) {
  EXPECT_EQ(Cut("And God said, Let there be light: and"),
            "And|God|said|,|Let|there|be|light|:|and");
}

TEST(WordCodec, KeepsApostrophesInsideWords) {
  EXPECT_EQ(Cut("don't 'tis the disciples' rock'n'roll a''b"),
            "don't|'|tis|the|disciples|'|rock'n'roll|a|'|'|b");
}

TEST(WordCodec, KnowsLettersOfAnyScript) {
  EXPECT_EQ(Cut("na\u00efve \u0436\u0443\u043a\u3002\u4e2d\u6587 1_000\u20ac"),
            "na\u00efve|\u0436\u0443\u043a|\u3002|\u4e2d\u6587|1_000|\u20ac");
}

TEST(WordCodec, WhatIsNotInTheVocabularyIsUnknown) {
  EXPECT_EQ(Encode(Input({"God"}), "God made <unk>"), "God|<unk>|<unk>|<unk>|<unk>");
}

TEST(WordCodec, ABrokenByteIsUnknownAndEndsAWord) {
  EXPECT_EQ(Encode(Input({"a", "b"}),
                   "a\xff"
                   "b \xe2\x82"),
            "a|<unk>|b|<unk>|<unk>");
}

TEST(WordCodec, PutsTextIntoLowerCaseIfAsked) {
  v1::TokenInput input = Input({"god", "\u00e4"});
  input.set_lowercase(true);
  EXPECT_EQ(Encode(input, "God GOD god \u00c4"), "god|god|god|\u00e4");
}

TEST(WordCodec, LineBreaksAreTokensIfAsked) {
  v1::TokenInput input = Input({"a", "b"});
  EXPECT_EQ(Encode(input, "a\r\nb\n"), "a|b");
  input.set_line_ends(true);
  EXPECT_EQ(Encode(input, "a\r\nb\n\na"), "a|<eos>|b|<eos>|<eos>|a");
}

TEST(WordCodec, AListIsCutAtSpacesOnly) {
  EXPECT_EQ(Cut("U.S. don't \t(a,b)  \n\u00e9", Input({}, "list")), "U.S.|don't|(a,b)|\u00e9");
}

TEST(WordCodec, AWordTooLongIsUnknown) {
  const std::string longest(64, 'a');
  EXPECT_EQ(Encode(Input({longest, "b"}), longest + " " + longest + "a b"), longest + "|<unk>|b");
  EXPECT_EQ(Encode(Input({"b"}), longest + "aa'a' b"), "<unk>|<unk>|b");
}

class WordCutTest : public ::testing::TestWithParam<std::tuple<const char*, bool, bool>> {};

TEST_P(WordCutTest, AnyCutGivesTheSameTokensWithinTheBounds) {
  const auto [name, lowercase, line_ends] = GetParam();
  v1::TokenInput input = Input({"a", "ab", "a'b", "b", "'", ".", "\u00e9", "a\u00e9"}, name);
  if (input.codec() == "list") input.mutable_vocabulary()->RemoveLast();
  input.set_lowercase(lowercase);
  input.set_line_ends(line_ends);
  const auto codec = TextCodec::Create(input).value();
  constexpr std::string_view kBytes[] = {
      "a",    "b",    "'",    " ",    "\n",     ".",      "A",
      "\xc3", "\xa9", "\xe2", "\xff", "\u00e9", "\u0130", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const RandomStream random(seed, 1, 0);
    std::string text;
    for (uint64_t i = 0; i < 40; ++i) text += kBytes[random.Bits(i) % std::size(kBytes)];
    State state(codec->state_size());
    codec->InitState(state.data());
    std::vector<int32_t> tokens;
    std::string_view rest = text;
    for (uint64_t i = 0; !rest.empty(); ++i) {
      const std::string_view piece = rest.substr(0, random.Bits(100 + i) % 5);
      const size_t bound = tokens.size() + codec->PendingBytes(state.data()) + piece.size();
      codec->Encode(state.data(), piece, false, &tokens);
      EXPECT_LE(tokens.size(), bound);
      EXPECT_TRUE(codec->ValidateState(state.data()).ok());
      rest.remove_prefix(piece.size());
    }
    const size_t before = tokens.size(), held = codec->PendingBytes(state.data());
    codec->Encode(state.data(), "", true, &tokens);
    EXPECT_LE(tokens.size() - before, std::min(held, codec->max_pending_tokens()));
    EXPECT_EQ(codec->PendingBytes(state.data()), 0u);
    EXPECT_EQ(tokens, Tokens(*codec, text)) << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, WordCutTest,
                         ::testing::Combine(::testing::Values("words", "list"), ::testing::Bool(),
                                            ::testing::Bool()));

struct BadState {
  const char* name;
  std::string bytes;  // the state's beginning; zeros follow
};

class WordStateTest : public ::testing::TestWithParam<BadState> {};

// bytes 0-3: UTF-8 held back; 4: length; 5: apostrophe; 8: the word
TEST_P(WordStateTest, IsRefused) {
  v1::TokenInput input = Input({"a"});
  input.set_lowercase(true);
  const auto codec = TextCodec::Create(input).value();
  State state(codec->state_size());
  std::memcpy(state.data(), GetParam().bytes.data(), GetParam().bytes.size());
  EXPECT_EQ(codec->ValidateState(state.data()).code(), absl::StatusCode::kDataLoss);
}

INSTANTIATE_TEST_SUITE_P(
    Bad, WordStateTest,
    ::testing::Values(BadState{"BrokenUtf8", std::string("\1\xff\0\0", 4)},
                      BadState{"LengthOverTheMost", std::string("\0\0\0\0\x42", 5)},
                      BadState{"ApostropheWithoutAWord", std::string("\0\0\0\0\0\1", 6)},
                      BadState{"ApostropheOfTwo", std::string("\0\0\0\0\1\2\0\0a", 9)},
                      BadState{"NoWord", std::string("\0\0\0\0\2\0\0\0a.", 10)},
                      BadState{"UpperCase", std::string("\0\0\0\0\1\0\0\0A", 9)},
                      BadState{"UnusedBytes", std::string("\0\0\0\0\1\0\1\0a", 9)},
                      BadState{"BytesBehindTheWord", std::string("\0\0\0\0\1\0\0\0ab", 10)},
                      BadState{"BytesOfAWordTooLong", std::string("\0\0\0\0\x41\0\0\0a", 9)}),
    [](const auto& info) { return info.param.name; });

// Each token's text after the one before it.
std::string Written(const TextCodec& codec, const std::vector<int32_t>& tokens) {
  std::string text;
  int32_t previous = TextCodec::kNoToken;
  for (const int32_t token : tokens) {
    text += codec.Text(previous, token);
    EXPECT_LE(codec.Text(previous, token).size(), codec.max_text_bytes());
    previous = token;
  }
  return text;
}

TEST(WordText, ComesBackWithItsSpaces) {
  const std::string text = " He said (softly): don't, half-heartedly!\nThe disciples' $5.";
  v1::TokenInput input = Input({});
  input.set_line_ends(true);
  WordCounter counter(input);
  counter.Add(text);
  input.clear_vocabulary();
  for (const std::string& entry : counter.Vocabulary(1, 0)) input.add_vocabulary(entry);
  const auto codec = TextCodec::Create(input).value();
  EXPECT_EQ(Written(*codec, Tokens(*codec, text)), text);
}

TEST(WordText, OfAListHasOneSpaceBetween) {
  const auto codec = TextCodec::Create(Input({"a", ",", "b"}, "list")).value();
  EXPECT_EQ(Written(*codec, {4, 5, 6}), " a , b");
}

TEST(WordText, PaddingAndBeginningsAreNoText) {
  const auto codec = TextCodec::Create(Input({"a"})).value();
  EXPECT_EQ(Written(*codec, {2, 4, 0, 1}), "a<unk>");
}

TEST(WordCounter, OrdersByCountThenBytes) {
  WordCounter counter(Input({}));
  counter.Add("b c a c b c d");
  EXPECT_THAT(counter.Vocabulary(1, 0),
              ElementsAre("<pad>", "<unk>", "<bos>", "<eos>", "c", "b", "a", "d"));
}

TEST(WordCounter, LeavesOutWhatIsRareOrTooMuch) {
  WordCounter counter(Input({}));
  counter.Add("b c a c b c d");
  EXPECT_THAT(counter.Vocabulary(2, 0), ElementsAre("<pad>", "<unk>", "<bos>", "<eos>", "c", "b"));
  EXPECT_THAT(counter.Vocabulary(1, 5), ElementsAre("<pad>", "<unk>", "<bos>", "<eos>", "c"));
}

TEST(WordCounter, TextsDoNotRunIntoEachOther) {
  WordCounter counter(Input({}));
  counter.Add("a");
  counter.Add("b");
  EXPECT_THAT(counter.Vocabulary(1, 0), ElementsAre("<pad>", "<unk>", "<bos>", "<eos>", "a", "b"));
}

TEST(WordCounter, TakesNoWordFromTheTextThatIsCalledLikeASpecialToken) {
  WordCounter counter(Input({}, "list"));
  counter.Add("<eos> <pad> a");
  EXPECT_THAT(counter.Vocabulary(1, 0), ElementsAre("<pad>", "<unk>", "<bos>", "<eos>", "a"));
}

std::string Refusal(const v1::TokenInput& input) {
  return std::string(Message(TextCodec::Create(input).status()));
}

TEST(WordVocabulary, BeginsWithTheSpecialTokens) {
  v1::TokenInput input = Input({"a"});
  input.set_vocabulary(1, "a");
  EXPECT_THAT(Refusal(input), HasSubstr("tokens.vocabulary[1]: expected '<unk>', got 'a'"));
  input.clear_vocabulary();
  EXPECT_THAT(Refusal(input), HasSubstr("tokens.vocabulary: expected 4..1048576 entries, got 0"));
}

TEST(WordVocabulary, HoldsOnlyWhatCanBeCutFromText) {
  EXPECT_THAT(Refusal(Input({"a b"})), HasSubstr("vocabulary[4]: expected a word"));
  EXPECT_THAT(Refusal(Input({"a b"}, "list")), HasSubstr("without white space, got 'a b'"));
  EXPECT_THAT(Refusal(Input({"a", "a"})), HasSubstr("vocabulary[5]: expected a word not listed"));
  v1::TokenInput input = Input({"A"});
  input.set_lowercase(true);
  EXPECT_THAT(Refusal(input), HasSubstr("vocabulary[4]: expected lower case, got 'A'"));
}

}  // namespace
}  // namespace sequent
