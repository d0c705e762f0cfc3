// The same weights on any number of threads, in one go and resumed, for every kind of thing that a
// checkpoint must carry.

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "core/train/checkpoint.h"
#include "core/train/trainer.h"
#include "tests/core/train/fit_testing.h"

namespace sequent::train {
namespace {

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

  Recipe pruned{"pruned_carried_state", SmallConfig(), TinyTextModel().config, RandomText()};
  v1::Prune* prune = pruned.config.mutable_train()->mutable_prune();
  prune->mutable_keep_largest()->set_fraction(0.3);
  prune->set_begin_update(3);
  prune->set_end_update(9);
  prune->set_every_updates(2);
  recipes.push_back(pruned);

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
  config_.mutable_train()->mutable_validate()->set_every_updates(5);
  const FitResult whole = MustFit("", false, hooks);
  ASSERT_EQ(whole.stop_reason, "epochs");
  ASSERT_NE(whole.updates % 5, 0u) << "the validation at the end should be one more";
  for (const uint64_t at : {uint64_t{1}, uint64_t{10}, uint64_t{13}, whole.updates}) {
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

}  // namespace
}  // namespace sequent::train
