// Weights before the first update.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/train/initialize.h"
#include "tests/core/train/fit_testing.h"

namespace sequent::train {
namespace {

TensorMap Initial(const v1::ModelConfig& config, v1::Initialization options, uint64_t seed = 1) {
  EXPECT_TRUE(ResolveInitialization(&options).ok());
  return InitialTensors(*ResolveGraph(config), options, seed);
}

TensorMap FirstWeights(const v1::Initialization& options, uint64_t seed) {
  v1::ModelConfig config = IdsConfig(40);
  AddEmbedding(&config, "embedding", 30);
  AddLstm(&config, "lstm", 20);
  AddSoftmax(&config, "next");
  return Initial(config, options, seed);
}

TEST(FirstWeights, DependOnTheSeedAlone) {
  EXPECT_EQ(FirstWeights({}, 1).at("lstm.weight_state").values,
            FirstWeights({}, 1).at("lstm.weight_state").values);
  EXPECT_NE(FirstWeights({}, 1).at("lstm.weight_state").values,
            FirstWeights({}, 2).at("lstm.weight_state").values);
}

// Columns of every gate of [4 x units, columns] are of length 1 and at right angles.
void ExpectOrthogonal(const AlignedVector<float>& weights, size_t units, size_t columns) {
  ASSERT_EQ(weights.size(), 4 * units * columns);
  for (size_t gate = 0; gate < 4; ++gate) {
    const float* w = weights.data() + gate * units * columns;
    for (size_t a = 0; a < columns; ++a) {
      for (size_t b = 0; b <= a; ++b) {
        double dot = 0;
        for (size_t k = 0; k < units; ++k) dot += double{w[k * columns + a]} * w[k * columns + b];
        EXPECT_NEAR(dot, a == b ? 1 : 0, 1e-6) << "gate " << gate << ", columns " << a << ", " << b;
      }
    }
  }
}

TEST(FirstWeights, OfTheStateAreOrthogonalGateByGate) {
  ExpectOrthogonal(FirstWeights({}, 1).at("lstm.weight_state").values, 20, 20);
}

TEST(FirstWeights, OfAProjectedStateHaveOrthogonalColumns) {
  v1::ModelConfig config = SeriesConfig({"a"});
  AddLstm(&config, "lstm", 20)->set_projection(6);
  AddRegression(&config, "next", "point", {"a"});
  ExpectOrthogonal(Initial(config, {}).at("lstm.weight_state").values, 20, 6);
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

// The standard deviation of n draws is off by about 1 / sqrt(2 n) of itself.
void ExpectDeviation(const AlignedVector<float>& values, double expected) {
  double squares = 0;
  for (const float value : values) squares += double{value} * value;
  const double n = static_cast<double>(values.size());
  EXPECT_NEAR(std::sqrt(squares / n), expected, 4 * expected / std::sqrt(2 * n));
}

TEST(FirstWeights, HaveTheSpreadOfTheirRule) {
  // 30 inputs, 20 outputs of a gate.
  const std::pair<const char*, double> rules[] = {{"glorot_uniform", std::sqrt(2.0 / 50)},
                                                  {"glorot_normal", std::sqrt(2.0 / 50)},
                                                  {"he_uniform", std::sqrt(2.0 / 30)},
                                                  {"he_normal", std::sqrt(2.0 / 30)}};
  for (const auto& [rule, deviation] : rules) {
    SCOPED_TRACE(rule);
    v1::Initialization options;
    options.set_input(rule);
    options.set_recurrent(rule);
    const TensorMap weights = FirstWeights(options, 1);
    ExpectDeviation(weights.at("lstm.weight_input").values, deviation);
    const bool glorot = std::string(rule).starts_with("glorot");
    ExpectDeviation(weights.at("lstm.weight_state").values, std::sqrt(2.0 / (glorot ? 40 : 20)));
    double largest = 0;
    for (const float weight : weights.at("lstm.weight_input").values) {
      largest = std::max(largest, std::abs(double{weight}));
    }
    const bool uniform = std::string(rule).ends_with("uniform");
    EXPECT_EQ(largest <= std::sqrt(3.0) * deviation, uniform);
  }
}

v1::Initialization Chrono(uint32_t steps) {
  v1::Initialization options;
  options.set_chrono(steps);
  return options;
}

// U(1, T-1), up to rounding.
void ExpectChrono(const std::vector<double>& bias, double steps) {
  double least = 1e9, most = 0, sum = 0;
  for (const double b : bias) {
    const double remembers = std::exp(b);
    least = std::min(least, remembers);
    most = std::max(most, remembers);
    sum += remembers;
  }
  const double n = static_cast<double>(bias.size());
  EXPECT_GE(least, 1 - 1e-5);
  EXPECT_LE(most, steps - 1 + 1e-3);
  EXPECT_NEAR(sum / n, steps / 2, 4 * steps / std::sqrt(12 * n));
}

TEST(FirstWeights, OfAChronoLstmForgetAsLateAsTheyLetIn) {
  const auto bias = FirstWeights(Chrono(100), 1).at("lstm.bias").values;
  std::vector<double> forget;
  for (size_t j = 0; j < 20; ++j) {
    forget.push_back(bias[20 + j]);
    EXPECT_EQ(bias[j], -bias[20 + j]);
    EXPECT_EQ(bias[40 + j], 0);
    EXPECT_EQ(bias[60 + j], 0);
  }
  ExpectChrono(forget, 100);
}

TEST(FirstWeights, OfAChronoGruPointWhereItsUpdateGatePoints) {
  for (const char* reset : {"after", "before"}) {
    for (const char* update : {"keep_old", "take_new"}) {
      v1::ModelConfig config = SeriesConfig({"a"});
      v1::Gru* gru = AddGru(&config, "gru", 50);
      gru->set_reset(reset);
      gru->set_update_gate(update);
      AddRegression(&config, "next");
      TensorMap weights = Initial(config, Chrono(200));
      const bool after = std::string(reset) == "after";
      const auto& bias = weights.at(after ? "gru.bias_input" : "gru.bias").values;
      const double sign = std::string(update) == "keep_old" ? 1 : -1;
      std::vector<double> keep;
      for (size_t j = 0; j < 50; ++j) {
        EXPECT_EQ(bias[j], 0);
        keep.push_back(sign * bias[50 + j]);
        EXPECT_EQ(bias[100 + j], 0);
      }
      ExpectChrono(keep, 200);
      if (!after) continue;
      for (const float b : weights.at("gru.bias_state").values) EXPECT_EQ(b, 0);
    }
  }
}

v1::ModelConfig TwoIndRnns() {
  v1::ModelConfig config = SeriesConfig({"a", "b"});
  AddIndRnn(&config, "first", 40);
  AddIndRnn(&config, "last", 40);
  AddRegression(&config, "next");
  return config;
}

void ExpectFills(const AlignedVector<float>& values, double least, double most) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  EXPECT_GE(*low, static_cast<float>(least));
  EXPECT_LE(*high, static_cast<float>(most));
  EXPECT_GT(*high - *low, 0.8 * (most - least));
}

TEST(FirstWeights, OfTheLastIndRnnRemember) {
  v1::Initialization options;
  ExpectFills(Initial(TwoIndRnns(), options).at("last.recurrent").values, 0, 1);
  options.set_indrnn(10);
  const TensorMap weights = Initial(TwoIndRnns(), options);
  ExpectFills(weights.at("first.recurrent").values, 0, 1);
  ExpectFills(weights.at("last.recurrent").values, std::exp2(-0.1), std::exp2(0.1));
}

TEST(FirstWeights, OfPeepholesAreZero) {
  v1::ModelConfig config = SeriesConfig({"a"});
  AddLstm(&config, "lstm", 5)->set_peepholes(true);
  AddRegression(&config, "next");
  const TensorMap weights = Initial(config, {});
  for (const float p : weights.at("lstm.peephole").values) EXPECT_EQ(p, 0);
}

TEST(FirstWeights, OfALayerNormChangeNothing) {
  v1::ModelConfig config = SeriesConfig({"a", "b"});
  AddGru(&config, "gru", 5);
  AddLayer(&config, "norm")->mutable_layer_norm();
  AddRegression(&config, "next");
  const TensorMap weights = Initial(config, {});
  for (const float gain : weights.at("norm.weight").values) EXPECT_EQ(gain, 1);
  for (const float bias : weights.at("norm.bias").values) EXPECT_EQ(bias, 0);
}

TEST(IndRnn, IsBoundedAfterEveryUpdate) {
  v1::TrainConfig config = SmallConfig();
  config.mutable_train()->set_window(8);
  config.mutable_train()->mutable_optimizer()->mutable_adam()->set_lr(1);
  const auto largest = [&](uint32_t steps) {
    config.mutable_train()->mutable_initialization()->set_indrnn(steps);
    const auto result = Fit(config, TwoIndRnns(), RandomSeries(), "", false, nullptr, {});
    EXPECT_TRUE(result.ok()) << result.status();
    float most = 0;
    for (const char* layer : {"first.recurrent", "last.recurrent"}) {
      for (const float u : result->best.at(layer).values) most = std::max(most, std::abs(u));
    }
    return most;
  };
  EXPECT_EQ(largest(10), static_cast<float>(std::exp2(0.1)));
  EXPECT_GT(largest(0), std::exp2(0.1));
}

}  // namespace
}  // namespace sequent::train
