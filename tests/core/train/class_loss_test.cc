#include "core/train/class_loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/models.h"

namespace sequent::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Heads "kind" (softmax: a, b, c) and "traits" (Bernoulli: x).
Graph TwoHeads() {
  v1::ModelConfig config = TextConfig("ab");
  config.set_task("classify");
  AddEmbedding(&config, "embedding", 2);
  v1::Head* kind = AddSoftmax(&config, "kind");
  for (const char* label : {"a", "b", "c"}) kind->mutable_softmax()->add_labels(label);
  v1::Head* traits = config.add_heads();
  traits->set_name("traits");
  traits->mutable_bernoulli()->add_labels("x");
  return ResolveGraph(config).value();
}

Samples Labels(const std::vector<int32_t>& classes) {
  Samples samples;
  samples.begin.resize(classes.size() + 1);
  samples.classes = {classes, {}};
  return samples;
}

TEST(ClassLoss, AWeightMultipliesLossAndGradient) {
  const double logits[] = {0.5, -1, 2};
  const ClassLoss twice = {.smoothing = 0.2, .weights = {1, 2, 1}};
  const ClassLoss once = {.smoothing = 0.2, .weights = {}};
  double heavy[3], light[3];
  const double loss = SoftmaxLoss(logits, 3, 1, twice, 0.5, heavy);
  EXPECT_DOUBLE_EQ(loss, 2 * SoftmaxLoss(logits, 3, 1, once, 0.5, light));
  for (size_t i = 0; i < 3; ++i) EXPECT_DOUBLE_EQ(heavy[i], 2 * light[i]);
}

TEST(ClassLoss, GradientsAreThoseOfTheLoss) {
  const ClassLoss loss = {.smoothing = 0.3, .weights = {1, 0.7, 2}};
  for (int32_t target = 0; target < 3; ++target) {
    for (size_t i = 0; i < 3; ++i) {
      double delta[3], unused[3];
      const double h = 1e-4;
      double up[] = {0.5, -1, 2}, down[] = {0.5, -1, 2}, at[] = {0.5, -1, 2};
      up[i] += h;
      down[i] -= h;
      SoftmaxLoss(at, 3, target, loss, 0.25, delta);
      const double slope = (SoftmaxLoss(up, 3, target, loss, 0.25, unused) -
                            SoftmaxLoss(down, 3, target, loss, 0.25, unused)) /
                           (2 * h);
      EXPECT_NEAR(delta[i], slope, 1e-8);
    }
  }
  for (const double target : {0.0, 1.0}) {
    double delta, unused;
    BernoulliLoss(0.8, target, 0.5, &delta);
    const double slope = (BernoulliLoss(0.8 + 1e-4, target, 0.5, &unused) -
                          BernoulliLoss(0.8 - 1e-4, target, 0.5, &unused)) /
                         2e-4;
    EXPECT_NEAR(delta, slope, 1e-8);
  }
}

TEST(ClassLoss, OfLargeLogitsStaysFinite) {
  float delta;
  EXPECT_FLOAT_EQ(static_cast<float>(BernoulliLoss(-500.0f, 1.0f, 1, &delta)), 500);
  EXPECT_EQ(delta, -1);
  EXPECT_EQ(BernoulliLoss(500.0f, 1.0f, 1, &delta), 0);
}

TEST(ClassLosses, TakeTheWeightsOfTheLabelsThatAreListed) {
  v1::TrainOptions options;
  (*options.mutable_class_weights())["b"] = 3;
  options.set_label_smoothing(0.1);
  const auto losses = MakeClassLosses(options, TwoHeads(), Labels({0}));
  ASSERT_TRUE(losses.ok()) << losses.status();
  EXPECT_THAT((*losses)[0].weights, ElementsAre(1, 3, 1));
  EXPECT_EQ((*losses)[0].smoothing, 0.1);
  EXPECT_THAT((*losses)[1].weights, IsEmpty());
  EXPECT_EQ((*losses)[1].smoothing, 0);
}

TEST(ClassLosses, BalanceTheClassesOfTheData) {
  v1::TrainOptions options;
  options.set_balance_classes(true);
  // 1 a, 3 b, no c, one not known.
  const auto losses = MakeClassLosses(options, TwoHeads(), Labels({0, 1, 1, -1, 1}));
  ASSERT_TRUE(losses.ok()) << losses.status();
  EXPECT_THAT((*losses)[0].weights, ElementsAre(4.0 / 3, 4.0 / 9, 1));
}

TEST(ClassLosses, RefuseALabelThatNoHeadHas) {
  v1::TrainOptions options;
  (*options.mutable_class_weights())["x"] = 3;
  EXPECT_THAT(std::string(Message(MakeClassLosses(options, TwoHeads(), Labels({0})).status())),
              HasSubstr("train.class_weights: expected labels of a softmax head, got 'x'"));
}

}  // namespace
}  // namespace sequent::train
