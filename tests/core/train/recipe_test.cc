// What a training recipe is made of: options.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "core/train/trainer.h"

namespace sequent::train {
namespace {

v1::TrainConfig Config() {
  v1::TrainConfig config;
  config.mutable_train()->mutable_optimizer()->mutable_adam()->set_lr(0.01);
  return config;
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

TEST(TrainOptions, OfEveryOptimizerAreRefusedUnderItsName) {
  const auto refusal = [](const v1::Optimizer& optimizer) {
    v1::TrainConfig config;
    *config.mutable_train()->mutable_optimizer() = optimizer;
    return std::string(ToStd(ResolveTrainOptions(config).status().message()));
  };
  v1::Optimizer optimizer;
  optimizer.mutable_sgd();
  EXPECT_EQ(refusal(optimizer), "train.optimizer.sgd.lr: expected > 0, got 0");
  optimizer.mutable_adamw()->set_beta2(1);
  EXPECT_EQ(refusal(optimizer), "train.optimizer.adamw.beta2: expected 0 <= x < 1, got 1");
  optimizer.mutable_rmsprop()->set_alpha(-0.1);
  EXPECT_EQ(refusal(optimizer), "train.optimizer.rmsprop.alpha: expected 0 <= x < 1, got -0.1");
  optimizer.mutable_adagrad()->set_lr_decay(-1);
  EXPECT_EQ(refusal(optimizer), "train.optimizer.adagrad.lr_decay: expected >= 0, got -1");
  optimizer.mutable_nadam()->set_l1(-1);
  EXPECT_EQ(refusal(optimizer), "train.optimizer.nadam.l1: expected >= 0, got -1");
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
  EXPECT_EQ(refusal([](auto* i) { i->set_embedding("norml"); }),
            "INVALID_ARGUMENT: train.initialization.embedding: expected normal | glorot_uniform | "
            "glorot_normal | he_uniform | he_normal, got 'norml'; did you mean 'normal'?");
  EXPECT_EQ(
      refusal([](auto* i) { i->set_forget_bias(std::nan("")); }),
      "INVALID_ARGUMENT: train.initialization.forget_bias: expected a finite number, got nan");
  EXPECT_EQ(refusal([](auto* i) { i->set_chrono(2); }),
            "INVALID_ARGUMENT: train.initialization.chrono: expected 0 or at least 3 steps, got 2");
}

}  // namespace
}  // namespace sequent::train
