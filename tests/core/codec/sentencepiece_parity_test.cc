// Our codec against the SentencePiece library, which runs in a process of its own, since it brings
// another Protobuf: the same tokens of the same text, whatever kind of model.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/file.h"
#include "core/codec/text_codec.h"
#include "core/model/sentencepiece_model.h"

namespace sequent {
namespace {

// The way a model is learned, and whether it puts line breaks where they were.
struct Kind {
  const char* name;
  std::string keys;
};

class SentencePieceParity : public ::testing::TestWithParam<Kind> {
 protected:
  SentencePieceParity()
      : folder_(::testing::TempDir() + "sequent_pieces_" + std::to_string(getpid()) + "_" +
                GetParam().name) {
    std::filesystem::create_directories(folder_);
  }
  ~SentencePieceParity() override { std::filesystem::remove_all(folder_); }

  std::string File(const std::string& name) const { return folder_ + "/" + name; }

  // The library's program with `in` at its stdin; what it printed.
  std::string Library(const std::string& arguments, const std::string& in) const {
    std::ofstream(File("in"), std::ios::binary) << in;
    const char* build = std::getenv("SEQUENT_BINARY_DIR");
    const std::string command = std::string(build == nullptr ? "." : build) +
                                "/tests/sentencepiece_library " + arguments + " < " + File("in") +
                                " > " + File("out");
    EXPECT_EQ(std::system(command.c_str()), 0) << command;
    return ReadFile(File("out")).value();
  }

 private:
  const std::string folder_;
};

std::vector<std::string> Texts() {
  const std::string play = ReadFile("examples/data/tinyshakespeare/input.txt").value();
  std::istringstream lines(play.substr(play.size() / 2, 60000));
  std::vector<std::string> texts = {
      "",
      " ",
      "  two  spaces   here ",
      "a",
      "\u00e9 e\u0301 \ufb01ne \uff21\uff22 \u2460 x",
      "tabs\tand\u00a0spaces\u3000of \u200bother kinds",
      "\u4e2d\u6587\u4e0d\u4f7f\u7528\u7a7a\u683c\u3002 \u0436\u0443\u043a",
      "0123 4567890 '' \"!?\" <unk> <s> </s> <sep>word",
      "soft\u00adhyphen \u00bd \u2126 \u212b \u1e9b\u0323",
      "\xf0\x9f\x99\x82 \xf0\x9f\x99\x82\xf0\x9f\x99\x82"};
  for (std::string line; std::getline(lines, line);) texts.push_back(line);
  return texts;
}

TEST_P(SentencePieceParity, GivesTheTokensOfTheLibrary) {
  const std::string play = ReadFile("examples/data/tinyshakespeare/input.txt").value();
  Library("learn " + File("model") + " " + GetParam().keys, play.substr(0, 200000));
  v1::TokenInput input;
  input.set_codec("sentencepiece");
  input.set_asset("sentencepiece");
  input.set_asset_data(ReadFile(File("model")).value());
  const auto model = SentencePieceModel::Parse("model", input.asset_data());
  ASSERT_TRUE(model.ok()) << model.status();
  input.set_size(static_cast<uint32_t>(model->pieces.size()));
  const auto codec = TextCodec::Create(input).value();

  const std::vector<std::string> texts = Texts();
  std::string all;
  for (const std::string& text : texts) all += text + '\0';
  std::istringstream expected(Library("encode " + File("model"), all));
  size_t tokens_of_all = 0;
  for (const std::string& text : texts) {
    std::vector<char> state(codec->state_size());
    std::vector<int32_t> tokens;
    codec->Encode(state.data(), text, true, &tokens);
    std::string ours, theirs;
    for (const int32_t token : tokens) ours += std::to_string(token) + " ";
    ASSERT_TRUE(std::getline(expected, theirs));
    EXPECT_EQ(ours, theirs) << text;
    tokens_of_all += tokens.size();
  }
  EXPECT_GT(tokens_of_all, 10000u);
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, SentencePieceParity,
    ::testing::Values(
        Kind{"UnigramOfTheDefaults", "vocab_size=1000"},
        Kind{"BpeOfTheDefaults", "vocab_size=1000 model_type=bpe"},
        Kind{"UnigramThatCollapsesNothing",
             "vocab_size=800 normalization_rule_name=identity remove_extra_whitespaces=false "
             "add_dummy_prefix=false"},
        Kind{"BpeInLowerCase", "vocab_size=500 model_type=bpe normalization_rule_name=nfkc_cf"},
        Kind{"UnigramWithSymbols",
             "vocab_size=700 user_defined_symbols='<sep>,KING' "
             "control_symbols='<mask>'"},
        Kind{"BpeWithSymbols", "vocab_size=700 model_type=bpe user_defined_symbols='<sep>,KING'"}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace sequent
