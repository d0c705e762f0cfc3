// The training loop: the same weights on any number of threads, in one go and resumed; what ends a
// run, and what a run may go on from.

#include "core/train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/base/random.h"
#include "core/train/checkpoint.h"
#include "tests/support/models.h"

namespace sequent::train {
namespace {

using ::testing::HasSubstr;

TrainingData RandomText() {
  TrainingData data;
  const RandomStream random(1, 2, 3);
  for (uint64_t i = 0; i < 400; ++i) {
    data.stream.tokens.push_back(static_cast<int32_t>(random.Bits(i) % 5 + (i % 2) * 5));
  }
  return data;
}

// Two columns, some targets missing.
TrainingData RandomSeries() {
  TrainingData data;
  const RandomStream random(1, 2, 4);
  data.series.steps = 120;
  data.series.input_width = 2;
  data.series.targets.resize(1);
  for (uint64_t i = 0; i < 240; ++i) {
    data.series.inputs.push_back(static_cast<float>(random.Normal(i)));
    data.series.targets[0].push_back(i % 17 == 3 ? std::nanf("")
                                                 : static_cast<float>(random.Normal(1000 + i)));
  }
  return data;
}

v1::TrainConfig SmallConfig() {
  v1::TrainConfig config;
  config.set_seed(3);
  v1::TrainOptions* train = config.mutable_train();
  train->set_batch(5);
  train->set_bptt(7);
  train->set_epochs(2);
  train->mutable_optimizer()->mutable_adam()->set_lr(0.01);
  train->mutable_checkpoint()->set_every_updates(4);
  return config;
}

bool SameBits(const TensorMap& a, const TensorMap& b) {
  for (const auto& [name, tensor] : a) {
    if (tensor.values != b.at(name).values) return false;
  }
  return a.size() == b.size();
}

class RunFolder {
 public:
  RunFolder() : path_(testing::TempDir() + "fit_test_" + std::to_string(getpid())) {
    std::filesystem::remove_all(path_);
  }
  ~RunFolder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }
  std::string Checkpoint(uint64_t update) const {
    return path_ + "/checkpoints/" + std::to_string(update) + ".ckpt";
  }

 private:
  const std::string path_;
};

// Something that depends on every weight.
StatusOr<Measures> SumOfSquares(const TensorMap& tensors) {
  double sum = 0;
  for (const auto& [name, tensor] : tensors) {
    for (const float value : tensor.values) sum += double{value} * value;
  }
  return Measures{{"loss", sum}};
}

struct Recipe {
  std::string name;
  v1::TrainConfig config;
  v1::ModelConfig model;
  TrainingData data;
};

void PrintTo(const Recipe& recipe, std::ostream* out) { *out << recipe.name; }

// Everything that a checkpoint must carry, in some combination.
std::vector<Recipe> Recipes() {
  std::vector<Recipe> recipes;
  recipes.push_back({"adam_carried_state", SmallConfig(), TinyTextModel().config, RandomText()});

  Recipe momentum{"momentum_dropout_carried_state", SmallConfig(), {}, RandomText()};
  v1::Sgd* sgd = momentum.config.mutable_train()->mutable_optimizer()->mutable_sgd();
  sgd->set_lr(0.05);
  sgd->set_momentum(0.9);
  momentum.model = IdsConfig(10);
  AddEmbedding(&momentum.model, "embedding", 6);
  AddDropout(&momentum.model, "dropout1", 0.3f);
  AddGru(&momentum.model, "gru", 9);
  AddDropout(&momentum.model, "dropout2", 0.2f);
  AddRnn(&momentum.model, "rnn", 5);
  AddSoftmax(&momentum.model, "next");
  recipes.push_back(momentum);

  Recipe nesterov = momentum;
  nesterov.name = "nesterov_exponential_three_shards";
  v1::TrainOptions* train = nesterov.config.mutable_train();
  train->mutable_optimizer()->mutable_sgd()->set_nesterov(true);
  train->mutable_schedule()->mutable_exponential()->set_factor(0.9);
  train->mutable_schedule()->mutable_exponential()->set_warmup_updates(3);
  train->mutable_clip()->set_global_norm(0.1);
  train->set_shards(3);
  recipes.push_back(nesterov);

  Recipe windows{"adamw_cosine_shuffled_windows", SmallConfig(), {}, RandomSeries()};
  v1::Adam* adam = windows.config.mutable_train()->mutable_optimizer()->mutable_adam();
  adam->set_weight_decay(0.1);
  windows.config.mutable_train()->mutable_schedule()->mutable_cosine()->set_warmup_updates(2);
  windows.config.mutable_train()->set_window(8);
  windows.config.mutable_train()->set_stride(2);
  windows.model = SeriesConfig({"a", "b"});
  AddLstm(&windows.model, "lstm", 7);
  AddDropout(&windows.model, "dropout", 0.4f);
  AddRegression(&windows.model, "next", "gaussian");
  recipes.push_back(windows);

  Recipe exact = windows;
  exact.name = "in_double";
  exact.config.mutable_train()->set_dtype("float64");
  recipes.push_back(exact);
  return recipes;
}

class DeterminismTest : public testing::TestWithParam<Recipe> {
 protected:
  FitResult MustFit(const std::string& run_dir, bool resume, const TrainerHooks& hooks) {
    auto result = Fit(config_, GetParam().model, GetParam().data, run_dir, resume, nullptr, hooks);
    EXPECT_TRUE(result.ok()) << result.status();
    return *std::move(result);
  }

  v1::TrainConfig config_ = GetParam().config;
  RunFolder folder_;
};

TEST_P(DeterminismTest, OneThreadAndTwoGiveTheSameBits) {
  config_.mutable_train()->set_threads(1);
  const FitResult one = MustFit("", false, {});
  config_.mutable_train()->set_threads(2);
  EXPECT_TRUE(SameBits(one.best, MustFit("", false, {}).best));
}

TEST_P(DeterminismTest, AnInterruptedRunResumedGivesTheBitsOfOneThatWasNot) {
  TrainerHooks hooks;
  hooks.validate = SumOfSquares;
  config_.mutable_train()->mutable_validate()->set_every_updates(3);
  const FitResult whole = MustFit("", false, hooks);
  ASSERT_EQ(whole.stop_reason, "epochs");
  for (uint64_t at = 1; at <= whole.updates; at += 4) {
    std::atomic<bool> stop = false;
    hooks.stop = &stop;
    hooks.on_update = [&](const UpdateEvent& event) { stop = event.update == at; };
    ASSERT_EQ(MustFit(folder_.path(), false, hooks).stop_reason, "interrupted");
    stop = false;
    hooks.on_update = nullptr;
    const FitResult resumed = MustFit(folder_.path(), true, hooks);
    EXPECT_EQ(resumed.updates, whole.updates);
    EXPECT_EQ(resumed.best_update, whole.best_update);
    EXPECT_TRUE(SameBits(whole.best, resumed.best)) << "interrupted at " << at;
  }
}

TEST_P(DeterminismTest, ARunLostBetweenCheckpointsResumesFromTheLastOne) {
  const FitResult whole = MustFit("", false, {});
  TrainerHooks hooks;
  config_.mutable_train()->mutable_validate()->set_every_updates(6);
  hooks.validate = [](const TensorMap&) -> StatusOr<Measures> {
    return absl::UnavailableError("the machine went away");
  };
  EXPECT_FALSE(
      Fit(config_, GetParam().model, GetParam().data, folder_.path(), false, nullptr, hooks).ok());
  EXPECT_EQ(ReadNewestCheckpoint(folder_.path())->update, 4u);
  hooks.validate = nullptr;
  EXPECT_TRUE(SameBits(whole.best, MustFit(folder_.path(), true, hooks).best));
}

INSTANTIATE_TEST_SUITE_P(EveryRecipe, DeterminismTest, testing::ValuesIn(Recipes()),
                         [](const auto& info) { return info.param.name; });

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
  hooks.on_start = [](uint64_t) -> Status {
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
  hooks.on_start = [&](uint64_t update) {
    started = update;
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

}  // namespace
}  // namespace sequent::train
