#include "core/codec/text_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "core/base/random.h"

namespace sequent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using State = std::array<char, 4>;

v1::TokenInput Input(const std::vector<std::string>& vocabulary) {
  v1::TokenInput input;
  input.set_codec("characters");
  for (const std::string& entry : vocabulary) input.add_vocabulary(entry);
  return input;
}

// Tokens: a = 1, é = 2 (2 bytes), € = 3 (3 bytes), 😀 = 4 (4 bytes).
class TextCodecTest : public ::testing::Test {
 protected:
  TextCodecTest() { codec_->InitState(&state_); }

  std::vector<int32_t> Encode(std::string_view bytes, bool flush = false) {
    std::vector<int32_t> tokens;
    codec_->Encode(&state_, bytes, flush, &tokens);
    return tokens;
  }

  std::unique_ptr<const TextCodec> codec_ =
      TextCodec::Create(Input({"<unk>", "a", "\u00e9", "\u20ac", "\U0001F600"})).value();
  State state_;
};

TEST_F(TextCodecTest, StateIsFourBytes) { EXPECT_EQ(codec_->state_size(), sizeof(State)); }

TEST_F(TextCodecTest, MakesOneTokenPerCodePoint) {
  EXPECT_THAT(Encode("a\u00e9\u20ac\U0001F600"), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(codec_->PendingBytes(&state_), 0u);
}

TEST_F(TextCodecTest, WhatIsNotInTheVocabularyIsUnknown) {
  EXPECT_THAT(Encode("az\u00e8a"), ElementsAre(1, 0, 0, 1));
}

TEST_F(TextCodecTest, TheTextOfTheUnknownTokenIsNotIt) {
  EXPECT_THAT(Encode("<unk>"), ElementsAre(0, 0, 0, 0, 0));
}

TEST_F(TextCodecTest, GivesBackTheTextOfAToken) {
  EXPECT_EQ(codec_->size(), 5u);
  EXPECT_EQ(codec_->TokenText(0), "<unk>");
  EXPECT_EQ(codec_->TokenText(3), "\u20ac");
}

TEST_F(TextCodecTest, HoldsBackAnUnfinishedCharacter) {
  EXPECT_THAT(Encode("a\xe2\x82"), ElementsAre(1));
  EXPECT_EQ(codec_->PendingBytes(&state_), 2u);
  EXPECT_THAT(Encode("\xac"), ElementsAre(3));
  EXPECT_EQ(codec_->PendingBytes(&state_), 0u);
}

TEST_F(TextCodecTest, FlushMakesEachByteHeldBackUnknown) {
  EXPECT_THAT(Encode("a\xf0\x9f\x98", true), ElementsAre(1, 0, 0, 0));
  EXPECT_EQ(codec_->PendingBytes(&state_), 0u);
  EXPECT_THAT(Encode("a"), ElementsAre(1));
}

TEST_F(TextCodecTest, FlushOfNothingIsNothing) { EXPECT_THAT(Encode("", true), ElementsAre()); }

TEST_F(TextCodecTest, ABrokenCharacterDoesNotSwallowTheNext) {
  EXPECT_THAT(Encode("\xe2\x82"
                     "a"),
              ElementsAre(0, 0, 1));
  EXPECT_THAT(Encode("\xe2\xc3\xa9"), ElementsAre(0, 2));
}

struct InvalidBytes {
  std::string name, bytes;
};

class InvalidUtf8Test : public TextCodecTest, public ::testing::WithParamInterface<InvalidBytes> {};

TEST_P(InvalidUtf8Test, EachByteBecomesOneUnknown) {
  const std::vector<int32_t> unknown(GetParam().bytes.size(), 0);
  EXPECT_EQ(Encode(GetParam().bytes, true), unknown);
}

INSTANTIATE_TEST_SUITE_P(All, InvalidUtf8Test,
                         ::testing::Values(InvalidBytes{"LoneContinuation", "\x80"},
                                           InvalidBytes{"Overlong2", "\xc0\xaf"},
                                           InvalidBytes{"Overlong2Last", "\xc1\xbf"},
                                           InvalidBytes{"Overlong3", "\xe0\x9f\xbf"},
                                           InvalidBytes{"Overlong4", "\xf0\x8f\xbf\xbf"},
                                           InvalidBytes{"FirstSurrogate", "\xed\xa0\x80"},
                                           InvalidBytes{"LastSurrogate", "\xed\xbf\xbf"},
                                           InvalidBytes{"Over10FFFF", "\xf4\x90\x80\x80"},
                                           InvalidBytes{"LeadF5", "\xf5\x80\x80\x80"},
                                           InvalidBytes{"LeadFE", "\xfe"},
                                           InvalidBytes{"LeadFF", "\xff"}),
                         [](const auto& info) { return info.param.name; });

// Text with all kinds of valid and invalid sequences, drawn at random.
std::string RandomBytes(uint64_t seed, size_t pieces) {
  const std::array<std::string_view, 14> kPieces = {
      "a",        "z",    "\u00e9", "\u20ac", "\U0001F600", "\xe2\x82", "\xf0\x9f\x98",
      "\xed\xa0", "\xc3", "\x80",   "\xff",   "\xc0",       "\xf4\x90", "\xe0\x80"};
  const RandomStream random(seed, 0, 0);
  std::string text;
  for (size_t i = 0; i < pieces; ++i) text += kPieces[random.Bits(i) % kPieces.size()];
  return text;
}

TEST_F(TextCodecTest, AnyCutGivesTheSameTokens) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const std::string text = RandomBytes(seed, 40);
    codec_->InitState(&state_);
    const std::vector<int32_t> whole = Encode(text, true);
    const RandomStream random(seed, 1, 0);
    std::vector<int32_t> pieces;
    codec_->InitState(&state_);
    for (size_t at = 0, i = 0; at < text.size(); ++i) {
      const size_t size = random.Bits(i) % 4;
      codec_->Encode(&state_, std::string_view(text).substr(at, size), false, &pieces);
      at += size;
      ASSERT_TRUE(codec_->ValidateState(&state_).ok());
    }
    codec_->Encode(&state_, "", true, &pieces);
    ASSERT_EQ(pieces, whole) << "seed " << seed;
  }
}

TEST_F(TextCodecTest, NeverMakesMoreTokensThanBytes) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const std::string text = RandomBytes(seed, 20);
    const size_t held = codec_->PendingBytes(&state_);
    EXPECT_LE(Encode(text).size(), held + text.size());
  }
}

class TextStateTest : public TextCodecTest, public ::testing::WithParamInterface<State> {};

TEST_P(TextStateTest, AStateNoTextLeavesIsRefused) {
  const Status status = codec_->ValidateState(GetParam().data());
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(Message(status)), HasSubstr("text codec state: expected"));
}

INSTANTIATE_TEST_SUITE_P(All, TextStateTest,
                         ::testing::Values(State{4, 0, 0, 0}, State{'\xff', 0, 0, 0},
                                           State{1, 'a', 0, 0}, State{1, '\x80', 0, 0},
                                           State{1, '\xc0', 0, 0}, State{2, '\xc3', '\xa9', 0},
                                           State{2, '\xed', '\xa0', 0}, State{0, '\xc3', 0, 0},
                                           State{1, '\xc3', 1, 0}, State{3, '\xe2', '\x82', '\xac'},
                                           State{2, '\xe2', 'a', 0}));

TEST(FitCharacters, PutsUnknownFirstAndTheRestInOrder) {
  EXPECT_THAT(TextCodec::FitCharacters("b\u20aca\nb", 1),
              ElementsAre("<unk>", "\n", "a", "b", "\u20ac"));
}

TEST(FitCharacters, LeavesOutRareCharacters) {
  EXPECT_THAT(TextCodec::FitCharacters("abcabab", 3), ElementsAre("<unk>", "a", "b"));
}

TEST(FitCharacters, LeavesOutInvalidBytes) {
  EXPECT_THAT(TextCodec::FitCharacters("a\xff\xe2\x82"
                                       "b",
                                       1),
              ElementsAre("<unk>", "a", "b"));
}

TEST(FitCharacters, MakesAVocabularyThatCreateTakes) {
  std::string everything;
  for (const char* piece : {"<unk>", "\x7f", "\u0080", "\ud7ff", "\ue000", "\U0010FFFF"}) {
    everything += piece;
  }
  everything.push_back('\0');
  const std::vector<std::string> vocabulary = TextCodec::FitCharacters(everything, 1);
  EXPECT_EQ(vocabulary.size(), 1 + 5 + 5 + 1u);
  EXPECT_TRUE(TextCodec::Create(Input(vocabulary)).ok());
}

TEST(TextCodecCreate, RefusesOtherCodecs) {
  v1::TokenInput input = Input({"<unk>"});
  input.set_codec("ids");
  EXPECT_THAT(
      std::string(Message(TextCodec::Create(input).status())),
      HasSubstr(
          "tokens.codec: expected 'characters', 'words', 'list' or 'sentencepiece', got 'ids'"));
}

TEST(TextCodecCreate, RefusesABadVocabularyByIndex) {
  EXPECT_THAT(std::string(Message(TextCodec::Create(Input({"<unk>", "a", "a"})).status())),
              HasSubstr("tokens.vocabulary[2]: expected a character not listed before, got 'a'"));
}

}  // namespace
}  // namespace sequent
