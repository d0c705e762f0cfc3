#include "core/model/sentencepiece_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "core/base/error.h"
#include "tests/support/pieces.h"

namespace sequent {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Proto = v1::SentencePieceProto;

Proto Good() {
  Proto proto = Pieces({"_the", "in", "_"});
  proto.mutable_normalizer_spec()->set_precompiled_charsmap(OneRule('X', "yz"));
  return proto;
}

TEST(SentencePieceModel, HasTheDefaultsOfTheLibrary) {
  Proto proto = Good();
  proto.clear_normalizer_spec();
  proto.clear_trainer_spec();
  const SentencePieceModel model =
      SentencePieceModel::Parse("m", proto.SerializeAsString()).value();
  EXPECT_FALSE(model.bpe);
  EXPECT_TRUE(model.dummy_prefix);
  EXPECT_TRUE(model.collapse_spaces);
  EXPECT_EQ(model.unknown_text, " \u2047 ");
  EXPECT_EQ(model.unknown, 0);
  ASSERT_EQ(model.pieces.size(), 4u);
  EXPECT_EQ(model.pieces[1].text, "\u2581the");
  EXPECT_EQ(model.pieces[2].score, -1.5f);
  EXPECT_TRUE(model.trie.empty());
}

TEST(SentencePieceModel, TakesBpeAndANormaliser) {
  Proto proto = Good();
  proto.mutable_trainer_spec()->set_model_type(2);
  proto.mutable_trainer_spec()->set_unk_surface("?");
  const SentencePieceModel model =
      SentencePieceModel::Parse("m", proto.SerializeAsString()).value();
  EXPECT_TRUE(model.bpe);
  EXPECT_FALSE(model.trie.empty());
  EXPECT_EQ(model.replacements, std::string("yz\0", 3));
  EXPECT_EQ(model.unknown_text, "?");
}

struct BadModel {
  const char* name;
  const char* message;
  std::function<void(Proto*)> spoil;
};

class BadSentencePieceModel : public ::testing::TestWithParam<BadModel> {};

TEST_P(BadSentencePieceModel, IsRefusedWithThePlace) {
  Proto proto = Good();
  GetParam().spoil(&proto);
  const Status status = SentencePieceModel::Parse("m", proto.SerializeAsString()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(status)), StartsWith(GetParam().message));
}

void SetCharsmap(Proto* proto, const std::string& bytes) {
  proto->mutable_normalizer_spec()->set_precompiled_charsmap(bytes);
}

const BadModel kBadModels[] = {
    {"NoPieces", "m.pieces: expected 1 to 1048576, got 0", [](Proto* p) { p->clear_pieces(); }},
    {"EmptyPiece", "m.pieces[1]: expected UTF-8 of 1 to 256 bytes, got ''",
     [](Proto* p) { p->mutable_pieces(1)->clear_piece(); }},
    {"LongPiece", "m.pieces[1]: expected UTF-8 of 1 to 256 bytes",
     [](Proto* p) { p->mutable_pieces(1)->set_piece(std::string(257, 'a')); }},
    {"PieceOfBrokenUtf8", "m.pieces[1]: expected UTF-8 of 1 to 256 bytes",
     [](Proto* p) { p->mutable_pieces(1)->set_piece("\xe2\x96"); }},
    {"PieceTwice", "m.pieces[2]: expected a piece not listed before",
     [](Proto* p) { p->mutable_pieces(2)->set_piece(p->pieces(1).piece()); }},
    {"PieceOfTwoWords", "m.pieces[2]: expected no white space or U+2581 behind",
     [](Proto* p) { p->mutable_pieces(2)->set_piece("in\u2581the"); }},
    {"PieceOfTwoSpaces", "m.pieces[2]: expected no white space or U+2581 behind",
     [](Proto* p) { p->mutable_pieces(2)->set_piece("\u2581\u2581"); }},
    {"PieceWithALineBreak", "m.pieces[2]: expected no white space or U+2581 behind",
     [](Proto* p) { p->mutable_pieces(2)->set_piece("a\nb"); }},
    {"ScoreNan", "m.pieces[1].score: expected a finite number, got nan",
     [](Proto* p) { p->mutable_pieces(1)->set_score(std::nanf("")); }},
    {"ScoreInfinite", "m.pieces[3].score: expected a finite number, got inf",
     [](Proto* p) { p->mutable_pieces(3)->set_score(std::numeric_limits<float>::infinity()); }},
    {"BytePiece", "m.pieces[1]: expected no byte pieces",
     [](Proto* p) { p->mutable_pieces(1)->set_type(6); }},
    {"UnknownType", "m.pieces[1].type: expected 1 to 6, got 7",
     [](Proto* p) { p->mutable_pieces(1)->set_type(7); }},
    {"NoUnknown", "m.pieces: expected one piece of type unknown, got none",
     [](Proto* p) { p->mutable_pieces(0)->set_type(3); }},
    {"TwoUnknown", "m.pieces[1]: expected one piece of type unknown, got another",
     [](Proto* p) { p->mutable_pieces(1)->set_type(2); }},
    {"OfWords", "m.trainer_spec.model_type: expected 1 (unigram) or 2 (bpe), got 3",
     [](Proto* p) { p->mutable_trainer_spec()->set_model_type(3); }},
    {"SpacesBehindWords", "m.trainer_spec.treat_whitespace_as_suffix: expected false",
     [](Proto* p) { p->mutable_trainer_spec()->set_treat_whitespace_as_suffix(true); }},
    {"LongTextOfUnknown", "m.trainer_spec.unk_surface: expected UTF-8 of at most 256 bytes",
     [](Proto* p) { p->mutable_trainer_spec()->set_unk_surface(std::string(257, 'u')); }},
    {"SpacesAsTheyAre", "m.normalizer_spec.escape_whitespaces: expected true, got false",
     [](Proto* p) { p->mutable_normalizer_spec()->set_escape_whitespaces(false); }},
    {"Denormaliser", "m.denormalizer_spec: expected no rules, got some",
     [](Proto* p) { p->mutable_denormalizer_spec()->set_precompiled_charsmap("x"); }},
    {"NormaliserOfTwoBytes", "m.normalizer_spec.precompiled_charsmap: expected a trie",
     [](Proto* p) { SetCharsmap(p, "xy"); }},
    {"TrieLongerThanThere", "m.normalizer_spec.precompiled_charsmap: expected a trie",
     [](Proto* p) { SetCharsmap(p, std::string("\xf0\0\0\0abcd", 8)); }},
    {"TrieOfHalfAUnit", "m.normalizer_spec.precompiled_charsmap: expected a trie",
     [](Proto* p) { SetCharsmap(p, std::string("\2\0\0\0ab\0", 7)); }},
    {"ReplacementWithoutAnEnd", "m.normalizer_spec.precompiled_charsmap: expected replacements",
     [](Proto* p) { SetCharsmap(p, std::string("\4\0\0\0abcdx", 9)); }},
    {"ReplacementOfBrokenUtf8", "m.normalizer_spec.precompiled_charsmap: expected replacements",
     [](Proto* p) { SetCharsmap(p, std::string("\4\0\0\0abcd\xff\0", 10)); }},
    {"ReplacementTooLong", "m.normalizer_spec.precompiled_charsmap: expected replacements of at",
     [](Proto* p) { SetCharsmap(p, OneRule('a', std::string(257, 'b'))); }},
};

INSTANTIATE_TEST_SUITE_P(All, BadSentencePieceModel, ::testing::ValuesIn(kBadModels),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(SentencePieceModel, IsNoTextAndNothingEmpty) {
  EXPECT_THAT(std::string(Message(SentencePieceModel::Parse("m", "hello").status())),
              HasSubstr("m: expected a SentencePiece model, got 5 bytes"));
  EXPECT_FALSE(SentencePieceModel::Parse("m", "").ok());
}

}  // namespace
}  // namespace sequent
