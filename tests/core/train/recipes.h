// Fits that between them use everything that a checkpoint must carry.
#ifndef SEQUENT_TESTS_CORE_TRAIN_RECIPES_H_
#define SEQUENT_TESTS_CORE_TRAIN_RECIPES_H_

#include <string>
#include <vector>

#include "core/train/trainer.h"
#include "tests/core/train/fit_testing.h"

namespace sequent::train {

struct Recipe {
  std::string name;
  v1::TrainConfig config;
  v1::ModelConfig model;
  TrainingData data;
};

inline void PrintTo(const Recipe& recipe, std::ostream* out) { *out << recipe.name; }

// Every optimiser and schedule, and everything that a checkpoint must carry, in some combination.
inline std::vector<Recipe> Recipes() {
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

  Recipe cells{"weight_drop_and_bounded_indrnn", SmallConfig(), {}, RandomText()};
  cells.config.mutable_train()->mutable_optimizer()->mutable_adam()->set_lr(0.1);
  cells.config.mutable_train()->mutable_initialization()->set_indrnn(20);
  cells.config.mutable_train()->mutable_initialization()->set_chrono(20);
  cells.model = IdsConfig(10);
  AddEmbedding(&cells.model, "embedding", 6);
  AddLstm(&cells.model, "lstm", 8)->set_weight_drop(0.5f);
  AddQrnn(&cells.model, "qrnn", 9, 3);
  AddIndRnn(&cells.model, "indrnn", 7);
  v1::Lstm* variant = AddLstm(&cells.model, "variant", 8);
  variant->set_peepholes(true);
  variant->set_projection(5);
  variant->set_weight_drop(0.3f);
  AddSoftmax(&cells.model, "next");
  recipes.push_back(cells);

  Recipe exact = windows;
  exact.name = "in_double";
  exact.config.mutable_train()->set_dtype("float64");
  recipes.push_back(exact);

  Recipe rmsprop = momentum;
  rmsprop.name = "rmsprop_inverse_sqrt_two_batches_an_update";
  v1::RmsProp* centered = rmsprop.config.mutable_train()->mutable_optimizer()->mutable_rmsprop();
  centered->set_centered(true);
  centered->set_momentum(0.5);
  rmsprop.config.mutable_train()->mutable_schedule()->mutable_inverse_sqrt()->set_warmup_updates(3);
  rmsprop.config.mutable_train()->set_accumulate(2);
  rmsprop.config.mutable_train()->set_epochs(3);
  recipes.push_back(rmsprop);

  Recipe average{"amsgrad_steps_average_frozen_layer", SmallConfig(), {}, RandomText()};
  average.model = TinyTextModel().config;
  average.config.mutable_train()->mutable_optimizer()->mutable_adam()->set_amsgrad(true);
  v1::Schedule::Step* step = average.config.mutable_train()->mutable_schedule()->mutable_step();
  step->set_every_epochs(1);
  step->set_factor(0.3);
  average.config.mutable_train()->mutable_ema()->set_decay(0.8);
  average.config.mutable_train()->add_freeze("embedding");
  average.config.mutable_train()->set_shards(4);
  recipes.push_back(average);

  Recipe plateau = average;
  plateau.name = "nadam_plateau_penalties";
  plateau.config = SmallConfig();
  v1::NAdam* nadam = plateau.config.mutable_train()->mutable_optimizer()->mutable_nadam();
  nadam->set_l1(0.001);
  nadam->set_l2(0.01);
  plateau.config.mutable_train()->mutable_optimizer()->set_decay_biases(false);
  plateau.config.mutable_train()->mutable_schedule()->mutable_plateau()->set_patience(1);
  recipes.push_back(plateau);

  Recipe adagrad = windows;
  adagrad.name = "adagrad_windows_three_batches_an_update";
  adagrad.config.mutable_train()->mutable_optimizer()->mutable_adagrad()->set_lr(0.1);
  adagrad.config.mutable_train()->set_accumulate(3);
  adagrad.config.mutable_train()->set_epochs(4);
  recipes.push_back(adagrad);
  return recipes;
}

}  // namespace sequent::train

#endif  // SEQUENT_TESTS_CORE_TRAIN_RECIPES_H_
