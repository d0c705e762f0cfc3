// Fits over pieces of words, as people run them, and the learner by itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/codec/text_codec.h"
#include "core/model/model_file.h"
#include "core/model/sentencepiece_model.h"
#include "tests/trainer/small_fit.h"
#include "trainer/sentencepiece_learner.h"

namespace sequent {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

std::string Song() {
  std::string text;
  for (int i = 0; i < 300; ++i) text += StrCat("line ", i * 7919 % 1000, "\tof a song\n\n");
  return text;
}

StatusOr<std::string> Learn(const std::string& text, SentencePieceOptions options = {}) {
  const std::string_view texts[] = {text};
  return LearnSentencePieces(options, texts);
}

TEST(SentencePieceLearner, GivesTheSameBytesTwice) {
  const auto first = Learn(Song(), {.max_vocabulary = 60});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(*first, *Learn(Song(), {.max_vocabulary = 60}));
}

TEST(SentencePieceLearner, SpellsItsTextsToTheLastSpace) {
  const std::string text =
      Song() + "two  spaces, e\u0301 \u4e2d\u6587\u3000\r\n" + std::string(9000, 'x');
  const auto bytes = Learn(text, {.max_vocabulary = 200});
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  v1::TokenInput input;
  input.set_codec("sentencepiece");
  input.set_asset("sentencepiece");
  input.set_size(static_cast<uint32_t>(SentencePieceModel::Parse("m", *bytes)->pieces.size()));
  input.set_asset_data(*bytes);
  const auto codec = TextCodec::Create(input).value();
  EXPECT_LE(codec->size(), 200u);
  std::vector<char> state(codec->state_size());
  std::vector<int32_t> tokens;
  codec->Encode(state.data(), text, true, &tokens);
  std::string again;
  for (const int32_t token : tokens) again += codec->Text(TextCodec::kNoToken, token);
  EXPECT_EQ(again, text);
  EXPECT_LT(tokens.size(), text.size() / 2);
}

TEST(SentencePieceLearner, SaysWhatTheLibrarySaysOfTooFewPieces) {
  const Status status = Learn(Song(), {.max_vocabulary = 5}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(Message(status)), HasSubstr("Vocabulary size is smaller than required"));
}

TEST(SentencePieceLearner, HasNothingToLearnFromWhiteSpace) {
  EXPECT_EQ(Learn(" \n\t ").status().code(), absl::StatusCode::kDataLoss);
}

class PieceFitTest : public SmallFit {
 protected:
  std::string Pieces(const std::string& name) {
    const auto model = ReadModelFile(Model(name));
    EXPECT_TRUE(model.ok()) << model.status();
    return model.ok() ? model->config.inputs(0).tokens().asset_data() : "";
  }
};

TEST_F(PieceFitTest, EvaluateGivesTheBitsThatFitPrinted) {
  const Outcome fit = RunProgram(PieceFit("a", 60, {"--json"}));
  ASSERT_EQ(fit.exit_code, 0) << fit.error;
  const Outcome evaluate =
      RunProgram({"evaluate", Model("a"), "--data", folder_.File("text.txt"), "--json"});
  ASSERT_EQ(evaluate.exit_code, 0) << evaluate.error;
  EXPECT_EQ(Json::parse(fit.out)["validation"], Json::parse(evaluate.out)["measures"]);
}

TEST_F(PieceFitTest, CountsBitsByTheCharactersOfThePredictedText) {
  const Outcome fit = RunProgram(PieceFit("a", 20, {"--json"}));
  ASSERT_EQ(fit.exit_code, 0) << fit.error;
  const Json measures = Json::parse(fit.out)["validation"];
  const double bits = measures["loss"].get<double>() * measures["tokens"].get<double>() / M_LN2;
  const double characters = bits / measures["bits_per_character"].get<double>();
  // A tenth of the text, less the first token.
  const double part = std::round(0.1 * static_cast<double>(folder_.Read("text.txt").size()));
  EXPECT_NEAR(characters, std::round(characters), 1e-6);
  EXPECT_LT(characters, part);
  EXPECT_GE(characters, part - 17);
}

TEST_F(PieceFitTest, LearnsPiecesFromTheTrainingPartAlone) {
  ASSERT_EQ(RunProgram(PieceFit("a", 5)).exit_code, 0);
  const std::string text = folder_.Read("text.txt");
  // The same but for the last tenth.
  std::string other = text.substr(0, text.size() - 300);
  while (other.size() < text.size()) other += "other words";
  other.resize(text.size());
  const Arguments fit = PieceFit("b", 5);
  folder_.Write("text.txt", other);
  ASSERT_EQ(RunProgram(fit).exit_code, 0);
  EXPECT_EQ(Pieces("a"), Pieces("b"));
}

TEST_F(PieceFitTest, QuantizePruneAndInitFromKeepThePieces) {
  ASSERT_EQ(RunProgram(PieceFit("a", 10)).exit_code, 0);
  const std::string pieces = Pieces("a");
  ASSERT_FALSE(pieces.empty());
  for (const Arguments& command :
       {Arguments{"quantize", Model("a"), "--precision", "int8", "--out", Model("q")},
        Arguments{"prune", Model("a"), "--keep-largest", "0.5", "--out", Model("p")}}) {
    const Outcome outcome = RunProgram(command);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  }
  EXPECT_EQ(Pieces("q"), pieces);
  EXPECT_EQ(Pieces("p"), pieces);
  // On another text, from which other pieces would be learned.
  std::string other;
  while (other.size() < 6000) other += "a song of ice and fire\n";
  const Arguments fit =
      PieceFit("t", 10, {"--init-from", Model("a"), "--publish", folder_.File("repository")});
  folder_.Write("text.txt", other);
  const Outcome tuned = RunProgram(fit);
  ASSERT_EQ(tuned.exit_code, 0) << tuned.error;
  EXPECT_EQ(Pieces("t"), pieces);
  EXPECT_EQ(folder_.Read("repository/1/model.safetensors"), ModelBytes("t"));
}

TEST_F(PieceFitTest, TakesAModelThatIsThere) {
  ASSERT_EQ(RunProgram(PieceFit("a", 5)).exit_code, 0);
  const std::string file = folder_.Write("pieces.model", Pieces("a"));
  const Outcome outcome = RunProgram(TextFit(
      "b", 5,
      Sets({StrCat("model.input={tokens: {codec: sentencepiece, sentencepiece_model: ", file,
                   "}}")})));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_EQ(Pieces("b"), Pieces("a"));
}

TEST_F(PieceFitTest, AResumedFitGivesTheSameFile) {
  ASSERT_EQ(RunProgram(PieceFit("whole", 20)).exit_code, 0);
  ASSERT_EQ(RunProgram(PieceFit("parts", 10)).exit_code, 0);
  ASSERT_EQ(RunProgram(PieceFit("parts", 20, {"--resume"})).exit_code, 0);
  const auto whole = ReadModelFile(Model("whole")), parts = ReadModelFile(Model("parts"));
  ASSERT_TRUE(whole.ok() && parts.ok());
  EXPECT_EQ(whole->fingerprint, parts->fingerprint);
}

TEST_F(PieceFitTest, AResumedFitOfAnotherModelOfPiecesIsRefused) {
  ASSERT_EQ(RunProgram(PieceFit("a", 5)).exit_code, 0);
  const std::string file = folder_.Write("pieces.model", Pieces("a"));
  const Arguments taken = Sets(
      {StrCat("model.input={tokens: {codec: sentencepiece, sentencepiece_model: ", file, "}}")});
  ASSERT_EQ(RunProgram(TextFit("b", 5, taken)).exit_code, 0);
  folder_.Write("pieces.model", *Learn(Song(), {.max_vocabulary = 40}));
  const Outcome outcome = RunProgram(TextFit("b", 10, With(taken, {"--resume"})));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("asset_data"));
  EXPECT_LT(outcome.error.size(), 3000u);
}

TEST_F(PieceFitTest, InspectShowsTheAsset) {
  ASSERT_EQ(RunProgram(PieceFit("a", 5)).exit_code, 0);
  const Outcome json = RunProgram({"inspect", Model("a"), "--json"});
  ASSERT_EQ(json.exit_code, 0) << json.error;
  EXPECT_EQ(Json::parse(json.out)["dtypes"]["asset.sentencepiece"], "U8");
  EXPECT_EQ(Json::parse(json.out)["tensors"]["asset.sentencepiece"][0], Pieces("a").size());
  EXPECT_FALSE(Json::parse(json.out)["config"]["inputs"][0]["tokens"].contains("asset_data"));
  const Outcome table = RunProgram({"inspect", Model("a")});
  EXPECT_THAT(table.out, HasSubstr("asset.sentencepiece"));
}

TEST_F(PieceFitTest, ModelsOfOtherTokensAreNotAveraged) {
  ASSERT_EQ(RunProgram(TextFit("characters", 5)).exit_code, 0);
  ASSERT_EQ(RunProgram(PieceFit("pieces", 5)).exit_code, 0);
  const Outcome outcome = RunProgram(
      {"evaluate", Model("characters"), Model("pieces"), "--data", folder_.File("text.txt")});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("expected models that make the same tokens of the text"));
}

TEST_F(PieceFitTest, ClassifiesTextsByTheirPieces) {
  std::string tsv;
  for (int i = 0; i < 60; ++i) {
    tsv +=
        i % 2 == 0 ? StrCat("good\ta fine day ", i, "\n") : StrCat("bad\tan awful day ", i, "\n");
  }
  const Outcome outcome =
      RunProgram(With({"fit", "--task", "classify", "--data", folder_.Write("d.tsv", tsv), "--out",
                       Model("c"), "--run-dir", folder_.File("c")},
                      Sets({"model.input={tokens: {codec: sentencepiece, max_vocabulary: 40}}",
                            "train.epochs=1"})));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_FALSE(Pieces("c").empty());
}

struct BadKey {
  const char* name;
  const char* tokens;
  int exit_code;
  const char* message;
};

class BadPieceKeys : public SmallFit, public ::testing::WithParamInterface<BadKey> {};

TEST_P(BadPieceKeys, AreRefused) {
  folder_.Write("none.model", "It was the best of times");
  std::string tokens = GetParam().tokens;
  if (const size_t at = tokens.find("FOLDER"); at != tokens.npos) {
    tokens.replace(at, 6, folder_.File(""));
  }
  const Outcome outcome =
      RunProgram(TextFit("a", 5, Sets({StrCat("model.input={tokens: {", tokens, "}}")})));
  EXPECT_EQ(outcome.exit_code, GetParam().exit_code);
  EXPECT_THAT(outcome.error, HasSubstr(GetParam().message));
}

const BadKey kBadKeys[] = {
    {"TooFewPieces", "codec: sentencepiece, max_vocabulary: 4", 2,
     "model.input[0].tokens: SentencePiece: "},
    {"NoFile", "codec: sentencepiece, sentencepiece_model: FOLDER/no.model", 2,
     "tokens.sentencepiece_model: "},
    {"NoModel", "codec: sentencepiece, sentencepiece_model: FOLDER/none.model", 2,
     "tokens.sentencepiece_model: expected a SentencePiece model, got 24 bytes"},
    {"BothFileAndSize",
     "codec: sentencepiece, sentencepiece_model: FOLDER/none.model, max_vocabulary: 9", 2,
     "tokens.max_vocabulary: expected none beside sentencepiece_model, got 9"},
    {"CoverageOverOne", "codec: sentencepiece, character_coverage: 1.5", 2,
     "tokens.character_coverage: expected more than 0, at most 1, got 1.5"},
    {"CountOfPieces", "codec: sentencepiece, min_count: 2", 2,
     "tokens.min_count: expected none with codec sentencepiece, got 2"},
    {"ModelOfCharacters", "codec: characters, sentencepiece_model: x", 2,
     "tokens.sentencepiece_model: expected none with codec characters, got 'x'"},
    {"CoverageOfWords", "codec: words, character_coverage: 0.5", 2,
     "tokens.character_coverage: expected none with codec words, got 0.5"},
};

INSTANTIATE_TEST_SUITE_P(All, BadPieceKeys, ::testing::ValuesIn(kBadKeys),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace sequent
