// What a training recipe is made of: first weights, learning rates, clipping, options.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/train/initialize.h"
#include "core/train/optimizer.h"
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

}  // namespace
}  // namespace sequent::train
