// The training loop: what ends a run, what a run may go on from, what it leaves behind.

#include "core/train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/file.h"
#include "core/train/checkpoint.h"
#include "tests/core/train/fit_testing.h"

namespace sequent::train {
namespace {

using ::testing::HasSubstr;

class FitTest : public testing::Test {
 protected:
  FitResult MustFit(const std::string& run_dir, bool resume, const TrainerHooks& hooks) {
    auto result = Fit(config_, model_, data_, run_dir, resume, nullptr, hooks);
    EXPECT_TRUE(result.ok()) << result.status();
    return *std::move(result);
  }
  std::string ResumeRefusal() {
    const auto result = Fit(config_, model_, data_, folder_.path(), true, nullptr, {});
    EXPECT_TRUE(absl::IsFailedPrecondition(result.status())) << result.status();
    return result.status().ToString();
  }

  RunFolder folder_;
  v1::ModelConfig model_ = TinyTextModel().config;
  v1::TrainConfig config_ = SmallConfig();
  TrainingData data_ = RandomText();
};

TEST_F(FitTest, ShardsAddUpToTheWholeBatch) {
  config_.mutable_train()->mutable_optimizer()->mutable_sgd()->set_lr(1);
  config_.mutable_train()->set_max_updates(1);
  config_.mutable_train()->set_shards(1);
  const TensorMap whole = MustFit("", false, {}).best;
  for (const uint32_t shards : {2, 3, 4, 5, 8}) {
    config_.mutable_train()->set_shards(shards);
    for (const auto& [name, tensor] : MustFit("", false, {}).best) {
      for (size_t i = 0; i < tensor.values.size(); ++i) {
        ASSERT_NEAR(tensor.values[i], whole.at(name).values[i], 1e-6)
            << shards << " shards, " << name;
      }
    }
  }
}

TEST_F(FitTest, AFinishedRunSaysSo) {
  MustFit(folder_.path(), false, {});
  EXPECT_EQ(MustFit(folder_.path(), true, {}).stop_reason, "finished already");
}

TEST_F(FitTest, ResumingWithAnotherKeyIsRefusedByItsName) {
  MustFit(folder_.path(), false, {});
  config_.mutable_train()->mutable_optimizer()->mutable_adam()->set_lr(0.02);
  config_.mutable_train()->set_batch(6);
  const std::string refusal = ResumeRefusal();
  EXPECT_THAT(refusal, HasSubstr("train.optimizer.adam.lr: 0.01 -> 0.02"));
  EXPECT_THAT(refusal, HasSubstr("train.batch: 5 -> 6"));
}

TEST_F(FitTest, ResumingOnOtherDataIsRefused) {
  MustFit(folder_.path(), false, {});
  data_.stream.tokens[77] ^= 1;
  EXPECT_THAT(ResumeRefusal(), HasSubstr("the data has changed"));
}

TEST_F(FitTest, ARefusedResumeNeverStarts) {
  MustFit(folder_.path(), false, {});
  config_.set_seed(4);
  TrainerHooks hooks;
  hooks.on_start = [](const StartEvent&) -> Status {
    ADD_FAILURE() << "started";
    return absl::OkStatus();
  };
  EXPECT_FALSE(Fit(config_, model_, data_, folder_.path(), true, nullptr, hooks).ok());
}

TEST_F(FitTest, LengthThreadsPatienceAndOutputMayChangeOnResuming) {
  MustFit(folder_.path(), false, {});
  v1::TrainOptions* train = config_.mutable_train();
  train->set_epochs(3);
  train->set_max_updates(1000);
  train->mutable_max_time()->set_seconds(1000);
  train->set_threads(1);
  train->mutable_early_stopping()->set_patience(7);
  train->mutable_checkpoint()->set_every_updates(9);
  config_.mutable_output()->set_model("elsewhere");
  const FitResult result = MustFit(folder_.path(), true, {});
  EXPECT_EQ(result.stop_reason, "epochs");
  EXPECT_EQ(result.epochs, 3);
}

TEST_F(FitTest, ResumingWithoutACheckpointBeginsAtTheBeginning) {
  uint64_t started = 99;
  TrainerHooks hooks;
  hooks.on_start = [&](const StartEvent& start) {
    started = start.update;
    return absl::OkStatus();
  };
  const FitResult resumed = MustFit(folder_.path(), true, hooks);
  EXPECT_EQ(started, 0u);
  EXPECT_TRUE(SameBits(resumed.best, MustFit("", false, {}).best));
}

TEST_F(FitTest, ARunThatBeginsAnewLeavesNoCheckpointOfTheOneBefore) {
  MustFit(folder_.path(), false, {});
  config_.mutable_train()->set_max_updates(6);
  MustFit(folder_.path(), false, {});
  EXPECT_EQ(ReadNewestCheckpoint(folder_.path())->update, 6u);
}

TEST_F(FitTest, WhatAKilledWriteLeftBehindIsRemoved) {
  std::filesystem::create_directories(folder_.path() + "/checkpoints");
  const std::string half = folder_.path() + "/checkpoints/4.ckpt.tmp.123";
  std::ofstream(half) << "half";
  MustFit(folder_.path(), true, {});
  EXPECT_FALSE(std::filesystem::exists(half));
}

TEST_F(FitTest, ADamagedCheckpointIsPassedOverForTheOneBefore) {
  const FitResult whole = MustFit(folder_.path(), false, {});
  std::string bytes = *ReadFile(folder_.Checkpoint(whole.updates));
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(WriteFileAtomically(folder_.Checkpoint(whole.updates), bytes).ok());
  const FitResult resumed = MustFit(folder_.path(), true, {});
  EXPECT_EQ(resumed.stop_reason, "epochs");
  EXPECT_TRUE(SameBits(whole.best, resumed.best));
}

TEST_F(FitTest, OnlyTheLastCheckpointsAreKept) {
  config_.mutable_train()->mutable_checkpoint()->set_every_updates(1);
  config_.mutable_train()->mutable_checkpoint()->set_keep_last(2);
  const FitResult result = MustFit(folder_.path(), false, {});
  EXPECT_TRUE(std::filesystem::exists(folder_.Checkpoint(result.updates)));
  EXPECT_TRUE(std::filesystem::exists(folder_.Checkpoint(result.updates - 1)));
  EXPECT_FALSE(std::filesystem::exists(folder_.Checkpoint(result.updates - 2)));
}

TEST_F(FitTest, WithoutEpochsItRunsAllOfItsUpdates) {
  config_.mutable_train()->clear_epochs();
  config_.mutable_train()->set_max_updates(300);
  const FitResult result = MustFit("", false, {});
  EXPECT_EQ(result.updates, 300u);
  EXPECT_EQ(result.stop_reason, "max_updates");
}

TEST_F(FitTest, TheClockEndsARunAndChangesNoWeight) {
  const FitResult whole = MustFit("", false, {});
  config_.mutable_train()->mutable_max_time()->set_nanos(1);
  const FitResult first = MustFit(folder_.path(), false, {});
  EXPECT_EQ(first.stop_reason, "max_time");
  EXPECT_EQ(first.updates, 1u);
  EXPECT_EQ(MustFit(folder_.path(), true, {}).updates, 2u);
  config_.mutable_train()->clear_max_time();
  const FitResult resumed = MustFit(folder_.path(), true, {});
  EXPECT_EQ(resumed.stop_reason, "epochs");
  EXPECT_TRUE(SameBits(whole.best, resumed.best));
}

TEST_F(FitTest, ALossThatIsNotFiniteNamesUpdateLayerAndGradientNorm) {
  model_ = IdsConfig(10);
  AddEmbedding(&model_, "embedding", 4);
  AddRnn(&model_, "overflowing", 4, "relu");
  AddDense(&model_, "dense", 4);
  AddSoftmax(&model_, "next");
  TensorMap initial = RandomModel(model_, 1).tensors;
  for (float& value : initial.at("embedding.weight").values) value = 2;
  for (float& weight : initial.at("overflowing.weight_input").values) weight = 3e38f;
  const auto result = Fit(config_, model_, data_, "", false, &initial, {});
  EXPECT_TRUE(absl::IsOutOfRange(result.status())) << result.status();
  const std::string message = result.status().ToString();
  EXPECT_THAT(message, HasSubstr("update 1:"));
  EXPECT_THAT(message, HasSubstr("layer 'overflowing'"));
  EXPECT_THAT(message, HasSubstr("gradient norm"));
}

TEST_F(FitTest, WeightsThatAreNotFiniteAreNeverSaved) {
  config_.mutable_train()->mutable_optimizer()->mutable_sgd()->set_lr(1e300);
  config_.mutable_train()->mutable_checkpoint()->set_every_updates(1);
  const auto result = Fit(config_, model_, data_, folder_.path(), false, nullptr, {});
  EXPECT_TRUE(absl::IsOutOfRange(result.status())) << result.status();
  EXPECT_THAT(result.status().ToString(), HasSubstr("update 1: expected finite weights"));
  EXPECT_TRUE(absl::IsNotFound(ReadNewestCheckpoint(folder_.path()).status()));
}

TEST_F(FitTest, AValidationLossThatIsNotFiniteStopsTheRun) {
  TrainerHooks hooks;
  hooks.validate = [](const TensorMap&) -> StatusOr<Measures> {
    return Measures{{"loss", std::nan("")}};
  };
  const auto result = Fit(config_, model_, data_, "", false, nullptr, hooks);
  EXPECT_TRUE(absl::IsOutOfRange(result.status())) << result.status();
}

TEST_F(FitTest, ANegativeLearningRateIsRefusedWithItsKey) {
  config_.mutable_train()->mutable_optimizer()->mutable_adam()->set_lr(-1);
  EXPECT_EQ(ResolveTrainOptions(config_).status().message(),
            "train.optimizer.adam.lr: expected > 0, got -1");
}

TEST_F(FitTest, EarlyStoppingKeepsTheBestWeights) {
  config_.mutable_train()->mutable_early_stopping()->set_patience(2);
  config_.mutable_train()->mutable_validate()->set_every_updates(1);
  double loss = 0;
  TensorMap at_best;
  TrainerHooks hooks;
  hooks.validate = [&](const TensorMap& tensors) -> StatusOr<Measures> {
    if (loss == 2) at_best = tensors;
    const double values[] = {5, 4, 3, 9, 9};
    return Measures{{"loss", values[static_cast<size_t>(loss++)]}};
  };
  const FitResult result = MustFit("", false, hooks);
  EXPECT_EQ(result.stop_reason, "early_stopping");
  EXPECT_EQ(result.best_update, 3u);
  EXPECT_TRUE(SameBits(result.best, at_best));
}

// Losses by update: the best one is the third.
class PatienceTest : public FitTest {
 protected:
  PatienceTest() {
    config_.mutable_train()->mutable_early_stopping()->set_patience(4);
    config_.mutable_train()->mutable_validate()->set_every_updates(1);
    hooks_.on_update = [this](const UpdateEvent& event) { update_ = event.update; };
    hooks_.validate = [this](const TensorMap&) -> StatusOr<Measures> {
      return Measures{{"loss", std::abs(static_cast<double>(update_) - 3)}};
    };
    hooks_.on_validation = [this](const ValidationEvent&) { ++validations_; };
  }

  // A run stopped after update `at`, and then resumed.
  FitResult Interrupted(uint64_t at) {
    std::atomic<bool> stop = false;
    TrainerHooks hooks = hooks_;
    hooks.stop = &stop;
    hooks.on_update = [&](const UpdateEvent& event) {
      update_ = event.update;
      stop = event.update == at;
    };
    EXPECT_EQ(MustFit(folder_.path(), false, hooks).stop_reason, "interrupted");
    return MustFit(folder_.path(), true, hooks_);
  }

  TrainerHooks hooks_;
  uint64_t update_ = 0;
  int validations_ = 0;
};

TEST_F(PatienceTest, EndsTheRun) {
  const FitResult result = MustFit("", false, hooks_);
  EXPECT_EQ(result.stop_reason, "early_stopping");
  EXPECT_EQ(result.updates, 7u);
  EXPECT_EQ(result.best_update, 3u);
}

TEST_F(PatienceTest, IsNotRenewedByAnInterruption) {
  const FitResult result = Interrupted(5);
  EXPECT_EQ(result.updates, 7u);
  EXPECT_EQ(result.best_update, 3u);
}

TEST_F(PatienceTest, MayBeRaisedForARunThatItHasEnded) {
  EXPECT_EQ(MustFit(folder_.path(), false, hooks_).updates, 7u);
  EXPECT_EQ(MustFit(folder_.path(), true, hooks_).stop_reason, "finished already");
  config_.mutable_train()->mutable_early_stopping()->set_patience(6);
  const FitResult resumed = MustFit(folder_.path(), true, hooks_);
  EXPECT_EQ(resumed.stop_reason, "early_stopping");
  EXPECT_EQ(resumed.updates, 9u);
  RunFolder whole("_whole");
  MustFit(whole.path(), false, hooks_);
  EXPECT_TRUE(LastState(whole) == LastState(folder_));
}

// Validations are due at 3, 6 and 9. The one at 7 is the best, and none of them counts on.
TEST_F(PatienceTest, AValidationOffTheScheduleIsForTheResultAlone) {
  v1::TrainOptions* train = config_.mutable_train();
  train->mutable_validate()->set_every_updates(3);
  train->mutable_schedule()->mutable_plateau()->set_patience(1);
  hooks_.validate = [this](const TensorMap&) -> StatusOr<Measures> {
    return Measures{{"loss", std::abs(static_cast<double>(update_) - 7)}};
  };
  train->set_max_updates(11);
  RunFolder whole("_whole");
  const FitResult expected = MustFit(whole.path(), false, hooks_);
  EXPECT_EQ(expected.best_update, 6u);
  train->set_max_updates(7);
  const FitResult first = MustFit(folder_.path(), false, hooks_);
  EXPECT_EQ(first.stop_reason, "max_updates");
  EXPECT_EQ(first.best_update, 7u);
  validations_ = 0;
  const FitResult again = MustFit(folder_.path(), true, hooks_);
  EXPECT_EQ(again.stop_reason, "finished already");
  EXPECT_EQ(again.best_update, 7u);
  EXPECT_TRUE(SameBits(again.best, first.best));
  EXPECT_EQ(validations_, 1) << "a kill may have come before it was told";
  train->set_max_updates(11);
  EXPECT_TRUE(SameBits(MustFit(folder_.path(), true, hooks_).best, expected.best));
  EXPECT_TRUE(LastState(whole) == LastState(folder_));
}

TEST_F(PatienceTest, NothingIsValidatedTwiceForAnInterruption) {
  config_.mutable_train()->set_max_updates(6);
  EXPECT_EQ(Interrupted(6).stop_reason, "max_updates");
  EXPECT_EQ(validations_, 6);
}

}  // namespace
}  // namespace sequent::train
