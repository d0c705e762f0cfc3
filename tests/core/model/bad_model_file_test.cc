// Every kind of bad model file is refused, with the place and the reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/model/assets.h"
#include "core/model/model_file.h"
#include "tests/core/model/bad_files.h"
#include "tests/support/model_bytes.h"
#include "tests/support/pieces.h"

namespace sequent {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

bool IsRefusal(const Status& status) {
  return status.code() == absl::StatusCode::kInvalidArgument ||
         status.code() == absl::StatusCode::kDataLoss;
}

class BadFileTest : public ::testing::TestWithParam<BadFile> {};

TEST_P(BadFileTest, IsRefusedWithTheReason) {
  const Status status = ParseModelFile(GetParam().bytes).status();
  const std::string message(Message(status));
  EXPECT_TRUE(IsRefusal(status)) << status;
  EXPECT_THAT(message, StartsWith(GetParam().place));
  EXPECT_THAT(message, HasSubstr(GetParam().message));
  // All errors begin with a place and say what was expected or what the file claims.
  EXPECT_THAT(message, ContainsRegex("^[^:]+.*: (expected .+, got|the file says|INVALID)"));
  EXPECT_LT(message.size(), 1000u);
}

const auto kName = [](const auto& info) { return info.param.name; };
INSTANTIATE_TEST_SUITE_P(Length, BadFileTest, ::testing::ValuesIn(BadLengths()), kName);
INSTANTIATE_TEST_SUITE_P(Header, BadFileTest, ::testing::ValuesIn(BadHeaders()), kName);
INSTANTIATE_TEST_SUITE_P(Metadata, BadFileTest, ::testing::ValuesIn(BadMetadata()), kName);
INSTANTIATE_TEST_SUITE_P(Tensors, BadFileTest, ::testing::ValuesIn(BadTensors()), kName);
INSTANTIATE_TEST_SUITE_P(Rounded, BadFileTest, ::testing::ValuesIn(BadRoundedFiles()), kName);
INSTANTIATE_TEST_SUITE_P(Assets, BadFileTest, ::testing::ValuesIn(BadAssetFiles()), kName);
INSTANTIATE_TEST_SUITE_P(Config, BadFileTest, ::testing::ValuesIn(BadConfigFiles()), kName);
INSTANTIATE_TEST_SUITE_P(Truncated, BadFileTest, ::testing::ValuesIn(Truncations()), kName);
INSTANTIATE_TEST_SUITE_P(Flipped, BadFileTest, ::testing::ValuesIn(BitFlips()), kName);

TEST(BadFiles, TheFileTheyComeFromIsGood) {
  const Status status = ParseModelFile(GoodFile()).status();
  EXPECT_TRUE(status.ok()) << status;
}

// By itself: too long a file for the list, which the fuzzer begins with.
TEST(BadFiles, AnAssetOverTheMostIsRefused) {
  ModelBytes file = ModelBytes::Of(TinyPieceModel());
  StoredTensor* asset = file.tensor("asset.sentencepiece");
  file.data.resize(asset->begin + kMaxAssetBytes + 1);
  asset->end = file.data.size();
  asset->shape = {kMaxAssetBytes + 1};
  EXPECT_THAT(std::string(Message(ParseModelFile(file.Build()).status())),
              HasSubstr("'asset.sentencepiece': expected 1 to 16777216 bytes, got 16777217"));
}

TEST(BadFiles, AreMoreThanTwoHundredKindsWithoutFlipsAndCuts) {
  std::set<std::string> names, bytes;
  for (const auto& group : {BadLengths(), BadHeaders(), BadMetadata(), BadTensors(),
                            BadRoundedFiles(), BadAssetFiles(), BadConfigFiles()}) {
    for (const BadFile& bad : group) {
      EXPECT_TRUE(names.insert(bad.name).second) << bad.name;
      EXPECT_TRUE(bytes.insert(bad.bytes).second) << bad.name;
    }
  }
  RecordProperty("kinds", static_cast<int>(names.size()));
  EXPECT_GE(names.size(), 200u);
}

TEST(BadFiles, EveryTruncationIsRefused) {
  const std::string file = GoodFile();
  for (size_t size = 0; size < file.size(); ++size) {
    ASSERT_TRUE(IsRefusal(ParseModelFile(file.substr(0, size)).status())) << size;
  }
}

TEST(BadFiles, EverySingleFlippedBitIsRefused) {
  std::string file = GoodFile();
  for (size_t bit = 0; bit < 8 * file.size(); ++bit) {
    const char mask = static_cast<char>(1 << (bit % 8));
    file[bit / 8] ^= mask;
    ASSERT_TRUE(IsRefusal(ParseModelFile(file).status()))
        << "byte " << bit / 8 << ", bit " << bit % 8;
    file[bit / 8] ^= mask;
  }
}

TEST(BadFiles, EveryByteLeftOutIsRefused) {
  const std::string file = GoodFile();
  for (size_t at = 0; at < file.size(); ++at) {
    std::string shorter = file;
    shorter.erase(at, 1);
    ASSERT_TRUE(IsRefusal(ParseModelFile(shorter).status())) << at;
  }
}

}  // namespace
}  // namespace sequent
