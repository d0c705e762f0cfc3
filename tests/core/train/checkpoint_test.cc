#include "core/train/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/core/train/fit_testing.h"

namespace sequent::train {
namespace {

using ::testing::ElementsAre;

Checkpoint Sample() {
  Checkpoint checkpoint;
  checkpoint.config = "config";
  checkpoint.model = std::string("mod\0el", 6);
  checkpoint.data = "data";
  checkpoint.update = 12345678901;
  checkpoint.finished = "epochs";
  checkpoint.parameters = "pppp";
  checkpoint.slots = {"aaaa", "", "bbbb"};
  checkpoint.ema = "eeee";
  checkpoint.states = "ss";
  checkpoint.best_update = 7;
  checkpoint.best = "best";
  checkpoint.best_measures = {{"loss", 1.0 / 3}, {"other", -2}};
  checkpoint.patience = {-0.5, 4};
  checkpoint.plateau = {{1.5, 2}, 0.25, 3};
  return checkpoint;
}

TEST(Checkpoint, ComesBackAsItWas) {
  const std::string bytes = SerializeCheckpoint(Sample());
  const auto again = ParseCheckpoint(bytes);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->model, Sample().model);
  EXPECT_EQ(again->slots, Sample().slots);
  EXPECT_EQ(again->best_measures, Sample().best_measures);
  EXPECT_EQ(again->ema, Sample().ema);
  EXPECT_EQ(again->states, Sample().states);
  EXPECT_EQ(again->patience.best, -0.5);
  EXPECT_EQ(again->patience.bad_validations, 4u);
  EXPECT_EQ(again->plateau.patience.best, 1.5);
  EXPECT_EQ(again->plateau.patience.bad_validations, 2u);
  EXPECT_EQ(again->plateau.factor, 0.25);
  EXPECT_EQ(again->plateau.cooldown, 3u);
  EXPECT_EQ(SerializeCheckpoint(*again), bytes);
}

TEST(Checkpoint, CutShortAnywhereIsRefused) {
  const std::string bytes = SerializeCheckpoint(Sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ParseCheckpoint(bytes.substr(0, size)).status().code(), absl::StatusCode::kDataLoss)
        << size;
  }
}

TEST(Checkpoint, WithAnyBitFlippedIsRefused) {
  const std::string bytes = SerializeCheckpoint(Sample());
  for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    std::string bad = bytes;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(ParseCheckpoint(bad).status().code(), absl::StatusCode::kDataLoss) << bit;
  }
}

class CheckpointFolderTest : public testing::Test {
 protected:
  void Write(uint64_t update, size_t keep_last) {
    Checkpoint checkpoint = Sample();
    checkpoint.update = update;
    ASSERT_TRUE(WriteCheckpoint(folder_.path(), checkpoint, keep_last).ok());
  }
  std::vector<uint64_t> Kept() const {
    std::vector<uint64_t> kept;
    for (const uint64_t update : {300, 500, 700, 1000}) {
      if (std::filesystem::exists(folder_.Checkpoint(update))) kept.push_back(update);
    }
    return kept;
  }

  RunFolder folder_{"_checkpoints"};
};

// As after resuming from 500, because 1000 was damaged.
TEST_F(CheckpointFolderTest, LaterOnesBelongToAnotherFutureAndGo) {
  for (const uint64_t update : {300, 500, 1000}) Write(update, 9);
  Write(700, 2);
  EXPECT_THAT(Kept(), ElementsAre(500, 700));
  EXPECT_EQ(ReadNewestCheckpoint(folder_.path())->update, 700u);
}

TEST_F(CheckpointFolderTest, TheOneJustWrittenStaysWhateverElseThereIs) {
  for (const uint64_t update : {300, 1000}) Write(update, 9);
  Write(500, 1);
  EXPECT_THAT(Kept(), ElementsAre(500));
}

TEST(Checkpoint, OfAFolderThatIsNotThereIsNotFound) {
  EXPECT_EQ(ReadNewestCheckpoint(testing::TempDir() + "no_such_run").status().code(),
            absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace sequent::train
