// What a training recipe is made of: first weights, options.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/train/initialize.h"
#include "core/train/trainer.h"
#include "tests/support/models.h"

namespace sequent::train {
namespace {

v1::TrainConfig Config() {
  v1::TrainConfig config;
  config.mutable_train()->mutable_optimizer()->mutable_adam()->set_lr(0.01);
  return config;
}

TensorMap FirstWeights(const v1::Initialization& options, uint64_t seed) {
  v1::ModelConfig config = IdsConfig(40);
  AddEmbedding(&config, "embedding", 30);
  AddLstm(&config, "lstm", 20);
  AddSoftmax(&config, "next");
  v1::TrainConfig train = Config();
  *train.mutable_train()->mutable_initialization() = options;
  return InitialTensors(*ResolveGraph(config), ResolveTrainOptions(train)->initialization(), seed);
}

TEST(FirstWeights, DependOnTheSeedAlone) {
  EXPECT_EQ(FirstWeights({}, 1).at("lstm.weight_state").values,
            FirstWeights({}, 1).at("lstm.weight_state").values);
  EXPECT_NE(FirstWeights({}, 1).at("lstm.weight_state").values,
            FirstWeights({}, 2).at("lstm.weight_state").values);
}

TEST(FirstWeights, OfTheStateAreOrthogonalGateByGate) {
  const auto weights = FirstWeights({}, 1).at("lstm.weight_state").values;
  for (size_t gate = 0; gate < 4; ++gate) {
    for (size_t a = 0; a < 20; ++a) {
      for (size_t b = 0; b <= a; ++b) {
        double dot = 0;
        for (size_t k = 0; k < 20; ++k) {
          dot += double{weights[(gate * 20 + a) * 20 + k]} * weights[(gate * 20 + b) * 20 + k];
        }
        EXPECT_NEAR(dot, a == b ? 1 : 0, 1e-6) << "gate " << gate << ", rows " << a << ", " << b;
      }
    }
  }
}

// Glorot: within sqrt(6 / (inputs + outputs of one gate)).
TEST(FirstWeights, OfTheInputFillGlorotsInterval) {
  const double limit = std::sqrt(6.0 / (30 + 20));
  const auto weights = FirstWeights({}, 1).at("lstm.weight_input").values;
  double largest = 0;
  for (const float weight : weights) {
    largest = std::max(largest, std::abs(double{weight}));
  }
  EXPECT_LE(largest, limit);
  EXPECT_GT(largest, 0.98 * limit);
}

TEST(FirstWeights, HoldTheForgetBiasAndNoOther) {
  v1::Initialization options;
  options.set_forget_bias(1.5);
  const auto bias = FirstWeights(options, 1).at("lstm.bias").values;
  for (size_t i = 0; i < bias.size(); ++i) EXPECT_EQ(bias[i], i / 20 == 1 ? 1.5f : 0.0f) << i;
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

}  // namespace
}  // namespace sequent::train
