#include "core/model/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>

#include <unistd.h>

#include "core/base/file.h"
#include "core/base/hash.h"
#include "core/model/config_json.h"
#include "tests/core/model/bad_configs.h"
#include "tests/support/model_bytes.h"
#include "tests/support/models.h"

namespace sequent {
namespace {

using ::testing::HasSubstr;

std::string Text(const Status& status) { return std::string(Message(status)); }

// A file name of this test's own; the file goes when the test does.
class TemporaryPath {
 public:
  explicit TemporaryPath(const std::string& name)
      : path_(::testing::TempDir() + "sequent_model_file_" + StrCat(getpid(), "_", name)) {}
  ~TemporaryPath() { std::filesystem::remove(path_); }
  const std::string& str() const { return path_; }

 private:
  std::string path_;
};

void ExpectSameTensors(const TensorMap& a, const TensorMap& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, tensor] : a) {
    ASSERT_TRUE(b.contains(name)) << name;
    EXPECT_EQ(tensor.shape, b.at(name).shape) << name;
    EXPECT_EQ(0, std::memcmp(tensor.values.data(), b.at(name).values.data(),
                             tensor.values.size() * sizeof(float)))
        << name;
  }
}

TEST(ModelFile, GivesBackWhatWasWrittenForEveryLayerKind) {
  for (const auto& [name, model] : AllModels()) {
    const StatusOr<ModelContents> read = ParseModelFile(SerializeModel(model).value());
    ASSERT_TRUE(read.ok()) << name << ": " << read.status();
    EXPECT_EQ(read->config.SerializeAsString(), model.config.SerializeAsString()) << name;
    EXPECT_EQ(read->fingerprint, model.fingerprint) << name;
    ExpectSameTensors(read->tensors, model.tensors);
  }
}

TEST(ModelFile, TheSameContentsGiveTheSameBytes) {
  const ModelContents model = TinySeriesModel(HeadKind::kGaussian);
  const std::string once = SerializeModel(model).value();
  EXPECT_EQ(SerializeModel(model).value(), once);
  EXPECT_EQ(SerializeModel(ParseModelFile(once).value()).value(), once);
}

TEST(ModelFile, DataStartsAtAMultipleOfEight) {
  for (const auto& [name, model] : AllModels()) {
    const std::string file = SerializeModel(model).value();
    EXPECT_EQ((8 + HeaderText(file).size()) % 8, 0u) << name;
  }
}

TEST(ModelFile, LearnedNumbersSurviveBitForBit) {
  v1::ModelConfig config = GoodSeriesConfig();
  v1::SeriesColumn* column = config.mutable_inputs(0)->mutable_features()->mutable_columns(0);
  column->mutable_scale()->set_kind(v1::Scale::STANDARD);
  config.mutable_heads(0)->set_loss_weight(0.1f);
  for (const double number : {0.1, 1.0 / 3, 1e-310, 5e-324, 1.7976931348623157e308, 123456789.125,
                              1 + std::numeric_limits<double>::epsilon()}) {
    column->mutable_impute()->set_mean(-number);
    column->mutable_scale()->set_offset(number);
    column->mutable_scale()->set_factor(number);
    const auto json = ConfigToJson(config);
    ASSERT_TRUE(json.ok()) << json.status();
    const v1::ModelConfig back = ConfigFromJson(*json).value();
    EXPECT_EQ(back.SerializeAsString(), config.SerializeAsString()) << *json;
  }
}

TEST(ModelFile, AnyCharacterCanBeInTheVocabulary) {
  std::string characters;
  for (int c = 0; c < 128; ++c) characters.push_back(static_cast<char>(c));
  for (const char* more : {"\u0080", "\u2028", "\ufeff", "\ufffd", "\U0001F600", "\U0010FFFF"}) {
    characters += more;
  }
  v1::ModelConfig config = TextConfig(characters);
  AddEmbedding(&config, "embedding", 2);
  AddSoftmax(&config, "next");
  const ModelContents model = RandomModel(config, 3);
  EXPECT_EQ(model.config.SerializeAsString(), config.SerializeAsString());
}

TEST(ModelFile, KeepsTheTrainingRecordAsItIs) {
  ModelContents model = RandomModel(GoodTextConfig(), 1);
  model.training = "{\"seed\": 1,\n\t\"data\": \"\u00e9t\u00e9.txt\"}";
  EXPECT_EQ(ParseModelFile(SerializeModel(model).value()).value().training, model.training);
}

TEST(ModelFile, FingerprintIsOfConfigAndDataOnly) {
  ModelContents model = RandomModel(GoodTextConfig(), 1);
  ModelBytes bytes = ModelBytes::Of(model);
  const std::string wanted =
      Sha256Hex(std::array<std::string_view, 2>{bytes.metadata["sequent.config"], bytes.data});
  EXPECT_EQ(model.fingerprint, wanted);
  model.training = "another record";
  EXPECT_EQ(ParseModelFile(SerializeModel(model).value()).value().fingerprint, wanted);
}

TEST(ModelFile, AnyWeightChangesTheFingerprint) {
  EXPECT_NE(RandomModel(GoodTextConfig(), 1).fingerprint,
            RandomModel(GoodTextConfig(), 2).fingerprint);
}

TEST(ModelFile, TakesKeysOfOtherToolsInTheMetadata) {
  ModelBytes bytes = ModelBytes::Of(RandomModel(GoodTextConfig(), 1));
  bytes.metadata["format"] = "pt";
  EXPECT_TRUE(ParseModelFile(bytes.Build()).ok());
}

TEST(ModelFile, TensorsMayBeListedInAnyOrder) {
  ModelBytes bytes = ModelBytes::Of(RandomModel(GoodTextConfig(), 1));
  std::reverse(bytes.tensors.begin(), bytes.tensors.end());
  EXPECT_TRUE(ParseModelFile(bytes.Build()).ok());
}

TEST(ModelFile, ReadsWhatItWroteToDisk) {
  const TemporaryPath path("round_trip");
  const ModelContents model = TinyTextModel();
  ASSERT_TRUE(WriteModelFile(path.str(), model).ok());
  const ModelContents read = ReadModelFile(path.str()).value();
  EXPECT_EQ(read.fingerprint, model.fingerprint);
  ExpectSameTensors(read.tensors, model.tensors);
}

TEST(ModelFile, AFailedWriteLeavesTheOldFile) {
  const TemporaryPath path("kept");
  ModelContents model = TinyTextModel();
  ASSERT_TRUE(WriteModelFile(path.str(), model).ok());
  const std::string before = ReadFile(path.str()).value();
  model.tensors["lstm.bias"].values[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(WriteModelFile(path.str(), model).ok());
  EXPECT_EQ(ReadFile(path.str()).value(), before);
}

TEST(ModelFile, NamesThePathOfABadFile) {
  const TemporaryPath path("bad");
  ASSERT_TRUE(WriteFileAtomically(path.str(), std::string_view("nonsense")).ok());
  const Status status = ReadModelFile(path.str()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Text(status), HasSubstr(path.str() + ": header length: expected"));
}

TEST(ModelFile, AMissingFileIsNotFound) {
  EXPECT_EQ(ReadModelFile("/nonexistent/model.safetensors").status().code(),
            absl::StatusCode::kNotFound);
}

TEST(SerializeModel, RefusesABadConfiguration) {
  ModelContents model = RandomModel(GoodTextConfig(), 1);
  model.config.clear_task();
  EXPECT_THAT(Text(SerializeModel(model).status()), HasSubstr("task: expected"));
}

TEST(SerializeModel, RefusesWhatFitHasNotLearned) {
  ModelContents model = RandomModel(GoodSeriesConfig(), 1);
  model.config.mutable_inputs(0)->mutable_features()->mutable_columns(1)->mutable_scale()->set_kind(
      v1::Scale::STANDARD);
  EXPECT_THAT(Text(SerializeModel(model).status()), HasSubstr("columns[1].scale.factor"));
}

TEST(SerializeModel, RefusesTensorsThatDoNotFit) {
  ModelContents model = RandomModel(GoodTextConfig(), 1);
  model.tensors.erase("next.bias");
  EXPECT_THAT(Text(SerializeModel(model).status()), HasSubstr("tensor 'next.bias'"));
}

TEST(SerializeModel, RefusesATrainingRecordThatIsNoText) {
  ModelContents model = RandomModel(GoodTextConfig(), 1);
  model.training = "\xff";
  EXPECT_THAT(Text(SerializeModel(model).status()), HasSubstr("sequent.training: expected UTF-8"));
  model.training = std::string("a\x1f");
  EXPECT_THAT(Text(SerializeModel(model).status()), HasSubstr("without control characters"));
}

}  // namespace
}  // namespace sequent
