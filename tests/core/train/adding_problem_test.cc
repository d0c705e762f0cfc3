// Long memory: the adding problem of Hochreiter and Schmidhuber 1997. Of a sequence of random
// numbers two are marked, one in each half; after the last one the network is to say their sum.
// Saying 1 always costs 1/6, the sum's variance. Minutes, not seconds (label `accuracy`).
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <limits>
#include <numeric>

#include "core/base/random.h"
#include "core/train/trainer.h"
#include "tests/support/models.h"

namespace sequent::train {
namespace {

constexpr size_t kBatch = 32, kMeasured = 50;
constexpr uint64_t kEpoch = 1500;  // updates

// Sequences of `steps` steps one after another.
TrainingData Sequences(size_t steps, size_t count) {
  TrainingData data;
  Series& series = data.series;
  series.steps = steps * count;
  series.input_width = 2;
  series.inputs.reserve(2 * series.steps);
  series.targets.resize(1);
  series.targets[0].assign(series.steps, std::numeric_limits<float>::quiet_NaN());
  for (size_t n = 0; n < count; ++n) {
    const RandomStream random(1, steps, n);
    const size_t half = steps / 2;
    const size_t first = random.Bits(steps) % half, second = half + random.Bits(steps + 1) % half;
    float sum = 0;
    for (size_t t = 0; t < steps; ++t) {
      const auto value = static_cast<float>(random.Uniform(t));
      const bool marked = t == first || t == second;
      series.inputs.insert(series.inputs.end(), {value, marked ? 1.0f : 0.0f});
      if (marked) sum += value;
    }
    series.targets[0][(n + 1) * steps - 1] = sum;
  }
  return data;
}

struct Outcome {
  double error = 0;  // mean squared, of the last kMeasured batches
  uint64_t updates = 0;
};

struct Recipe {
  std::function<void(v1::ModelConfig*)> add_layers;
  uint64_t updates = 0;  // at most
  double lr = 0.01;
  bool remember = true;  // begin with weights that do
};

// Trains until the error is under 0.01. For an epoch every batch is new to the network.
Outcome Train(const Recipe& recipe, size_t steps) {
  v1::ModelConfig model = SeriesConfig({"value", "marked"});
  recipe.add_layers(&model);
  AddRegression(&model, "sum", "point", {"value"});
  v1::TrainConfig config;
  config.set_seed(1);
  config.mutable_data()->set_shuffle(false);
  v1::TrainOptions* train = config.mutable_train();
  train->set_batch(kBatch);
  train->set_window(static_cast<uint32_t>(steps));
  train->set_max_updates(recipe.updates);
  train->mutable_optimizer()->mutable_adam()->set_lr(recipe.lr);
  train->mutable_schedule()->mutable_cosine()->set_warmup_updates(20);
  train->mutable_clip()->set_global_norm(1);
  if (recipe.remember) {
    train->mutable_initialization()->set_chrono(static_cast<uint32_t>(steps));
    train->mutable_initialization()->set_indrnn(static_cast<uint32_t>(steps));
  }
  std::deque<double> last;
  std::atomic<bool> stop = false;
  Outcome outcome;
  TrainerHooks hooks;
  hooks.stop = &stop;
  hooks.on_update = [&](const UpdateEvent& event) {
    last.push_back(event.loss);
    if (last.size() > kMeasured) last.pop_front();
    outcome.error =
        std::accumulate(last.begin(), last.end(), 0.0) / static_cast<double>(last.size());
    outcome.updates = event.update;
    stop = last.size() == kMeasured && outcome.error < 0.01;
  };
  const auto fit = Fit(config, model, Sequences(steps, kBatch * std::min(recipe.updates, kEpoch)),
                       "", false, nullptr, hooks);
  EXPECT_TRUE(fit.ok()) << fit.status();
  return outcome;
}

// With its figures in ctest's output.
double Error(const Recipe& recipe, size_t steps) {
  const Outcome outcome = Train(recipe, steps);
  std::printf("mean squared error %.4f after %d updates\n", outcome.error,
              static_cast<int>(outcome.updates));
  return outcome.error;
}

class AddingProblem : public testing::TestWithParam<size_t> {};

TEST_P(AddingProblem, IsLearnedByAnLstm) {
  const Recipe recipe{[](auto* model) { AddLstm(model, "lstm", 64); }, 1500};
  EXPECT_LT(Error(recipe, GetParam()), 0.01);
}

TEST_P(AddingProblem, IsLearnedByAGru) {
  const Recipe recipe{[](auto* model) { AddGru(model, "gru", 64); }, 1500};
  EXPECT_LT(Error(recipe, GetParam()), 0.01);
}

TEST_P(AddingProblem, IsLearnedByIndRnns) {
  const auto add_layers = [](auto* model) {
    AddIndRnn(model, "first", 64);
    AddIndRnn(model, "last", 64);
  };
  EXPECT_LT(Error({add_layers, 2500, 0.005}, GetParam()), 0.01);
}

INSTANTIATE_TEST_SUITE_P(Steps, AddingProblem, testing::Values(100, 500),
                         testing::PrintToStringParamName());

// What the others are for.
TEST(AddingProblemOf500Steps, IsNotLearnedByAPlainRnn) {
  const auto add_layers = [](auto* model) { AddRnn(model, "rnn", 64); };
  EXPECT_GT(Error({add_layers, 1500, 0.01, /*remember=*/false}, 500), 0.1);
}

}  // namespace
}  // namespace sequent::train
