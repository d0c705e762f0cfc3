#include "core/codec/sentencepiece_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "core/base/random.h"
#include "core/model/sentencepiece_model.h"
#include "tests/support/allocation_count.h"
#include "tests/support/pieces.h"

namespace sequent {
namespace {

using State = std::vector<char>;
using Proto = v1::SentencePieceProto;

std::unique_ptr<const TextCodec> Codec(const Proto& pieces) {
  return TextCodec::Create(PieceInput(pieces)).value();
}

std::vector<int32_t> Tokens(const TextCodec& codec, std::string_view text) {
  State state(codec.state_size());
  std::vector<int32_t> tokens;
  codec.InitState(state.data());
  codec.Encode(state.data(), text, true, &tokens);
  return tokens;
}

// The pieces with bars between, U+2581 as "_".
std::string Cut(const Proto& pieces, std::string_view text) {
  const auto codec = Codec(pieces);
  std::string names;
  for (const int32_t token : Tokens(*codec, text)) {
    std::string name = codec->TokenText(token);
    for (size_t at; (at = name.find(kPieceSpace)) != name.npos;) {
      name.replace(at, kPieceSpace.size(), "_");
    }
    names += (names.empty() ? "" : "|") + name;
  }
  return names;
}

Proto Usual() { return Pieces({"_the", "the", "in", "_", "th", "e", "t", "h", "i", "n", "\n"}); }

// With what most models of the world have: a space before the text, white space collapsed.
Proto Worldly(Proto pieces) {
  pieces.mutable_normalizer_spec()->set_add_dummy_prefix(true);
  pieces.mutable_normalizer_spec()->set_remove_extra_whitespaces(true);
  return pieces;
}

TEST(SentencePieceCodec, TakesThePiecesOfTheHighestSum) {
  EXPECT_EQ(Cut(Usual(), "in the\nthe then"), "in|_the|\n|the|_the|n");
  // th + e = -3 - 3.5 is less than t + h + e would be, were th worse than both.
  EXPECT_EQ(Cut(Pieces({"e", "t", "h", "th"}), "the"), "th|e");
  Proto split = Pieces({"t", "h", "e", "th"});
  split.mutable_pieces(4)->set_score(-9);
  EXPECT_EQ(Cut(split, "the"), "t|h|e");
}

TEST(SentencePieceCodec, KeepsEverySpaceOfAModelThatCollapsesNone) {
  EXPECT_EQ(Cut(Usual(), "  the "), "_|_the|_");
}

TEST(SentencePieceCodec, CollapsesWhiteSpaceAndPutsASpaceBeforeTheTextWhereTheModelDoes) {
  EXPECT_EQ(Cut(Worldly(Usual()), "  the   the "), "_the|_the");
  EXPECT_EQ(Cut(Worldly(Usual()), "the the"), "_the|_the");
  EXPECT_EQ(Cut(Worldly(Usual()), "   "), "");
}

TEST(SentencePieceCodec, CharactersInARowThatNoPieceSpellsAreOneUnknownToken) {
  EXPECT_EQ(Cut(Usual(), "in\u4e2d\u6587in the"), "in|<unk>|in|_the");
}

TEST(SentencePieceCodec, ABrokenByteIsUnknownAndEndsAWord) {
  EXPECT_EQ(Cut(Usual(), "in\xffthe \xe2\x96"), "in|<unk>|the|_|<unk>|<unk>");
}

TEST(SentencePieceCodec, JoinsTheBestNeighboursFirstInABpeModel) {
  Proto bpe = Pieces({"he", "th", "the", "t", "h", "e"});
  bpe.mutable_trainer_spec()->set_model_type(2);
  EXPECT_EQ(Cut(bpe, "the"), "the");
  EXPECT_EQ(Cut(bpe, "thhe"), "th|he");
  bpe.mutable_pieces(3)->set_type(5);  // the: unused, taken apart again
  EXPECT_EQ(Cut(bpe, "the"), "t|he");
  bpe.mutable_pieces(1)->set_type(4);  // he: user defined, joined with nothing
  bpe.mutable_pieces(3)->set_type(1);
  EXPECT_EQ(Cut(bpe, "the"), "t|he");
}

TEST(SentencePieceCodec, PutsAUserDefinedPieceBeforeBetterSums) {
  Proto pieces = Pieces({"b", "c", "bc"});
  pieces.mutable_pieces(3)->set_score(-30);
  EXPECT_EQ(Cut(pieces, "bc"), "b|c");
  pieces.mutable_pieces(3)->set_type(4);
  EXPECT_EQ(Cut(pieces, "bc"), "bc");
}

TEST(SentencePieceCodec, NormalisesWhatTheModelDoes) {
  Proto pieces = Usual();
  pieces.mutable_normalizer_spec()->set_precompiled_charsmap(OneRule('X', "th"));
  EXPECT_EQ(Cut(pieces, "in Xe"), "in|_the");
  pieces.mutable_normalizer_spec()->set_precompiled_charsmap(OneRule('X', " the"));
  EXPECT_EQ(Cut(pieces, "inX"), "in|_the");
}

TEST(SentencePieceCodec, AWordLongerThanSixtyFourCodePointsIsCutThere) {
  const Proto pieces = Pieces({"aa", "a"});
  std::string names;
  for (int i = 0; i < 32; ++i) names += "aa|";
  EXPECT_EQ(Cut(pieces, std::string(65, 'a')), names + "a");
  const auto codec = Codec(pieces);
  State state(codec->state_size());
  std::vector<int32_t> tokens;
  codec->Encode(state.data(), std::string(63, 'a'), false, &tokens);
  EXPECT_TRUE(tokens.empty());
  codec->Encode(state.data(), "a", false, &tokens);
  EXPECT_EQ(tokens.size(), 32u);
  EXPECT_EQ(codec->PendingBytes(state.data()), 0u);
}

TEST(SentencePieceCodec, AWordThatBecomesMoreTokensThanItHasBytesIsUnknown) {
  Proto pieces = Pieces({"h", "i"});
  pieces.mutable_normalizer_spec()->set_precompiled_charsmap(OneRule('X', "hihihi"));
  EXPECT_EQ(Cut(pieces, "X hi"), "<unk>|<unk>|h|i");
  // The space before the text may be one more.
  EXPECT_EQ(Cut(Worldly(Pieces({"_", "h"})), "h"), "_|h");
}

TEST(SentencePieceCodec, HoldsATokenBackWhereTheWordMayGoOn) {
  for (const bool worldly : {false, true}) {
    const auto codec = Codec(worldly ? Worldly(Usual()) : Usual());
    State state(codec->state_size());
    std::vector<int32_t> tokens;
    EXPECT_FALSE(codec->HoldsToken(state.data()));
    codec->Encode(state.data(), "in the", false, &tokens);
    EXPECT_EQ(tokens.size(), worldly ? 2u : 1u);  // "_", "in"; "in"
    EXPECT_TRUE(codec->HoldsToken(state.data()));
    codec->Encode(state.data(), "", true, &tokens);
    EXPECT_FALSE(codec->HoldsToken(state.data()));
    codec->Encode(state.data(), " ", false, &tokens);
    EXPECT_EQ(codec->HoldsToken(state.data()), !worldly);
  }
}

TEST(SentencePieceCodec, WhiteSpaceBeforeAFlushStillStandsBeforeTheNextWord) {
  const auto codec = Codec(Worldly(Usual()));
  State state(codec->state_size());
  std::vector<int32_t> tokens;
  codec->Encode(state.data(), "the ", true, &tokens);
  codec->Encode(state.data(), "the", true, &tokens);
  EXPECT_EQ(tokens, Tokens(*codec, "the the"));
}

TEST(SentencePieceCodec, WritesTextWithItsSpaces) {
  Proto pieces = Usual();
  pieces.add_pieces()->set_piece("</s>");
  pieces.mutable_pieces(pieces.pieces_size() - 1)->set_type(3);
  const auto codec = Codec(pieces);
  std::string text;
  for (const int32_t token : Tokens(*codec, "in the  \nthen")) {
    text += codec->Text(TextCodec::kNoToken, token);
    EXPECT_LE(codec->Text(TextCodec::kNoToken, token).size(), codec->max_text_bytes());
  }
  EXPECT_EQ(text, "in the  \nthen");
  EXPECT_EQ(codec->Text(TextCodec::kNoToken, 0), " \u2047 ");
  EXPECT_EQ(codec->Text(TextCodec::kNoToken, pieces.pieces_size() - 1), "");
}

// How the model is made: bpe, worldly, normalised.
class SentencePieceCutTest : public ::testing::TestWithParam<std::tuple<bool, bool, bool>> {};

TEST_P(SentencePieceCutTest, AnyCutGivesTheSameTokensWithinTheBounds) {
  const auto [bpe, worldly, normalised] = GetParam();
  Proto pieces = Pieces({"_", "a", "b", "ab", "_ab", "aa", "aaaa", "\n", "\u00e9", "a\u00e9", "c"});
  if (worldly) pieces = Worldly(pieces);
  if (bpe) pieces.mutable_trainer_spec()->set_model_type(2);
  if (normalised) {
    pieces.mutable_normalizer_spec()->set_precompiled_charsmap(OneRule('b', " c  a"));
  }
  const auto codec = Codec(pieces);
  constexpr std::string_view kBytes[] = {"a",
                                         "b",
                                         " ",
                                         "\n",
                                         "\u2581",
                                         "\u3000",
                                         "z",
                                         "\xc3",
                                         "\xa9",
                                         "\xe2",
                                         "\xff",
                                         "\u00e9",
                                         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const RandomStream random(seed, 1, 0);
    std::string text;
    for (uint64_t i = 0; i < 40; ++i) text += kBytes[random.Bits(i) % std::size(kBytes)];
    State state(codec->state_size());
    std::vector<int32_t> tokens;
    std::string_view rest = text;
    for (uint64_t i = 0; !rest.empty(); ++i) {
      const std::string_view piece = rest.substr(0, random.Bits(100 + i) % 5);
      const size_t bound = tokens.size() + codec->PendingBytes(state.data()) + piece.size() +
                           (worldly && tokens.empty() ? 1 : 0);
      codec->Encode(state.data(), piece, false, &tokens);
      EXPECT_LE(tokens.size(), bound);
      EXPECT_TRUE(codec->ValidateState(state.data()).ok());
      rest.remove_prefix(piece.size());
    }
    const size_t before = tokens.size(), held = codec->PendingBytes(state.data());
    codec->Encode(state.data(), "", true, &tokens);
    EXPECT_LE(tokens.size() - before,
              std::min(held + (before == 0 ? 1 : 0), codec->max_pending_tokens()));
    EXPECT_EQ(codec->PendingBytes(state.data()), 0u);
    EXPECT_TRUE(codec->ValidateState(state.data()).ok());
    EXPECT_EQ(tokens, Tokens(*codec, text)) << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, SentencePieceCutTest,
                         ::testing::Combine(::testing::Bool(), ::testing::Bool(),
                                            ::testing::Bool()));

TEST(SentencePieceCodec, AllocatesNothingOnceAThreadHasEncoded) {
  for (const int type : {1, 2}) {
    Proto pieces = Worldly(Usual());
    pieces.mutable_trainer_spec()->set_model_type(type);
    pieces.mutable_pieces(2)->set_type(5);
    pieces.mutable_normalizer_spec()->set_precompiled_charsmap(OneRule('X', "thethe"));
    const auto codec = Codec(pieces);
    State state(codec->state_size());
    std::vector<int32_t> tokens;
    tokens.reserve(1000);
    codec->Encode(state.data(), "the", true, &tokens);
    const int64_t before = AllocationCount();
    codec->Encode(state.data(), "in theX then\n \u4e2d\u6587 ", false, &tokens);
    codec->Encode(state.data(), " XXXXXXXXXXXXXXX thethethethethethethethethethethethethe", true,
                  &tokens);
    EXPECT_EQ(AllocationCount() - before, 0) << type;
  }
}

struct BadState {
  const char* name;
  std::string bytes;  // the state's beginning; zeros follow
};

class SentencePieceStateTest : public ::testing::TestWithParam<BadState> {};

// bytes 0-3: UTF-8 held back; 4: flags; 5: length; 8: the word
TEST_P(SentencePieceStateTest, IsRefused) {
  const auto codec = Codec(Usual());
  State state(codec->state_size());
  std::memcpy(state.data(), GetParam().bytes.data(), GetParam().bytes.size());
  EXPECT_EQ(codec->ValidateState(state.data()).code(), absl::StatusCode::kDataLoss);
}

INSTANTIATE_TEST_SUITE_P(
    Bad, SentencePieceStateTest,
    ::testing::Values(BadState{"BrokenUtf8", std::string("\1\xff\0\0", 4)},
                      BadState{"SpaceWhereNoneIsCollapsed", std::string("\0\0\0\0\3", 5)},
                      BadState{"OtherFlags", std::string("\0\0\0\0\4", 5)},
                      BadState{"LengthOverTheMost", std::string("\0\0\0\0\0\xfd", 6)},
                      BadState{"TooManyCodePoints",
                               std::string("\0\0\0\0\0\x40\0\0", 8) + std::string(64, 'a')},
                      BadState{"WordOfBrokenUtf8", std::string("\0\0\0\0\0\1\0\0\xff", 9)},
                      BadState{"TwoWords", std::string("\0\0\0\0\0\3\0\0a b", 11)},
                      BadState{"UnusedBytes", std::string("\0\0\0\0\0\1\1\0a", 9)},
                      BadState{"BytesBehindTheWord", std::string("\0\0\0\0\0\1\0\0ab", 10)}),
    [](const auto& info) { return info.param.name; });

// What a damaged file's model does must stay within the codec's promises, if it is taken at all.
void UseIfTaken(const std::string& bytes) {
  auto parsed = SentencePieceModel::Parse("m", bytes);
  if (!parsed.ok()) return;
  v1::TokenInput input;
  input.set_codec("sentencepiece");
  input.set_asset("sentencepiece");
  input.set_size(static_cast<uint32_t>(parsed->pieces.size()));
  input.set_asset_data(bytes);
  const auto codec = TextCodec::Create(input).value();
  const std::string text = "in the Xe \u00e9\u4e2d\u6587 X\xff\n";
  const std::vector<int32_t> tokens = Tokens(*codec, text);
  EXPECT_LE(tokens.size(), text.size() + 1);
  for (const int32_t token : tokens) {
    ASSERT_GE(token, 0);
    ASSERT_LT(static_cast<size_t>(token), codec->size());
    EXPECT_LE(codec->Text(TextCodec::kNoToken, token).size(), codec->max_text_bytes());
  }
}

TEST(SentencePieceFiles, CutAnywhereAreRefusedOrServe) {
  Proto pieces = Worldly(Usual());
  pieces.mutable_normalizer_spec()->set_precompiled_charsmap(OneRule('X', "th"));
  const std::string good = pieces.SerializeAsString();
  for (size_t size = 0; size < good.size(); ++size) UseIfTaken(good.substr(0, size));
}

TEST(SentencePieceFiles, WithAnyBitFlippedAreRefusedOrServe) {
  for (const int type : {1, 2}) {
    Proto pieces = Usual();
    pieces.mutable_trainer_spec()->set_model_type(type);
    pieces.mutable_normalizer_spec()->set_precompiled_charsmap(OneRule('X', "th"));
    const std::string good = pieces.SerializeAsString();
    for (size_t bit = 0; bit < 8 * good.size(); ++bit) {
      std::string bad = good;
      bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ 1 << bit % 8);
      UseIfTaken(bad);
    }
  }
}

}  // namespace
}  // namespace sequent
