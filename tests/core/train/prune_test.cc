// Which weights go, when, and that they stay away.
#include "core/train/prune.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "core/model/graph.h"
#include "tests/core/train/fit_testing.h"

namespace sequent::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::Prune KeepLargest(double fraction, const std::string& among = "tensor") {
  v1::Prune prune;
  prune.mutable_keep_largest()->set_fraction(fraction);
  prune.mutable_keep_largest()->set_among(among);
  return prune;
}

v1::Prune ZeroBelow(double fraction) {
  v1::Prune prune;
  prune.mutable_zero_below()->set_fraction(fraction);
  return prune;
}

std::vector<std::vector<float>> Pruned(const v1::Prune& prune, double progress,
                                       std::vector<std::vector<float>> tensors) {
  std::vector<std::span<float>> spans(tensors.begin(), tensors.end());
  ApplyRule<float>(prune, progress, spans);
  return tensors;
}

TEST(PruneRule, KeepsTheLargestShareOfEachTensor) {
  EXPECT_THAT(Pruned(KeepLargest(0.5), 1, {{1, -4, 2, -3}, {10, 20}}),
              ElementsAre(ElementsAre(0, -4, 0, -3), ElementsAre(0, 20)));
}

TEST(PruneRule, KeepsTheLargestShareOfAllTensorsTogether) {
  EXPECT_THAT(Pruned(KeepLargest(0.5, "all"), 1, {{1, -4, 2, -3}, {10, 20}}),
              ElementsAre(ElementsAre(0, -4, 0, 0), ElementsAre(10, 20)));
}

TEST(PruneRule, ZeroesWhatIsBelowAFractionOfTheTensorsLargest) {
  EXPECT_THAT(Pruned(ZeroBelow(0.1), 1, {{1, -0.05f, 0.1f, -0.2f}, {100, 9, -11}}),
              ElementsAre(ElementsAre(1, 0, 0.1f, -0.2f), ElementsAre(100, 0, -11)));
}

// The two rules that are easily taken for one: the largest 10 %, and 0.1 of the largest.
TEST(PruneRule, TheLargestTenthIsNotATenthOfTheLargest) {
  std::vector<float> weights;
  for (int i = 1; i <= 20; ++i) weights.push_back(static_cast<float>(i));
  const auto largest = Pruned(KeepLargest(0.1), 1, {weights})[0];
  const auto below = Pruned(ZeroBelow(0.1), 1, {weights})[0];
  EXPECT_EQ(std::count(largest.begin(), largest.end(), 0.0f), 18);
  EXPECT_EQ(std::count(below.begin(), below.end(), 0.0f), 1);
}

TEST(PruneRule, OfEqualMagnitudesTheEarlierStay) {
  EXPECT_THAT(Pruned(KeepLargest(0.5), 1, {{2, -2, 2, 2, -2, 2}}),
              ElementsAre(ElementsAre(2, -2, 2, 0, 0, 0)));
}

// 1 - (1 - t)^3 of the way: at a half of the time 7/8 of 80 % are gone, 70 %.
TEST(PruneRule, GrowsAlongACubic) {
  std::vector<float> weights;
  for (int i = 1; i <= 1000; ++i) weights.push_back(static_cast<float>(i));
  for (const auto& [progress, zeros] : {std::pair(0.0, 0), {0.25, 463}, {0.5, 700}, {1.0, 800}}) {
    const auto pruned = Pruned(KeepLargest(0.2), progress, {weights})[0];
    EXPECT_NEAR(static_cast<double>(std::count(pruned.begin(), pruned.end(), 0.0f)), zeros, 1);
  }
}

std::string Refusal(v1::Prune prune) { return std::string(ResolvePrune(&prune).message()); }

TEST(PruneOptions, AreRefusedWithKeyAndValue) {
  EXPECT_EQ(Refusal({}), "train.prune: expected keep_largest or zero_below, got neither");
  EXPECT_EQ(Refusal(KeepLargest(0)),
            "train.prune.keep_largest.fraction: expected 0 < x <= 1, got 0");
  EXPECT_EQ(Refusal(ZeroBelow(1.5)),
            "train.prune.zero_below.fraction: expected 0 < x <= 1, got 1.5");
  EXPECT_THAT(Refusal(KeepLargest(0.5, "al")),
              HasSubstr("train.prune.keep_largest.among: expected"));
  v1::Prune prune = KeepLargest(0.5);
  prune.set_begin_update(5);
  prune.set_end_update(4);
  EXPECT_EQ(Refusal(prune),
            "train.prune.end_update: expected at least begin_update, which is 5, got 4");
}

class PruneFitTest : public ::testing::Test {
 protected:
  PruneFitTest() {
    *config_.mutable_train()->mutable_prune() = KeepLargest(0.25);
    config_.mutable_train()->mutable_prune()->set_begin_update(4);
    config_.mutable_train()->mutable_prune()->set_end_update(12);
    config_.mutable_train()->mutable_prune()->set_every_updates(3);
    config_.mutable_train()->set_epochs(10);
    config_.mutable_train()->set_max_updates(20);
    config_.mutable_train()->mutable_validate()->set_every_updates(1);
    hooks_.validate = [this](const TensorMap& tensors) -> StatusOr<Measures> {
      seen_.push_back(tensors);
      return Measures{{"loss", static_cast<double>(seen_.size())}};  // the first is the best
    };
  }

  FitResult Fit() {
    auto result = train::Fit(config_, model_, RandomText(), folder_.path(), false, nullptr, hooks_);
    EXPECT_TRUE(result.ok()) << result.status();
    return *std::move(result);
  }
  // Of the tensors that are pruned.
  double ZeroShare(const TensorMap& tensors) const {
    double zeros = 0, all = 0;
    for (const TensorSpec& spec : TensorTable(*ResolveGraph(model_))) {
      if (!IsPruned(spec)) continue;
      const auto& values = tensors.at(spec.name).values;
      zeros += static_cast<double>(std::count(values.begin(), values.end(), 0.0f));
      all += static_cast<double>(values.size());
    }
    return zeros / all;
  }

  RunFolder folder_;
  v1::TrainConfig config_ = SmallConfig();
  v1::ModelConfig model_ = TinyTextModel().config;
  TrainerHooks hooks_;
  std::vector<TensorMap> seen_;  // after each update
};

TEST_F(PruneFitTest, GoesByItsScheduleAndStays) {
  Fit();
  ASSERT_EQ(seen_.size(), 20u);
  for (size_t update = 1; update <= 20; ++update) {
    const double share = ZeroShare(seen_[update - 1]);
    const double third = 0.75 * (1 - 0.625 * 0.625 * 0.625);  // update 7, 3/8 of the way
    const double expected = update < 7 ? 0 : update < 10 ? third : update < 12 ? -1 : 0.75;
    if (expected >= 0) {
      EXPECT_NEAR(share, expected, update < 7 ? 0 : 0.02) << update;
    }
  }
}

TEST_F(PruneFitTest, WhatIsZeroStaysZero) {
  Fit();
  for (const TensorSpec& spec : TensorTable(*ResolveGraph(model_))) {
    if (!IsPruned(spec)) continue;
    for (size_t u = 7; u < seen_.size(); ++u) {
      const auto& before = seen_[u - 1].at(spec.name).values;
      const auto& after = seen_[u].at(spec.name).values;
      for (size_t i = 0; i < before.size(); ++i) {
        ASSERT_TRUE(before[i] != 0 || after[i] == 0) << spec.name << ", update " << u + 1;
      }
    }
  }
}

TEST_F(PruneFitTest, LeavesBiasesAndEmbeddingsAlone) {
  const TensorMap last = Fit().best;
  for (const TensorSpec& spec : TensorTable(*ResolveGraph(model_))) {
    if (IsPruned(spec)) continue;
    const auto& values = last.at(spec.name).values;
    EXPECT_EQ(std::count(values.begin(), values.end(), 0.0f), 0) << spec.name;
  }
}

TEST_F(PruneFitTest, LeavesFrozenLayersAlone) {
  const auto graph = *ResolveGraph(model_);
  const std::string frozen = graph.heads[0].name;
  config_.mutable_train()->add_freeze(frozen);
  const TensorMap last = Fit().best;
  size_t seen = 0;
  for (const TensorSpec& spec : TensorTable(graph)) {
    if (!IsPruned(spec)) continue;
    const auto& values = last.at(spec.name).values;
    const bool whole = std::count(values.begin(), values.end(), 0.0f) == 0;
    EXPECT_EQ(whole, spec.name.starts_with(frozen + ".")) << spec.name;
    seen += whole ? 1 : 0;
  }
  EXPECT_GE(seen, 1u);
}

TEST_F(PruneFitTest, ARunOfOneUpdatePrunesAtItsEnd) {
  config_.mutable_train()->mutable_prune()->clear_begin_update();
  config_.mutable_train()->mutable_prune()->clear_end_update();
  config_.mutable_train()->set_max_updates(1);
  EXPECT_NEAR(ZeroShare(Fit().best), 0.75, 0.02);
}

TEST(Pruned, AreMatricesButNotTheVectorOfAnAttentionPool) {
  v1::ModelConfig config = TextConfig("ab");
  config.set_task("classify");
  AddEmbedding(&config, "embedding", 6);
  AddConv1d(&config, "conv", 5, 3, "causal");
  AddPool(&config, "pool", "attention");
  AddSoftmax(&config, "label");
  std::vector<std::string> pruned;
  for (const TensorSpec& spec : TensorTable(ResolveGraph(config).value())) {
    if (IsPruned(spec)) pruned.push_back(spec.name);
  }
  EXPECT_THAT(pruned, ElementsAre("conv.weight", "pool.weight", "label.weight"));
}

TEST_F(PruneFitTest, TheBestWeightsAreSparseOnes) {
  const FitResult result = Fit();
  EXPECT_EQ(result.best_update, 12u) << "the first that counts";
  EXPECT_NEAR(ZeroShare(result.best), 0.75, 0.02);
}

TEST_F(PruneFitTest, ZerosThatAModelBeginsWithStay) {
  const TensorMap sparse = Fit().best;
  *config_.mutable_train()->mutable_prune() = KeepLargest(1);
  seen_.clear();
  RunFolder other;
  const auto result =
      train::Fit(config_, model_, RandomText(), other.path(), false, &sparse, hooks_);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(ZeroShare(seen_.back()), ZeroShare(sparse));
  EXPECT_FALSE(SameBits(seen_.back(), sparse));
}

TEST_F(PruneFitTest, ARunThatIsOverBeforeIsRefused) {
  config_.mutable_train()->mutable_prune()->set_end_update(21);
  EXPECT_EQ(
      train::Fit(config_, model_, RandomText(), "", false, nullptr, hooks_).status().message(),
      "train.prune.end_update: expected at most the run's 20 updates, got 21");
}

}  // namespace
}  // namespace sequent::train
