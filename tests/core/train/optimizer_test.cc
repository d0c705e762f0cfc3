// Update rules against traces computed by another library (tests/golden/gen.py), and what golden
// traces do not cover by hand.
#include "core/train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/train/trainer.h"
#include "tests/core/train/golden_values.h"

namespace sequent::train {
namespace {

// The options as a run would have them.
v1::Optimizer Resolved(const v1::Optimizer& options) {
  v1::TrainConfig config;
  *config.mutable_train()->mutable_optimizer() = options;
  const auto resolved = ResolveTrainOptions(config);
  EXPECT_TRUE(resolved.ok()) << resolved.status();
  return resolved->optimizer();
}

// Five updates on (p - t)^2 c.
template <typename T>
void ExpectGoldenTrace(const std::string& name, const v1::Optimizer& options) {
  SCOPED_TRACE(name);
  constexpr double kTarget[] = {0.3, 0.1, -0.7}, kCurvature[] = {1, 10, 0.1};
  std::vector<T> p = {T(1), T(-2), T(0.5)};
  Optimizer<T> optimizer(options, p.size());
  uint64_t update = 0;
  for (const Values& expected : Golden("opt_" + name).get<std::vector<Values>>()) {
    std::vector<T> gradients;
    for (size_t i = 0; i < p.size(); ++i) {
      gradients.push_back(static_cast<T>(2 * kCurvature[i] * (p[i] - kTarget[i])));
    }
    optimizer.Begin(++update, BaseLearningRate(options));
    optimizer.Step(0, p.size(), /*penalised=*/true, p.data(), gradients.data());
    ExpectNear(p, expected, "update " + std::to_string(update));
  }
}

void ExpectGoldenTraces(const std::string& name, const v1::Optimizer& options) {
  ExpectGoldenTrace<double>(name, Resolved(options));
  ExpectGoldenTrace<float>(name, Resolved(options));
}

v1::Optimizer SgdWith(double lr, double momentum) {
  v1::Optimizer options;
  options.mutable_sgd()->set_lr(lr);
  options.mutable_sgd()->set_momentum(momentum);
  return options;
}

v1::Optimizer AdamWith(double lr) {
  v1::Optimizer options;
  options.mutable_adam()->set_lr(lr);
  return options;
}

TEST(Golden, Sgd) { ExpectGoldenTraces("sgd_lr0.05", SgdWith(0.05, 0)); }

TEST(Golden, SgdWithMomentum) { ExpectGoldenTraces("sgd_m0.9", SgdWith(0.01, 0.9)); }

TEST(Golden, SgdOfNesterov) {
  v1::Optimizer options = SgdWith(0.01, 0.9);
  options.mutable_sgd()->set_nesterov(true);
  ExpectGoldenTraces("sgd_nesterov", options);
}

TEST(Golden, SgdWithAnL2Penalty) {
  v1::Optimizer options = SgdWith(0.05, 0);
  options.mutable_sgd()->set_l2(0.1);
  ExpectGoldenTraces("sgd_wd0.1", options);
}

TEST(Golden, Adam) { ExpectGoldenTraces("adam_lr0.1", AdamWith(0.1)); }

TEST(Golden, AdamWithAnL2Penalty) {
  v1::Optimizer options = AdamWith(0.1);
  options.mutable_adam()->set_l2(0.1);
  ExpectGoldenTraces("adam_l2_0.1", options);
}

TEST(Golden, AdamWithDecoupledWeightDecay) {
  v1::Optimizer options = AdamWith(0.1);
  options.mutable_adam()->set_weight_decay(0.1);
  ExpectGoldenTraces("adamw_0.1", options);
}

TEST(Golden, AdamWUnderItsOwnName) {
  v1::Optimizer options;
  options.mutable_adamw()->set_lr(0.1);
  options.mutable_adamw()->set_weight_decay(0.1);
  ExpectGoldenTraces("adamw_0.1", options);
}

TEST(Optimizer, AdamWDecaysByAHundredthUnlessTold) {
  v1::Optimizer options;
  options.mutable_adamw();
  EXPECT_EQ(Resolved(options).adam().weight_decay(), 0.01);
  options.mutable_adamw()->set_weight_decay(0);
  EXPECT_EQ(Resolved(options).adam().weight_decay(), 0);
}

TEST(Golden, Amsgrad) {
  v1::Optimizer options = AdamWith(0.1);
  options.mutable_adam()->set_amsgrad(true);
  ExpectGoldenTraces("amsgrad", options);
}

TEST(Golden, RmsProp) {
  v1::Optimizer options;
  options.mutable_rmsprop()->set_lr(0.01);
  ExpectGoldenTraces("rmsprop_lr0.01_a0.99", options);
}

TEST(Golden, RmsPropCentredWithMomentum) {
  v1::Optimizer options;
  v1::RmsProp* rmsprop = options.mutable_rmsprop();
  rmsprop->set_lr(0.01);
  rmsprop->set_alpha(0.9);
  rmsprop->set_momentum(0.5);
  rmsprop->set_centered(true);
  ExpectGoldenTraces("rmsprop_centered_m", options);
}

TEST(Golden, Adagrad) {
  v1::Optimizer options;
  options.mutable_adagrad()->set_lr(0.1);
  ExpectGoldenTraces("adagrad", options);
}

TEST(Golden, NAdam) {
  v1::Optimizer options;
  options.mutable_nadam()->set_lr(0.1);
  ExpectGoldenTraces("nadam", options);
}

// The golden trace of AMSGrad never sees a second moment fall.
TEST(Optimizer, AmsgradDividesByTheLargestSecondMoment) {
  v1::Optimizer options = AdamWith(0.1);
  options.mutable_adam()->set_amsgrad(true);
  options.mutable_adam()->set_beta1(0);
  options.mutable_adam()->set_beta2(0.5);
  Optimizer<double> optimizer(Resolved(options), 1);
  double p = 0;
  for (const double g : {4.0, 1.0}) {
    const double before = p;
    optimizer.Begin(g == 4 ? 1 : 2, 0.1);
    optimizer.Step(0, 1, true, &p, &g);
    // v: 8, then 4.5; corrections 1 / 0.5 and 1 / 0.75.
    const double root = g == 4 ? std::sqrt(8 / 0.5) : std::sqrt(8 / 0.75);
    EXPECT_NEAR(p, before - 0.1 * g / (root + 1e-8), 1e-12);
  }
}

std::vector<v1::Optimizer> AllKinds() {
  std::vector<v1::Optimizer> kinds(8);
  kinds[0].mutable_sgd()->set_lr(0.1);
  kinds[1].mutable_sgd()->set_lr(0.1);
  kinds[1].mutable_sgd()->set_momentum(0.9);
  kinds[2].mutable_rmsprop()->set_lr(0.1);
  kinds[3].mutable_rmsprop()->set_momentum(0.9);
  kinds[3].mutable_rmsprop()->set_centered(true);
  kinds[4].mutable_adagrad()->set_lr_decay(0.1);
  kinds[5].mutable_adam()->set_lr(0.1);
  kinds[6].mutable_adam()->set_amsgrad(true);
  kinds[7].mutable_nadam()->set_lr(0.1);
  return kinds;
}

// Three updates of `p` with gradients sin(i + update), in pieces cut at `cuts`.
template <typename T>
std::vector<T> Stepped(const v1::Optimizer& options, const std::vector<size_t>& cuts,
                       bool penalised) {
  std::vector<T> p(37), g(37);
  for (size_t i = 0; i < p.size(); ++i) p[i] = static_cast<T>(std::cos(static_cast<double>(i)));
  Optimizer<T> optimizer(options, p.size());
  for (uint64_t update = 1; update <= 3; ++update) {
    for (size_t i = 0; i < g.size(); ++i) {
      g[i] = static_cast<T>(std::sin(static_cast<double>(i + update)));
    }
    optimizer.Begin(update, BaseLearningRate(options));
    size_t begin = 0;
    for (const size_t end : cuts) {
      optimizer.Step(begin, end, penalised, p.data(), g.data());
      begin = end;
    }
  }
  return p;
}

TEST(Optimizer, PiecesGiveTheBitsOfTheWhole) {
  for (const v1::Optimizer& kind : AllKinds()) {
    const v1::Optimizer options = Resolved(kind);
    EXPECT_EQ(Stepped<float>(options, {37}, true), Stepped<float>(options, {1, 6, 7, 23, 37}, true))
        << options.ShortDebugString();
  }
}

// With weights that have penalties of their own: kind -> message with l1, l2, weight_decay.
void SetPenalties(double l1, double l2, double decay, v1::Optimizer* options) {
  const auto set = [&](auto* kind) {
    kind->set_l1(l1);
    kind->set_l2(l2);
    kind->set_weight_decay(decay);
  };
  if (options->has_sgd()) set(options->mutable_sgd());
  if (options->has_rmsprop()) set(options->mutable_rmsprop());
  if (options->has_adagrad()) set(options->mutable_adagrad());
  if (options->has_adam()) set(options->mutable_adam());
  if (options->has_nadam()) set(options->mutable_nadam());
}

TEST(Optimizer, WeightDecayOfEveryKindIsDecoupled) {
  for (v1::Optimizer options : AllKinds()) {
    options = Resolved(options);
    const double lr = BaseLearningRate(options);
    const double zero = 0;
    SetPenalties(0, 0, 0.5, &options);
    Optimizer<double> optimizer(options, 1);
    double p = 3;
    optimizer.Begin(1, lr);
    optimizer.Step(0, 1, true, &p, &zero);
    EXPECT_DOUBLE_EQ(p, 3 * (1 - lr * 0.5)) << options.ShortDebugString();
  }
}

// A penalty is a gradient: l1 sign(w) + l2 w on top of the loss's.
TEST(Optimizer, PenaltiesOfEveryKindAreAddedToTheGradient) {
  for (v1::Optimizer options : AllKinds()) {
    options = Resolved(options);
    const double lr = BaseLearningRate(options);
    for (const double start : {2.0, -2.0}) {
      double with = start, without = start;
      const double g = 0.25, sum = g + 0.5 * (start > 0 ? 1 : -1) + 0.125 * start;
      Optimizer<double> plain(options, 1);
      plain.Begin(1, lr);
      plain.Step(0, 1, true, &without, &sum);
      v1::Optimizer penalties = options;
      SetPenalties(0.5, 0.125, 0, &penalties);
      Optimizer<double> optimizer(penalties, 1);
      optimizer.Begin(1, lr);
      optimizer.Step(0, 1, true, &with, &g);
      EXPECT_DOUBLE_EQ(with, without) << options.ShortDebugString();
    }
  }
}

TEST(Optimizer, WhatIsNotPenalisedIsSteppedWithoutPenalties) {
  for (v1::Optimizer options : AllKinds()) {
    options = Resolved(options);
    v1::Optimizer penalties = options;
    SetPenalties(0.5, 0.25, 0.125, &penalties);
    EXPECT_EQ(Stepped<double>(options, {37}, true), Stepped<double>(penalties, {37}, false));
    EXPECT_NE(Stepped<double>(options, {37}, true), Stepped<double>(penalties, {37}, true));
  }
}

TEST(Optimizer, AdagradsRateFalls) {
  v1::Optimizer options;
  options.mutable_adagrad()->set_lr(0.1);
  options.mutable_adagrad()->set_lr_decay(1);
  Optimizer<double> optimizer(Resolved(options), 1);
  double p = 0;
  const double g = 1;
  optimizer.Begin(3, 0.1);
  optimizer.Step(0, 1, true, &p, &g);
  EXPECT_NEAR(p, -0.1 / 3, 1e-10);
}

// A run that is resumed begins with a later update.
TEST(Optimizer, NAdamGoesOnFromAnyUpdate) {
  v1::Optimizer options;
  options.mutable_nadam()->set_lr(0.1);
  options = Resolved(options);
  Optimizer<double> whole(options, 1), resumed(options, 1);
  double p = 1, q = 1;
  const double g = 0.3;
  for (uint64_t update = 1; update <= 6; ++update) {
    if (update == 5) {
      resumed.slots() = whole.slots();
      q = p;
    }
    whole.Begin(update, 0.1);
    whole.Step(0, 1, true, &p, &g);
    if (update < 5) continue;
    resumed.Begin(update, 0.1);
    resumed.Step(0, 1, true, &q, &g);
  }
  EXPECT_EQ(p, q);
}

}  // namespace
}  // namespace sequent::train
