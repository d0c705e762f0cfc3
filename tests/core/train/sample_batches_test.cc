#include "core/train/sample_batches.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "core/train/batches.h"
#include "tests/support/models.h"

namespace sequent::train {
namespace {

// Heads "kind" (softmax, of the sequence), "step" (softmax, per step) and "traits" (Bernoulli, of
// the sequence, two labels).
Graph ThreeHeads() {
  v1::ModelConfig config = TextConfig("abcdefgh");
  config.set_task("classify");
  AddEmbedding(&config, "embedding", 2);
  for (const char* name : {"kind", "step"}) {
    v1::Head* head = AddSoftmax(&config, name);
    for (const char* label : {"a", "b"}) head->mutable_softmax()->add_labels(label);
  }
  config.mutable_heads(0)->set_last_step(true);
  v1::Head* traits = config.add_heads();
  traits->set_name("traits");
  traits->set_last_step(true);
  for (const char* label : {"x", "y"}) traits->mutable_bernoulli()->add_labels(label);
  return ResolveGraph(config).value();
}

class SampleBatchesTest : public testing::Test {
 protected:
  // Sequence i has lengths[i] tokens, all of them i.
  void SetLengths(const std::vector<size_t>& lengths) {
    Samples& samples = data_.samples;
    samples = {};
    samples.begin = {0};
    samples.classes.resize(3);
    samples.targets.resize(3);
    for (size_t i = 0; i < lengths.size(); ++i) {
      const auto id = static_cast<int32_t>(i);
      samples.tokens.insert(samples.tokens.end(), lengths[i], id);
      samples.begin.push_back(samples.tokens.size());
      samples.classes[0].push_back(id % 2);
      for (size_t t = 0; t < lengths[i]; ++t) {
        samples.classes[1].push_back(static_cast<int32_t>(t % 2));
      }
      samples.targets[2].insert(samples.targets[2].end(), {1, 0});
    }
  }

  Batches Make(bool shuffle) { return *Batches::Create(graph_, data_, options_, shuffle, 1); }

  // The sequences of each batch of an epoch.
  std::vector<std::vector<int32_t>> Epoch(const Batches& batches, uint64_t epoch) {
    std::vector<std::vector<int32_t>> rows;
    for (uint64_t i = 1; i <= batches.updates_per_epoch(); ++i) {
      const uint64_t update = epoch * batches.updates_per_epoch() + i;
      const auto chunk = batches.Cut<float>(update, 0, batches.Rows(update));
      rows.emplace_back(chunk.tokens.begin(),
                        chunk.tokens.begin() + static_cast<ptrdiff_t>(chunk.rows));
    }
    return rows;
  }

  const Graph graph_ = ThreeHeads();
  TrainingData data_;
  v1::TrainOptions options_;
};

TEST_F(SampleBatchesTest, RowsAreWholeSequencesWithPaddingBehind) {
  SetLengths({2, 3, 1});
  options_.set_batch(3);
  const auto chunk = Make(false).Cut<float>(1, 0, 3);
  EXPECT_EQ(chunk.steps, 3u);
  EXPECT_EQ(chunk.lengths, (std::vector<uint32_t>{2, 3, 1}));
  EXPECT_EQ(chunk.tokens, (std::vector<int32_t>{0, 1, 2, 0, 1, 0, 0, 1, 0}));
  EXPECT_EQ(chunk.classes[0], (std::vector<int32_t>{-1, -1, 0, 0, -1, -1, -1, 1, -1}));
  EXPECT_EQ(chunk.classes[1], (std::vector<int32_t>{0, 0, 0, 1, 1, -1, -1, 0, -1}));
  for (size_t i = 0; i < 9; ++i) {
    const bool there = i == 2 || i == 3 || i == 7;
    EXPECT_EQ(std::isnan(chunk.targets[2][2 * i]), !there) << i;
    if (there) {
      EXPECT_EQ(chunk.targets[2][2 * i], 1);
    }
  }
}

TEST_F(SampleBatchesTest, AShardIsPaddedToItsOwnLongestRow) {
  SetLengths({2, 3, 1});
  options_.set_batch(3);
  const auto chunk = Make(false).Cut<float>(1, 2, 1);
  EXPECT_EQ(chunk.tokens, (std::vector<int32_t>{2}));
  EXPECT_EQ(chunk.first_row, 2u);
}

TEST_F(SampleBatchesTest, EveryUpdateStartsAnew) {
  SetLengths({2, 3, 1});
  options_.set_batch(1);
  const Batches batches = Make(true);
  for (uint64_t update = 1; update < 5; ++update) EXPECT_TRUE(batches.StartsAnew(update));
}

TEST_F(SampleBatchesTest, TheNormaliserCountsWhatIsThereInTheWholeBatch) {
  SetLengths({2, 3, 1});
  data_.samples.classes[0][1] = -1;
  options_.set_batch(3);
  EXPECT_EQ(Make(false).Normaliser(1), (std::vector<double>{1.0 / 2, 1.0 / 6, 1.0 / 6}));
}

TEST_F(SampleBatchesTest, TheNormaliserCountsClassesByTheirWeights) {
  SetLengths({2, 3, 1});
  options_.set_batch(3);
  (*options_.mutable_class_weights())["a"] = 3;
  // kind: a, b, a; step: a b, a b a, a.
  EXPECT_EQ(Make(false).Normaliser(1), (std::vector<double>{1.0 / 7, 1.0 / 14, 1.0 / 6}));
}

TEST_F(SampleBatchesTest, WithoutShufflingTheyComeInOrder) {
  SetLengths({1, 2, 3, 4, 5});
  options_.set_batch(2);
  EXPECT_EQ(Epoch(Make(false), 1), (std::vector<std::vector<int32_t>>{{0, 1}, {2, 3}, {4}}));
}

TEST_F(SampleBatchesTest, EveryEpochSeesEverySequenceOnceInAnOrderOfItsOwn) {
  SetLengths({5, 1, 2, 9, 4, 4, 1, 8});
  options_.set_batch(3);
  options_.set_length_bucket(4);
  const Batches batches = Make(true);
  EXPECT_NE(Epoch(batches, 0), Epoch(batches, 1));
  EXPECT_EQ(Epoch(batches, 1), Epoch(batches, 1));
  for (uint64_t epoch = 0; epoch < 5; ++epoch) {
    std::map<int32_t, int> seen;
    for (const auto& rows : Epoch(batches, epoch)) {
      for (const int32_t row : rows) ++seen[row];
    }
    EXPECT_EQ(seen.size(), 8u);
    for (const auto& [row, times] : seen) EXPECT_EQ(times, 1) << row;
  }
}

TEST_F(SampleBatchesTest, ABatchHoldsSequencesOfOneBucket) {
  SetLengths({5, 1, 2, 9, 4, 4, 1, 8});  // to 4: 1 2 4 5 6; to 8: 0 7; to 12: 3
  options_.set_batch(3);
  options_.set_length_bucket(4);
  EXPECT_EQ(Epoch(Make(false), 0),
            (std::vector<std::vector<int32_t>>{{1, 2, 4}, {5, 6}, {0, 7}, {3}}));
}

TEST_F(SampleBatchesTest, MaxTokensBoundsABatchWithItsPadding) {
  SetLengths({5, 1, 2, 9, 4, 4, 1, 8});
  options_.set_batch(3);
  options_.set_length_bucket(4);
  options_.set_max_tokens(8);  // 2 of 4; 1 of 8; and 9 alone, since one there must be
  EXPECT_EQ(Epoch(Make(false), 0),
            (std::vector<std::vector<int32_t>>{{1, 2}, {4, 5}, {6}, {0}, {7}, {3}}));
}

TEST_F(SampleBatchesTest, OfTagsBehindAPoolAreRefused) {
  v1::ModelConfig config = TextConfig("abcdefgh");
  config.set_task("tag");
  AddEmbedding(&config, "embedding", 2);
  AddPool(&config, "pool", "mean");
  v1::Head* head = AddSoftmax(&config, "kind");
  for (const char* label : {"a", "b"}) head->mutable_softmax()->add_labels(label);
  const Graph graph = ResolveGraph(config).value();
  SetLengths({2, 3});
  EXPECT_EQ(Batches::Create(graph, data_, options_, false, 1).status().message(),
            "model.heads: head 'kind': expected last_step: true behind a pool, got a head of every "
            "step");
}

}  // namespace
}  // namespace sequent::train
