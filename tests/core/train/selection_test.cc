// What validations decide, value by value.
#include "core/train/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/train/label_measures.h"
#include "tests/support/models.h"

namespace sequent::train {
namespace {

using ::testing::HasSubstr;

class SelectionTest : public testing::Test {
 protected:
  v1::EarlyStopping* stopping() { return config_.mutable_train()->mutable_early_stopping(); }
  v1::Schedule::Plateau* plateau() {
    return config_.mutable_train()->mutable_schedule()->mutable_plateau();
  }
  Selection Make() {
    const auto options = ResolveTrainOptions(config_);
    EXPECT_TRUE(options.ok()) << options.status();
    return Selection(*options);
  }
  std::string Refusal() {
    return std::string(ToStd(ResolveTrainOptions(config_).status().message()));
  }

  v1::TrainConfig config_;
};

// The loss at which each of `losses` leaves the plateau's factor.
std::vector<double> Factors(Selection selection, const std::vector<double>& losses) {
  std::vector<double> factors;
  for (size_t i = 0; i < losses.size(); ++i) {
    selection.Take(i + 1, {{"loss", losses[i]}});
    factors.push_back(selection.rate_factor());
  }
  return factors;
}

// The number of the validation that ends the run, 0 if none does.
size_t StopsAt(Selection selection, const std::string& measure, const std::vector<double>& values) {
  for (size_t i = 0; i < values.size(); ++i) {
    Measures measures = {{"loss", 1}};
    measures[measure] = values[i];
    selection.Take(i + 1, measures);
    if (selection.OutOfPatience()) return i + 1;
  }
  return 0;
}

TEST_F(SelectionTest, TheSmallestLossIsTheBest) {
  Selection selection = Make();
  EXPECT_FALSE(selection.has_best());
  EXPECT_TRUE(selection.Take(10, {{"loss", 3}}));
  EXPECT_TRUE(selection.Take(20, {{"loss", 2}}));
  EXPECT_FALSE(selection.Take(30, {{"loss", 2}}));
  EXPECT_FALSE(selection.Take(40, {{"loss", 2.5}}));
  EXPECT_EQ(selection.best_update(), 20u);
  EXPECT_EQ(selection.best_measures().at("loss"), 2);
}

TEST_F(SelectionTest, OfAccuracyTheLargestIsTheBest) {
  stopping()->set_monitor("validation.accuracy");
  Selection selection = Make();
  selection.Take(1, {{"loss", 3}, {"accuracy", 0.5}});
  EXPECT_TRUE(selection.Take(2, {{"loss", 4}, {"accuracy", 0.6}}));
  EXPECT_FALSE(selection.Take(3, {{"loss", 1}, {"accuracy", 0.55}}));
}

// The names of both kinds of heads, as they are made.
TEST_F(SelectionTest, OfWhatIsMeasuredOnLabelsOnlyLossAndCountsAreBetterSmall) {
  v1::ModelConfig model = TextConfig("ab");
  model.set_task("classify");
  AddEmbedding(&model, "embedding", 3);
  AddSoftmax(&model, "topic")->set_last_step(true);
  model.mutable_heads(0)->mutable_softmax()->add_labels("sport");
  model.mutable_heads(0)->mutable_softmax()->add_labels("loss/x.y");
  v1::Head* traits = model.add_heads();
  traits->set_name("traits");
  traits->set_last_step(true);
  for (const char* label : {"f1", "dull"}) traits->mutable_bernoulli()->add_labels(label);
  Samples samples;
  samples.classes = {{0}, {}};
  samples.targets = {{}, {1, 0}};
  const auto measures =
      LabelMeasures(ResolveGraph(model).value(), samples, {{0.5, 0.5}, {0.5, 0.5}});
  ASSERT_TRUE(measures.ok()) << measures.status();
  size_t larger = 0;
  for (const auto& [name, value] : *measures) {
    const bool small = name == "loss" || name.find("/support.") != name.npos ||
                       name.find("/confusion.") != name.npos;
    EXPECT_EQ(LargerIsBetter(name), !small) << name;
    larger += small ? 0 : 1;
  }
  EXPECT_EQ(larger, 2u * (2 + 3 * 2)) << "accuracy, macro_f1, three for each label";
}

TEST_F(SelectionTest, OfSeriesOnlySkillIsBetterLarge) {
  for (const char* name : {"skill", "skill_low", "skill_high"}) EXPECT_TRUE(LargerIsBetter(name));
  for (const char* name : {"rmse", "coverage", "rmse.f1", "rmse_persistence.skill"}) {
    EXPECT_FALSE(LargerIsBetter(name)) << name;
  }
}

TEST_F(SelectionTest, AModeOverrulesWhatTheNameSays) {
  stopping()->set_monitor("validation.accuracy");
  stopping()->set_mode("min");
  Selection selection = Make();
  selection.Take(1, {{"loss", 3}, {"accuracy", 0.5}});
  EXPECT_FALSE(selection.Take(2, {{"loss", 3}, {"accuracy", 0.6}}));
}

TEST_F(SelectionTest, PatienceCountsValidationsWithoutImprovement) {
  stopping()->set_patience(2);
  EXPECT_EQ(StopsAt(Make(), "loss", {5, 4, 4, 3, 3.5, 3}), 6u);
  stopping()->set_monitor("validation.skill");
  EXPECT_EQ(StopsAt(Make(), "skill", {0.1, 0.2, 0.3, 0.3, 0.1}), 5u);
  stopping()->set_patience(0);
  EXPECT_EQ(StopsAt(Make(), "skill", {3, 2, 1, 0, 0, 0, 0}), 0u);
}

// Slow progress is none, even if it adds up; but the best weights are the best all the same.
TEST_F(SelectionTest, LessThanMinDeltaIsNoImprovement) {
  stopping()->set_patience(3);
  stopping()->set_min_delta(0.5);
  EXPECT_EQ(StopsAt(Make(), "loss", {5, 4.8, 4.6, 4.5}), 4u);
  EXPECT_EQ(StopsAt(Make(), "loss", {5, 4.8, 4.6, 4.4, 4.2, 4}), 0u);
  Selection selection = Make();
  selection.Take(1, {{"loss", 5}});
  EXPECT_TRUE(selection.Take(2, {{"loss", 4.8}}));
}

TEST_F(SelectionTest, APlateauHalvesTheRateOncePatienceIsOut) {
  plateau()->set_patience(2);
  EXPECT_EQ(Factors(Make(), {5, 4, 4, 4, 4, 4, 3, 3, 3}),
            (std::vector<double>{1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125}));
}

TEST_F(SelectionTest, APlateauDoesNotFallBelowItsFloor) {
  plateau()->set_patience(1);
  plateau()->set_factor(0.1);
  plateau()->set_min_factor(0.05);
  EXPECT_EQ(Factors(Make(), {5, 5, 5, 5}), (std::vector<double>{1, 0.1, 0.05, 0.05}));
}

TEST_F(SelectionTest, APlateauRestsAfterAFall) {
  plateau()->set_patience(1);
  plateau()->set_cooldown(2);
  EXPECT_EQ(Factors(Make(), {5, 5, 5, 5, 5, 5}),
            (std::vector<double>{1, 0.5, 0.5, 0.5, 0.25, 0.25}));
}

TEST_F(SelectionTest, APlateauWatchesAMeasureOfItsOwn) {
  plateau()->set_patience(1);
  plateau()->set_monitor("validation.f1");
  Selection selection = Make();
  selection.Take(1, {{"loss", 5}, {"f1", 0.5}});
  selection.Take(2, {{"loss", 6}, {"f1", 0.6}});
  EXPECT_EQ(selection.rate_factor(), 1);
  selection.Take(3, {{"loss", 4}, {"f1", 0.6}});
  EXPECT_EQ(selection.rate_factor(), 0.5);
}

TEST_F(SelectionTest, GoesOnFromACheckpoint) {
  stopping()->set_patience(3);
  plateau()->set_patience(2);
  plateau()->set_cooldown(1);
  const std::vector<double> losses = {5, 4, 4, 4.5, 4, 3, 3.5, 3.2, 3.1, 3, 3};
  for (size_t cut = 0; cut <= losses.size(); ++cut) {
    Selection whole = Make(), resumed = Make();
    for (size_t i = 0; i < losses.size(); ++i) {
      if (i == cut) {
        Checkpoint checkpoint;
        whole.Save(&checkpoint);
        checkpoint = *ParseCheckpoint(SerializeCheckpoint(checkpoint));
        resumed.Restore(checkpoint);
      }
      whole.Take(i + 1, {{"loss", losses[i]}});
      if (i >= cut) resumed.Take(i + 1, {{"loss", losses[i]}});
      if (i < cut) continue;
      EXPECT_EQ(whole.rate_factor(), resumed.rate_factor()) << cut << ", " << i;
      EXPECT_EQ(whole.OutOfPatience(), resumed.OutOfPatience()) << cut << ", " << i;
      EXPECT_EQ(whole.best_update(), resumed.best_update()) << cut << ", " << i;
    }
  }
}

TEST_F(SelectionTest, AMeasureThatIsNotThereIsRefusedWithTheNearest) {
  stopping()->set_monitor("validation.rsme");
  const Status status = Make().Check({{"loss", 1}, {"mae", 1}, {"rmse", 1}});
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ToStd(status.message()),
            "train.early_stopping.monitor: expected validation.loss | validation.mae | "
            "validation.rmse, got 'validation.rsme'; did you mean 'validation.rmse'?");
}

TEST_F(SelectionTest, AMeasureThatIsNotFiniteEndsTheRun) {
  plateau()->set_monitor("validation.rmse");
  const Status status = Make().Check({{"loss", 1}, {"rmse", std::nan("")}});
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ToStd(status.message()), "expected a finite validation.rmse, got nan");
}

TEST_F(SelectionTest, OptionsAreRefusedWithTheirKeys) {
  stopping()->set_monitor("loss");
  EXPECT_EQ(Refusal(), "train.early_stopping.monitor: expected validation.<measure>, got 'loss'");
  stopping()->set_monitor("");
  stopping()->set_mode("smallest");
  EXPECT_EQ(Refusal(), "train.early_stopping.mode: expected min or max, got 'smallest'");
  stopping()->set_mode("");
  plateau()->set_factor(1.5);
  EXPECT_EQ(Refusal(), "train.schedule.plateau.factor: expected 0 <= x < 1, got 1.5");
  plateau()->set_factor(0.5);
  plateau()->set_monitor("validation.");
  EXPECT_THAT(Refusal(), HasSubstr("train.schedule.plateau.monitor: expected"));
}

}  // namespace
}  // namespace sequent::train
