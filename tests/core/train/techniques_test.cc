// Accumulation, freezing, moving averages, plateaus: whole fits against what they should do.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "core/train/accumulation.h"
#include "core/train/trainer.h"
#include "tests/core/train/fit_testing.h"

namespace sequent::train {
namespace {

using ::testing::HasSubstr;

TEST(Accumulation, FillsAnEpochAndBeginsTheNextAnew) {
  const Accumulation three{7, 3};  // batches 1-3, 4-6, 7; 8-10, ...
  EXPECT_EQ(three.epoch_updates(), 3u);
  const uint64_t first[] = {1, 4, 7, 8, 11, 14}, last[] = {3, 6, 7, 10, 13, 14};
  for (uint64_t update = 1; update <= 6; ++update) {
    EXPECT_EQ(three.FirstBatch(update), first[update - 1]);
    EXPECT_EQ(three.LastBatch(update), last[update - 1]);
  }
}

class TechniquesTest : public testing::Test {
 protected:
  TechniquesTest() {
    hooks_.on_update = [this](const UpdateEvent& event) { events_.push_back(event); };
  }
  FitResult MustFit() {
    events_.clear();
    auto result = Fit(config_, model_, data_, "", false, nullptr, hooks_);
    EXPECT_TRUE(result.ok()) << result.status();
    return *std::move(result);
  }
  v1::TrainOptions* train() { return config_.mutable_train(); }
  void UseWindows() {
    data_ = RandomSeries();
    model_ = SeriesConfig({"a", "b"});
    AddLstm(&model_, "lstm", 7);
    AddRegression(&model_, "next");
    train()->set_window(8);
    train()->set_stride(2);
    config_.mutable_data()->set_shuffle(false);
  }
  void UseSgd(double lr) { train()->mutable_optimizer()->mutable_sgd()->set_lr(lr); }
  // The weights that every validation sees, one after each update.
  std::vector<TensorMap> WeightsOfEveryUpdate() {
    std::vector<TensorMap> seen;
    train()->mutable_validate()->set_every_updates(1);
    hooks_.validate = [&](const TensorMap& tensors) -> StatusOr<Measures> {
      seen.push_back(tensors);
      return Measures{{"loss", -static_cast<double>(seen.size())}};
    };
    MustFit();
    hooks_.validate = nullptr;
    return seen;
  }

  v1::ModelConfig model_ = TinyTextModel().config;
  v1::TrainConfig config_ = SmallConfig();
  TrainingData data_ = RandomText();
  TrainerHooks hooks_;
  std::vector<UpdateEvent> events_;
};

// Some targets are missing, not equally many in every batch, and the last batches are smaller.
TEST_F(TechniquesTest, BatchesAccumulatedAreOneLargeBatch) {
  UseWindows();
  UseSgd(0.5);
  train()->set_batch(15);
  const FitResult large = MustFit();
  const std::vector<UpdateEvent> large_events = events_;
  train()->set_batch(5);
  train()->set_accumulate(3);
  const FitResult accumulated = MustFit();
  ASSERT_EQ(events_.size(), large_events.size());
  for (size_t i = 0; i < events_.size(); ++i) {
    EXPECT_NEAR(events_[i].loss, large_events[i].loss, 1e-6);
    EXPECT_NEAR(events_[i].grad_norm, large_events[i].grad_norm, 1e-6);
    EXPECT_EQ(events_[i].symbols, large_events[i].symbols);
    EXPECT_EQ(events_[i].epoch, large_events[i].epoch);
  }
  for (const auto& [name, tensor] : accumulated.best) {
    for (size_t i = 0; i < tensor.values.size(); ++i) {
      ASSERT_NEAR(tensor.values[i], large.best.at(name).values[i], 2e-6) << name;
    }
  }
}

// 79 steps a lane in chunks of 7: the last chunk of the epoch is shorter and alone.
TEST_F(TechniquesTest, TheStateIsCarriedThroughAnAccumulatedUpdate) {
  UseSgd(1e-30);  // weights stay what they are
  train()->set_epochs(1);
  MustFit();
  const std::vector<UpdateEvent> single = events_;
  ASSERT_EQ(single.size(), 12u);
  train()->set_accumulate(2);
  train()->set_epochs(1);
  MustFit();
  ASSERT_EQ(events_.size(), 6u);
  for (size_t i = 0; i < events_.size(); ++i) {
    const UpdateEvent &a = single[2 * i], &b = single[2 * i + 1];
    const double na = static_cast<double>(a.symbols), nb = static_cast<double>(b.symbols);
    EXPECT_EQ(events_[i].symbols, a.symbols + b.symbols);
    EXPECT_NEAR(events_[i].loss, (na * a.loss + nb * b.loss) / (na + nb), 1e-12);
  }
}

TEST_F(TechniquesTest, FrozenLayersKeepTheirWeightsAndTheRestLearns) {
  train()->set_epochs(1);
  train()->set_max_updates(1);
  MustFit();
  const double whole_norm = events_[0].grad_norm;
  const TensorMap initial = [&] {
    v1::TrainConfig config = config_;
    config.mutable_train()->mutable_optimizer()->mutable_sgd()->set_lr(1e-30);
    return Fit(config, model_, data_, "", false, nullptr, {})->best;
  }();
  const std::string frozen = initial.begin()->first.substr(0, initial.begin()->first.find('.'));
  train()->add_freeze(frozen);
  const FitResult result = MustFit();
  for (const auto& [name, tensor] : result.best) {
    EXPECT_EQ(tensor.values == initial.at(name).values, name.starts_with(frozen + ".")) << name;
  }
  EXPECT_LT(events_[0].grad_norm, whole_norm) << "its gradient does not count";
}

TEST_F(TechniquesTest, AFrozenIndRnnIsNotPulledWithinItsBound) {
  model_ = IdsConfig(10);
  AddEmbedding(&model_, "embedding", 4);
  AddIndRnn(&model_, "indrnn", 5);
  AddSoftmax(&model_, "next");
  train()->mutable_initialization()->set_indrnn(20);
  train()->set_max_updates(1);
  TensorMap initial = RandomModel(model_, 1).tensors;
  for (float& weight : initial.at("indrnn.recurrent").values) weight = 1.5f;
  const auto recurrent = [&] {
    return Fit(config_, model_, data_, "", false, &initial, {})->best.at("indrnn.recurrent").values;
  };
  EXPECT_NE(recurrent(), initial.at("indrnn.recurrent").values);
  train()->add_freeze("indrnn");
  EXPECT_EQ(recurrent(), initial.at("indrnn.recurrent").values);
}

TEST_F(TechniquesTest, PaddingIsNotCountedAsTrainedOn) {
  model_ = TextConfig("abcd");
  model_.set_task("classify");
  AddEmbedding(&model_, "embedding", 3);
  AddGru(&model_, "gru", 4);
  v1::Head* head = AddSoftmax(&model_, "kind");
  head->set_last_step(true);
  for (const char* label : {"a", "b"}) head->mutable_softmax()->add_labels(label);
  data_ = {};
  data_.samples.begin = {0};
  data_.samples.classes.resize(1);
  data_.samples.targets.resize(1);
  for (const size_t length : {1, 9, 4, 2, 7, 3}) {
    data_.samples.tokens.resize(data_.samples.tokens.size() + length, 1);
    data_.samples.begin.push_back(data_.samples.tokens.size());
    data_.samples.classes[0].push_back(static_cast<int32_t>(length % 2));
  }
  train()->set_epochs(1);
  EXPECT_EQ(MustFit().symbols, 26u);
}

TEST_F(TechniquesTest, TheMovingAverageIsWhatIsValidatedAndComesOut) {
  train()->set_epochs(1);
  const std::vector<TensorMap> weights = WeightsOfEveryUpdate();
  const TensorMap initial = [&] {
    v1::TrainConfig config = config_;
    config.mutable_train()->mutable_optimizer()->mutable_sgd()->set_lr(1e-30);
    config.mutable_train()->set_max_updates(1);
    return Fit(config, model_, data_, "", false, nullptr, {})->best;
  }();
  train()->mutable_ema()->set_decay(0.3);
  const std::vector<TensorMap> averages = WeightsOfEveryUpdate();
  ASSERT_EQ(averages.size(), weights.size());
  TensorMap expected = initial;
  for (size_t n = 0; n < weights.size(); ++n) {
    const double update = static_cast<double>(n + 1);
    const double decay = std::min(0.3, (1 + update) / (10 + update));
    for (auto& [name, tensor] : expected) {
      for (size_t i = 0; i < tensor.values.size(); ++i) {
        float& e = tensor.values[i];
        e += static_cast<float>(1 - decay) * (weights[n].at(name).values[i] - e);
        ASSERT_NEAR(averages[n].at(name).values[i], e, 1e-6) << name << ", update " << n + 1;
      }
    }
  }
  EXPECT_TRUE(SameBits(MustFit().best, averages.back()));
}

TEST_F(TechniquesTest, BiasesAreSparedFromDecayIfAsked) {
  train()->set_max_updates(1);
  UseSgd(0.1);
  const TensorMap plain = MustFit().best;
  train()->mutable_optimizer()->mutable_sgd()->set_weight_decay(0.5);
  train()->mutable_optimizer()->set_decay_biases(false);
  model_ = TinyTextModel().config;
  for (const auto& [name, tensor] : MustFit().best) {
    EXPECT_EQ(tensor.values == plain.at(name).values, name.find("bias") != name.npos) << name;
  }
}

TEST_F(TechniquesTest, ClippingBoundsTheStep) {
  UseSgd(1);
  train()->set_max_updates(1);
  train()->mutable_clip()->set_global_norm(1e-3);
  const TensorMap clipped = MustFit().best;
  UseSgd(1e-30);
  const TensorMap initial = MustFit().best;
  EXPECT_GT(events_[0].grad_norm, 1e-3) << "the norm that is reported is that before clipping";
  double squares = 0;
  for (const auto& [name, tensor] : clipped) {
    for (size_t i = 0; i < tensor.values.size(); ++i) {
      squares += std::pow(double{tensor.values[i]} - initial.at(name).values[i], 2);
    }
  }
  EXPECT_NEAR(std::sqrt(squares), 1e-3, 1e-5);
}

TEST_F(TechniquesTest, OnAPlateauTheRateFalls) {
  train()->mutable_validate()->set_every_updates(2);
  train()->mutable_schedule()->mutable_plateau()->set_patience(1);
  train()->mutable_schedule()->mutable_plateau()->set_warmup_updates(2);
  train()->set_max_updates(9);
  hooks_.validate = [](const TensorMap&) -> StatusOr<Measures> { return Measures{{"loss", 1}}; };
  MustFit();
  std::vector<double> rates;
  for (const UpdateEvent& event : events_) rates.push_back(event.lr / 0.01);
  EXPECT_EQ(rates, (std::vector<double>{0.5, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125}));
}

TEST_F(TechniquesTest, APlateauNeedsValidation) {
  train()->mutable_schedule()->mutable_plateau();
  const auto result = Fit(config_, model_, data_, "", false, nullptr, {});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(result.status().ToString(), HasSubstr("train.schedule.plateau: expected a valid"));
}

TEST_F(TechniquesTest, AMeasureThatIsNotThereIsFoundOutBeforeTheFirstUpdate) {
  train()->mutable_early_stopping()->set_monitor("validation.accuracy");
  hooks_.validate = [](const TensorMap&) -> StatusOr<Measures> { return Measures{{"loss", 1}}; };
  const auto result = Fit(config_, model_, data_, "", false, nullptr, hooks_);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(events_.empty());
}

TEST_F(TechniquesTest, OptionsAreRefusedWithTheirKeys) {
  const auto refusal = [this] {
    const auto result = Fit(config_, model_, data_, "", false, nullptr, {});
    return std::string(ToStd(result.status().message()));
  };
  train()->mutable_ema()->set_decay(1);
  EXPECT_EQ(refusal(), "train.ema.decay: expected 0 <= x < 1, got 1");
  train()->clear_ema();
  train()->set_accumulate(70000);
  EXPECT_EQ(refusal(), "train.accumulate: expected 1 to 65536, got 70000");
  train()->clear_accumulate();
  train()->add_freeze("nothing");
  EXPECT_THAT(refusal(), HasSubstr("train.freeze[0]: expected "));
}

}  // namespace
}  // namespace sequent::train
