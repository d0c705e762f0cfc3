// Learning rates by hand.
#include "core/train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/train/trainer.h"

namespace sequent::train {
namespace {

// Every kind, with a warm-up of four updates.
std::vector<v1::Schedule> WithWarmup() {
  std::vector<v1::Schedule> schedules(5);
  schedules[0].mutable_constant()->set_warmup_updates(4);
  schedules[1].mutable_cosine()->set_warmup_updates(4);
  schedules[2].mutable_exponential()->set_warmup_updates(4);
  schedules[2].mutable_exponential()->set_factor(0.5);
  schedules[2].mutable_exponential()->set_every_updates(1);
  schedules[3].mutable_step()->set_warmup_updates(4);
  schedules[3].mutable_step()->set_factor(0.5);
  schedules[3].mutable_step()->set_every_updates(2);
  schedules[4].mutable_inverse_sqrt()->set_warmup_updates(4);
  return schedules;
}

TEST(LearningRate, WarmsUpInEqualSteps) {
  for (const v1::Schedule& schedule : WithWarmup()) {
    for (uint64_t update = 1; update <= 4; ++update) {
      EXPECT_EQ(LearningRate(schedule, 8, update, 100, 10), 2.0 * static_cast<double>(update))
          << schedule.ShortDebugString();
    }
  }
}

TEST(LearningRate, StaysWhereItIsIfConstant) {
  EXPECT_EQ(LearningRate(WithWarmup()[0], 8, 5, 100, 10), 8);
  EXPECT_EQ(LearningRate(WithWarmup()[0], 8, 100, 100, 10), 8);
}

TEST(LearningRate, FallsAlongACosine) {
  v1::Schedule schedule;
  schedule.mutable_cosine()->set_warmup_updates(10);
  schedule.mutable_cosine()->set_final_factor(0.2);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 10, 110, 10), 1);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 60, 110, 10), 0.6);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 110, 110, 10), 0.2);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 500, 110, 10), 0.2);
}

TEST(LearningRate, FallsAlongACosineOfItsOwnLengthIfToldSo) {
  v1::Schedule schedule;
  schedule.mutable_cosine()->set_warmup_updates(10);
  schedule.mutable_cosine()->set_final_factor(0.2);
  schedule.mutable_cosine()->set_updates(110);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 60, 60, 10), 0.6);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 110, 500, 10), 0.2);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 400, 500, 10), 0.2);
}

TEST(LearningRate, FallsExponentially) {
  v1::Schedule schedule;
  schedule.mutable_exponential()->set_factor(0.5);
  schedule.mutable_exponential()->set_every_updates(10);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 10, 100, 10), 0.5);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 20, 100, 10), 0.25);
}

TEST(LearningRate, FallsInStepsOfUpdates) {
  v1::Schedule schedule;
  schedule.mutable_step()->set_warmup_updates(2);
  schedule.mutable_step()->set_factor(0.5);
  schedule.mutable_step()->set_every_updates(3);
  const double expected[] = {4, 8, 8, 8, 8, 4, 4, 4, 2};
  for (uint64_t update = 1; update <= 9; ++update) {
    EXPECT_DOUBLE_EQ(LearningRate(schedule, 8, update, 100, 7), expected[update - 1]) << update;
  }
}

TEST(LearningRate, FallsInStepsOfEpochs) {
  v1::Schedule schedule;
  schedule.mutable_step()->set_factor(0.1);
  schedule.mutable_step()->set_every_epochs(2);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 14, 100, 7), 1);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 15, 100, 7), 0.1);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 28, 100, 7), 0.1);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 1, 29, 100, 7), 0.01);
}

TEST(LearningRate, FallsWithTheInverseSquareRoot) {
  v1::Schedule schedule;
  schedule.mutable_inverse_sqrt()->set_warmup_updates(4);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 6, 16, 100, 10), 3);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 6, 144, 100, 10), 1);
  schedule.mutable_inverse_sqrt()->set_warmup_updates(0);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 6, 1, 100, 10), 6);
  EXPECT_DOUBLE_EQ(LearningRate(schedule, 6, 9, 100, 10), 2);
}

std::string Refusal(const v1::Schedule& schedule) {
  v1::TrainConfig config;
  *config.mutable_train()->mutable_schedule() = schedule;
  return std::string(ToStd(ResolveTrainOptions(config).status().message()));
}

TEST(LearningRate, StepsNeedOneLength) {
  v1::Schedule schedule;
  schedule.mutable_step();
  EXPECT_EQ(Refusal(schedule),
            "train.schedule.step: expected one of every_updates and every_epochs, got none");
  schedule.mutable_step()->set_every_updates(1);
  schedule.mutable_step()->set_every_epochs(1);
  EXPECT_EQ(Refusal(schedule),
            "train.schedule.step: expected one of every_updates and every_epochs, got both");
}

TEST(LearningRate, FactorsArePositive) {
  v1::Schedule schedule;
  schedule.mutable_step()->set_every_updates(1);
  schedule.mutable_step()->set_factor(-0.1);
  EXPECT_EQ(Refusal(schedule), "train.schedule.step.factor: expected > 0, got -0.1");
}

}  // namespace
}  // namespace sequent::train
