#include "core/train/batches.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <vector>

#include "core/model/graph.h"
#include "tests/support/models.h"

namespace sequent::train {
namespace {

// 23 tokens 0, 1, 2, ...: 3 lanes of 7 steps, in chunks of 3, 3 and 1.
class LaneTest : public testing::Test {
 protected:
  LaneTest() {
    v1::ModelConfig config = IdsConfig(30);
    AddEmbedding(&config, "embedding", 2);
    AddSoftmax(&config, "next");
    graph_ = *ResolveGraph(config);
    for (int32_t i = 0; i < 23; ++i) data_.stream.tokens.push_back(i);
    options_.set_batch(3);
    options_.set_bptt(3);
  }

  Batches Make() { return *Batches::Create(graph_, data_, options_, true, 1); }

  Graph graph_;
  TrainingData data_;
  v1::TrainOptions options_;
};

TEST_F(LaneTest, EachLaneReadsItsPartOfTheStream) {
  const Chunk<float> chunk = Make().Cut<float>(2, 0, 3);
  EXPECT_EQ(chunk.tokens, (std::vector<int32_t>{3, 10, 17, 4, 11, 18, 5, 12, 19}));
  EXPECT_EQ(chunk.classes[0], (std::vector<int32_t>{4, 11, 18, 5, 12, 19, 6, 13, 20}));
}

TEST_F(LaneTest, TheLastChunkOfAnEpochIsShorter) {
  const Batches batches = Make();
  EXPECT_EQ(batches.updates_per_epoch(), 3u);
  EXPECT_EQ(batches.Cut<float>(3, 0, 3).steps, 1u);
  EXPECT_EQ(batches.Normaliser(3)[0], 1.0 / 3);
  EXPECT_EQ(batches.Normaliser(1)[0], 1.0 / 9);
}

TEST_F(LaneTest, TheStateBeginsAnewWithEachEpoch) {
  const Batches batches = Make();
  EXPECT_TRUE(batches.StartsAnew(1));
  EXPECT_FALSE(batches.StartsAnew(2));
  EXPECT_FALSE(batches.StartsAnew(3));
  EXPECT_TRUE(batches.StartsAnew(4));
}

TEST_F(LaneTest, ShardsCutTheBatchByRows) {
  const Chunk<float> last = Make().Cut<float>(2, 2, 1);
  EXPECT_EQ(last.first_row, 2u);
  EXPECT_EQ(last.tokens, (std::vector<int32_t>{17, 18, 19}));
}

TEST_F(LaneTest, TooFewTokensAreRefused) {
  options_.set_batch(23);
  EXPECT_EQ(Batches::Create(graph_, data_, options_, true, 1).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// 20 steps: 9 windows of 4 at stride 2, in batches of 4, 4 and 1.
class WindowTest : public testing::Test {
 protected:
  WindowTest() {
    v1::ModelConfig config = SeriesConfig({"a"});
    AddRegression(&config, "next");
    graph_ = *ResolveGraph(config);
    data_.series.steps = 20;
    data_.series.input_width = 1;
    data_.series.targets.resize(1);
    for (int i = 0; i < 20; ++i) {
      data_.series.inputs.push_back(static_cast<float>(i));
      data_.series.targets[0].push_back(i == 19 ? std::nanf("") : static_cast<float>(i + 1));
    }
    options_.set_batch(4);
    options_.set_window(4);
    options_.set_stride(2);
  }

  // First steps of the windows of an epoch, in the order of training.
  std::vector<float> Starts(const Batches& batches, uint64_t epoch) {
    std::vector<float> starts;
    for (uint64_t i = 1; i <= batches.updates_per_epoch(); ++i) {
      const uint64_t update = epoch * batches.updates_per_epoch() + i;
      const auto chunk = batches.Cut<float>(update, 0, batches.Rows(update));
      starts.insert(starts.end(), chunk.features.begin(),
                    chunk.features.begin() + static_cast<ptrdiff_t>(chunk.rows));
    }
    return starts;
  }

  Graph graph_;
  TrainingData data_;
  v1::TrainOptions options_;
};

TEST_F(WindowTest, EveryEpochSeesEveryWindowOnce) {
  const Batches batches = *Batches::Create(graph_, data_, options_, true, 1);
  EXPECT_EQ(batches.updates_per_epoch(), 3u);
  for (uint64_t epoch = 0; epoch < 5; ++epoch) {
    std::map<float, int> seen;
    for (const float start : Starts(batches, epoch)) ++seen[start];
    EXPECT_EQ(seen.size(), 9u);
    for (const auto& [start, times] : seen) EXPECT_EQ(times, 1) << start;
  }
}

TEST_F(WindowTest, EveryEpochHasAnOrderOfItsOwn) {
  const Batches batches = *Batches::Create(graph_, data_, options_, true, 1);
  EXPECT_NE(Starts(batches, 0), Starts(batches, 1));
  EXPECT_EQ(Starts(batches, 1), Starts(batches, 1));
}

TEST_F(WindowTest, WithoutShufflingTheyComeInOrder) {
  const Batches batches = *Batches::Create(graph_, data_, options_, false, 1);
  EXPECT_EQ(Starts(batches, 1), (std::vector<float>{0, 2, 4, 6, 8, 10, 12, 14, 16}));
}

TEST_F(WindowTest, LieWithinOneSeries) {
  data_.series.ends = {7, 20};
  const Batches batches = *Batches::Create(graph_, data_, options_, false, 1);
  EXPECT_EQ(Starts(batches, 0), (std::vector<float>{0, 2, 7, 9, 11, 13, 15}));
}

TEST_F(WindowTest, ASeriesShorterThanItsWindowIsRefused) {
  data_.series.ends = {17, 20};
  EXPECT_EQ(std::string(Batches::Create(graph_, data_, options_, false, 1).status().message()),
            "training part, series 2 of 2: expected at least train.window = 4 steps, got 3");
}

TEST_F(WindowTest, MissingTargetsDoNotCount) {
  data_.series.targets[0][2] = std::nanf("");
  const Batches batches = *Batches::Create(graph_, data_, options_, false, 1);
  EXPECT_EQ(batches.Normaliser(1)[0], 1.0 / 14);  // step 2 is in two of the four windows
  EXPECT_EQ(batches.Normaliser(3)[0], 1.0 / 3);   // the last step has no successor
}

}  // namespace
}  // namespace sequent::train
