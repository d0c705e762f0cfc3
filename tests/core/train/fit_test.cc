// The training loop: the same weights on any number of threads, in one go and resumed.

#include <atomic>
#include <filesystem>
#include <string>

#include "core/base/random.h"
#include "core/train/trainer.h"
#include "gtest/gtest.h"
#include "tests/support/models.h"

namespace sequent::train {
namespace {

class FitTest : public testing::Test {
 protected:
  FitTest() : folder_(testing::TempDir() + "fit_test_" + std::to_string(getpid())) {
    model_ = TinyTextModel().config;
    config_.set_seed(3);
    v1::TrainOptions* train = config_.mutable_train();
    train->set_batch(5);
    train->set_bptt(7);
    train->set_epochs(2);
    train->mutable_optimizer()->mutable_adam()->set_lr(0.01);
    train->mutable_checkpoint()->set_every_updates(4);
    const RandomStream random(1, 2, 3);
    for (uint64_t i = 0; i < 400; ++i) {
      data_.stream.tokens.push_back(static_cast<int32_t>(random.Bits(i) % 5 + (i % 2) * 5));
    }
  }
  ~FitTest() override { std::filesystem::remove_all(folder_); }

  FitResult MustFit(const std::string& run_dir, bool resume, const TrainerHooks& hooks) {
    auto result = Fit(config_, model_, data_, run_dir, resume, nullptr, hooks);
    EXPECT_TRUE(result.ok()) << result.status();
    return *std::move(result);
  }
  static bool SameBits(const TensorMap& a, const TensorMap& b) {
    for (const auto& [name, tensor] : a) {
      if (tensor.values != b.at(name).values) return false;
    }
    return a.size() == b.size();
  }

  const std::string folder_;
  v1::ModelConfig model_;
  v1::TrainConfig config_;
  TrainingData data_;
};

TEST_F(FitTest, OneThreadAndTwoGiveTheSameBits) {
  config_.mutable_train()->set_threads(1);
  const FitResult one = MustFit("", false, {});
  config_.mutable_train()->set_threads(2);
  EXPECT_TRUE(SameBits(one.best, MustFit("", false, {}).best));
}

TEST_F(FitTest, AnInterruptedRunResumedGivesTheBitsOfOneThatWasNot) {
  const FitResult whole = MustFit("", false, {});
  ASSERT_EQ(whole.stop_reason, "epochs");
  std::atomic<bool> stop = false;
  TrainerHooks hooks;
  hooks.stop = &stop;
  hooks.on_update = [&](const UpdateEvent& event) { stop = event.update == 10; };
  ASSERT_EQ(MustFit(folder_, false, hooks).stop_reason, "interrupted");
  const FitResult resumed = MustFit(folder_, true, {});
  EXPECT_EQ(resumed.updates, whole.updates);
  EXPECT_TRUE(SameBits(whole.best, resumed.best));
}

TEST_F(FitTest, ARunThatWasLostAfterACheckpointResumesFromIt) {
  const FitResult whole = MustFit("", false, {});
  TrainerHooks hooks;
  config_.mutable_train()->mutable_validate()->set_every_updates(6);
  hooks.validate = [](const TensorMap&) -> StatusOr<Measures> {
    return absl::UnavailableError("the machine went away");
  };
  EXPECT_FALSE(Fit(config_, model_, data_, folder_, false, nullptr, hooks).ok());
  EXPECT_EQ(*CheckpointUpdate(folder_), 4u);
  hooks.validate = nullptr;
  EXPECT_TRUE(SameBits(whole.best, MustFit(folder_, true, hooks).best));
}

TEST_F(FitTest, AFinishedRunSaysSo) {
  MustFit(folder_, false, {});
  EXPECT_EQ(MustFit(folder_, true, {}).stop_reason, "finished already");
}

TEST_F(FitTest, ResumingWithAnotherLearningRateIsRefusedByName) {
  MustFit(folder_, false, {});
  config_.mutable_train()->mutable_optimizer()->mutable_adam()->set_lr(0.02);
  const auto result = Fit(config_, model_, data_, folder_, true, nullptr, {});
  EXPECT_TRUE(absl::IsFailedPrecondition(result.status()));
  EXPECT_NE(Message(result.status()).find("train.optimizer.adam.lr"), std::string_view::npos)
      << result.status();
}

TEST_F(FitTest, ALossThatIsNotFiniteStopsTheRunAndNamesTheUpdate) {
  config_.mutable_train()->mutable_optimizer()->mutable_sgd()->set_lr(1e300);
  const auto result = Fit(config_, model_, data_, "", false, nullptr, {});
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
