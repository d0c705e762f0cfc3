// What a training recipe is made of: learning rates, clipping, options.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/train/optimizer.h"
#include "core/train/trainer.h"

namespace sequent::train {
namespace {

v1::TrainConfig Config() {
  v1::TrainConfig config;
  config.mutable_train()->mutable_optimizer()->mutable_adam()->set_lr(0.01);
  return config;
}

TEST(LearningRate, WarmsUpInEqualSteps) {
  v1::Schedule schedule;
  schedule.mutable_constant()->set_warmup_updates(4);
  EXPECT_EQ(LearningRate(schedule, 8, 1, 100), 2);
  EXPECT_EQ(LearningRate(schedule, 8, 4, 100), 8);
  EXPECT_EQ(LearningRate(schedule, 8, 5, 100), 8);
}

TEST(LearningRate, FallsAlongACosine) {
  v1::Schedule schedule;
  schedule.mutable_cosine()->set_warmup_updates(10);
  schedule.mutable_cosine()->set_final_factor(0.2);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 10, 110), 1);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 60, 110), 0.6);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 110, 110), 0.2);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 500, 110), 0.2);
}

TEST(LearningRate, FallsExponentially) {
  v1::Schedule schedule;
  schedule.mutable_exponential()->set_factor(0.5);
  schedule.mutable_exponential()->set_every_updates(10);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 10, 100), 0.5);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 20, 100), 0.25);
}

TEST(ClipGradients, ByValueCutsEveryElement) {
  v1::Clip clip;
  clip.set_value(1);
  std::vector<double> gradients = {-3, 0.5, 4};
  EXPECT_DOUBLE_EQ(ClipGradients(clip, &gradients), std::sqrt(25.25));
  EXPECT_EQ(gradients, (std::vector<double>{-1, 0.5, 1}));
}

TEST(ClipGradients, LeavesSmallOnesAlone) {
  v1::Clip clip;
  clip.set_global_norm(5);
  std::vector<double> gradients = {3, 4};
  EXPECT_EQ(ClipGradients(clip, &gradients), 5);
  EXPECT_EQ(gradients, (std::vector<double>{3, 4}));
}

std::string Refusal(const v1::TrainConfig& config) {
  return ResolveTrainOptions(config).status().ToString();
}

TEST(TrainOptions, AreRefusedWithKeyAndValue) {
  v1::TrainConfig config = Config();
  config.mutable_train()->mutable_optimizer()->mutable_adam()->set_weight_decay(-0.5);
  EXPECT_EQ(Refusal(config),
            "INVALID_ARGUMENT: train.optimizer.adam.weight_decay: expected >= 0, got -0.5");
  config = Config();
  config.mutable_train()->mutable_clip()->set_value(std::nan(""));
  EXPECT_EQ(Refusal(config), "INVALID_ARGUMENT: train.clip.value: expected >= 0, got nan");
  config = Config();
  config.mutable_train()->mutable_schedule()->mutable_cosine()->set_final_factor(1.5);
  EXPECT_EQ(Refusal(config),
            "INVALID_ARGUMENT: train.schedule.cosine.final_factor: expected 0 <= x <= 1, got 1.5");
  config = Config();
  config.mutable_train()->set_dtype("float16");
  EXPECT_EQ(Refusal(config),
            "INVALID_ARGUMENT: train.dtype: expected float32 or float64, got 'float16'");
}

TEST(TrainOptions, OfFirstWeightsAreRefusedWithTheNearest) {
  const auto refusal = [](const std::function<void(v1::Initialization*)>& edit) {
    v1::TrainConfig config = Config();
    edit(config.mutable_train()->mutable_initialization());
    return Refusal(config);
  };
  EXPECT_EQ(refusal([](auto* i) { i->set_input("he_unifrom"); }),
            "INVALID_ARGUMENT: train.initialization.input: expected glorot_uniform | glorot_normal "
            "| he_uniform | he_normal, got 'he_unifrom'; did you mean 'he_uniform'?");
  EXPECT_EQ(refusal([](auto* i) { i->set_recurrent("chrono"); }),
            "INVALID_ARGUMENT: train.initialization.recurrent: expected orthogonal | "
            "glorot_uniform | glorot_normal | he_uniform | he_normal, got 'chrono'");
  EXPECT_EQ(refusal([](auto* i) { i->set_embedding("he_normal"); }),
            "INVALID_ARGUMENT: train.initialization.embedding: expected normal | glorot_uniform, "
            "got 'he_normal'; did you mean 'normal'?");
  EXPECT_EQ(
      refusal([](auto* i) { i->set_forget_bias(std::nan("")); }),
      "INVALID_ARGUMENT: train.initialization.forget_bias: expected a finite number, got nan");
  EXPECT_EQ(refusal([](auto* i) { i->set_chrono(2); }),
            "INVALID_ARGUMENT: train.initialization.chrono: expected 0 or at least 3 steps, got 2");
}

}  // namespace
}  // namespace sequent::train
