// The same weights on any number of threads, in one go and resumed, for every kind of thing that a
// checkpoint must carry.

#include <gtest/gtest.h>

#include <atomic>
#include <string>

#include "core/train/checkpoint.h"
#include "core/train/trainer.h"
#include "tests/core/train/recipes.h"

namespace sequent::train {
namespace {

class DeterminismTest : public testing::TestWithParam<Recipe> {
 protected:
  DeterminismTest() {
    config_.mutable_train()->mutable_validate()->set_every_updates(5);
    hooks_.validate = SumOfSquaresMeasure;
  }
  FitResult MustFit(const RunFolder& folder, bool resume, const TrainerHooks& hooks) {
    auto result =
        Fit(config_, GetParam().model, GetParam().data, folder.path(), resume, nullptr, hooks);
    EXPECT_TRUE(result.ok()) << result.status();
    return *std::move(result);
  }

  v1::TrainConfig config_ = GetParam().config;
  TrainerHooks hooks_;
  RunFolder whole_{"_whole"}, other_{"_other"};
};

TEST_P(DeterminismTest, OneThreadAndTwoGiveTheSameBits) {
  config_.mutable_train()->set_threads(1);
  const FitResult one = MustFit(whole_, false, hooks_);
  config_.mutable_train()->set_threads(2);
  EXPECT_TRUE(SameBits(one.best, MustFit(other_, false, hooks_).best));
  EXPECT_TRUE(LastState(whole_) == LastState(other_));
}

TEST_P(DeterminismTest, AnInterruptedRunResumedGivesTheBitsOfOneThatWasNot) {
  const FitResult whole = MustFit(whole_, false, hooks_);
  ASSERT_EQ(whole.stop_reason, "epochs");
  ASSERT_NE(whole.updates % 5, 0u) << "the validation at the end should be one more";
  for (const uint64_t at : {uint64_t{1}, uint64_t{10}, uint64_t{13}, whole.updates}) {
    std::atomic<bool> stop = false;
    TrainerHooks hooks = hooks_;
    hooks.stop = &stop;
    hooks.on_update = [&](const UpdateEvent& event) { stop = event.update == at; };
    ASSERT_EQ(MustFit(other_, false, hooks).stop_reason, "interrupted");
    const FitResult resumed = MustFit(other_, true, hooks_);
    EXPECT_EQ(resumed.updates, whole.updates);
    EXPECT_EQ(resumed.best_update, whole.best_update);
    EXPECT_TRUE(SameBits(whole.best, resumed.best)) << "interrupted at " << at;
    EXPECT_TRUE(LastState(whole_) == LastState(other_)) << "interrupted at " << at;
  }
}

TEST_P(DeterminismTest, ARunLostBetweenCheckpointsResumesFromTheLastOne) {
  MustFit(whole_, false, hooks_);
  TrainerHooks lost = hooks_;
  uint64_t update = 0;
  lost.on_update = [&](const UpdateEvent& event) { update = event.update; };
  lost.validate = [&](const TensorMap& tensors) -> StatusOr<Measures> {
    if (update == 10) return absl::UnavailableError("the machine went away");
    return SumOfSquaresMeasure(tensors);
  };
  EXPECT_FALSE(
      Fit(config_, GetParam().model, GetParam().data, other_.path(), false, nullptr, lost).ok());
  EXPECT_EQ(ReadNewestCheckpoint(other_.path())->update, 8u);
  MustFit(other_, true, hooks_);
  EXPECT_TRUE(LastState(whole_) == LastState(other_));
}

INSTANTIATE_TEST_SUITE_P(EveryRecipe, DeterminismTest, testing::ValuesIn(Recipes()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace sequent::train
