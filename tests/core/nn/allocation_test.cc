// Invariant 5, for the model: once a workspace has seen a batch, Run allocates nothing.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/nn/sampling.h"
#include "core/nn/state_slab.h"
#include "tests/core/nn/nn_testing.h"
#include "tests/support/allocation_count.h"
#include "tests/support/models.h"

namespace sequent {
namespace {

// Rows of 0 to 29 steps each, to be run again and again.
class Batch {
 public:
  Batch(const Model& model, size_t rows) {
    for (size_t r = 0; r < rows; ++r) {
      const size_t steps = r * 11 % 30;
      players_.push_back(
          std::make_unique<Player>(model, RandomSequence(model, std::max<size_t>(steps, 1), r)));
      rows_.push_back(players_.back()->Next(steps));
    }
  }
  TickBatch get() const { return {.rows = rows_}; }

 private:
  std::vector<std::unique_ptr<Player>> players_;
  std::vector<TickRow> rows_;
};

int64_t AllocationsOf(const Model& model, size_t rows, ThreadPool* pool,
                      Sharing sharing = Sharing::kRows) {
  const Batch batch(model, rows);
  Workspace workspace;
  model.Run(batch.get(), &workspace, pool, SharingPlan(sharing));
  const int64_t before = AllocationCount();
  for (int i = 0; i < 3; ++i) model.Run(batch.get(), &workspace, pool, SharingPlan(sharing));
  return AllocationCount() - before;
}

TEST(Allocations, AreCounted) {
  const int64_t before = AllocationCount();
  AlignedVector<float> aligned(100);
  std::vector<int> plain(100);
  EXPECT_EQ(AllocationCount() - before, 2);
}

TEST(Allocations, NoneInRunAfterWarmUp) {
  for (const auto& [name, contents] : AllModels()) {
    for (const Precision precision : kPrecisions) {
      const auto model = MakeModel(contents, precision);
      for (size_t rows : {1, 7, 300}) EXPECT_EQ(AllocationsOf(*model, rows, nullptr), 0) << name;
    }
  }
}

TEST(Allocations, NoneInRunOnTwoThreadsAfterWarmUp) {
  ThreadPool pool(2);
  for (const auto& [name, contents] : AllModels()) {
    const auto model = MakeModel(contents);
    EXPECT_EQ(AllocationsOf(*model, 50, &pool), 0) << name;
  }
}

TEST(Allocations, NoneWhereTwoThreadsShareThePanels) {
  ThreadPool pool(2);
  for (const Precision precision : kPrecisions) {
    const auto model = MakeModel(FeatureContents("layers { name: 'a' lstm { units: 300 } } heads { "
                                                 "name: 'y' regression {} }"),
                                 precision);
    EXPECT_EQ(AllocationsOf(*model, 2, &pool, Sharing::kPanels), 0);
  }
}

TEST(Allocations, NoneForASmallerBatch) {
  const auto model = MakeModel(TinyTextModel());
  const Batch large(*model, 200), small(*model, 20);
  Workspace workspace;
  model->Run(large.get(), &workspace, nullptr);
  const int64_t before = AllocationCount();
  model->Run(small.get(), &workspace, nullptr);
  EXPECT_EQ(AllocationCount() - before, 0);
}

TEST(Allocations, ScratchDoesNotGrowWithTheLengthOfARow) {
  const auto model = MakeModel(TinyTextModel());
  Player first(*model, RandomSequence(*model, 1000, 1));
  Player longer(*model, RandomSequence(*model, 20'000, 1));
  const TickRow row = first.Next(1000), long_row = longer.Next(20'000);
  Workspace workspace;
  model->Run({.rows = {&row, 1}}, &workspace, nullptr);
  const int64_t before = AllocationCount();
  model->Run({.rows = {&long_row, 1}}, &workspace, nullptr);
  EXPECT_EQ(AllocationCount() - before, 0);
}

TEST(Allocations, NoneInSamplingAfterWarmUp) {
  const std::vector<float> logits(500, 0.25f);
  std::vector<std::pair<float, int32_t>> scratch;
  const SamplingOptions options{.temperature = 0.7f, .top_k = 40, .top_p = 0.9f};
  SampleClass(logits, options, 0.5, &scratch);
  const int64_t before = AllocationCount();
  for (int i = 0; i < 10; ++i) SampleClass(logits, options, i / 10.0, &scratch);
  EXPECT_EQ(AllocationCount() - before, 0);
}

TEST(Allocations, NoneForARowThatIsReused) {
  StateSlab slab(1000);
  slab.Release(*slab.Allocate());
  const int64_t before = AllocationCount();
  for (int i = 0; i < 10; ++i) slab.Release(*slab.Allocate());
  EXPECT_EQ(AllocationCount() - before, 0);
}

}  // namespace
}  // namespace sequent
