// Several ranks, here as threads of one process, give the bits of one.
#include "core/train/ranks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/core/train/recipes.h"

namespace sequent::train {
namespace {

using ::testing::HasSubstr;

// What the ranks of a group share.
struct Meeting {
  explicit Meeting(size_t count) : barrier(static_cast<ptrdiff_t>(count)), slots(count) {}
  std::barrier<> barrier;
  std::vector<std::string> slots;
};

class ThreadRanks final : public Ranks {
 public:
  ThreadRanks(Meeting* meeting, size_t rank) : meeting_(meeting), rank_(rank) {}
  size_t rank() const override { return rank_; }
  size_t count() const override { return meeting_->slots.size(); }
  void AddTree(std::span<float> values) override { Add(values); }
  void AddTree(std::span<double> values) override { Add(values); }
  std::vector<std::string> Gather(const std::string& own) override {
    meeting_->slots[rank_] = own;
    meeting_->barrier.arrive_and_wait();
    std::vector<std::string> all = meeting_->slots;
    meeting_->barrier.arrive_and_wait();
    return all;
  }

 private:
  template <typename T>
  void Add(std::span<T> values) {
    const std::string own(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    std::vector<std::vector<T>> all;
    for (const std::string& bytes : Gather(own)) {
      all.emplace_back(values.size());
      std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(all.back().data()));
    }
    for (size_t stride = 1; stride < all.size(); stride *= 2) {
      for (size_t r = 0; r + stride < all.size(); r += 2 * stride) {
        for (size_t i = 0; i < values.size(); ++i) all[r][i] += all[r + stride][i];
      }
    }
    std::copy(all[0].begin(), all[0].end(), values.begin());
  }

  Meeting* const meeting_;
  const size_t rank_;
};

// Runs `body` on every rank of a group.
void OnRanks(size_t count, const std::function<void(Ranks* ranks)>& body) {
  Meeting meeting(count);
  std::vector<std::thread> threads;
  for (size_t rank = 0; rank < count; ++rank) {
    threads.emplace_back([&, rank] {
      ThreadRanks ranks(&meeting, rank);
      body(&ranks);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(Ranks, AgreeOnTheFirstError) {
  OnRanks(3, [](Ranks* ranks) {
    EXPECT_TRUE(Agree(ranks, absl::OkStatus()).ok());
    const Status own = ranks->rank() == 0 ? absl::OkStatus()
                                          : absl::DataLossError(StrCat("no file: ", ranks->rank()));
    EXPECT_EQ(Agree(ranks, own), absl::DataLossError("rank 1: no file: 1"));
    EXPECT_EQ(Agree(ranks, absl::OutOfRangeError("all")), absl::OutOfRangeError("all"));
  });
}

TEST(Ranks, OwnWholeSubtrees) {
  EXPECT_TRUE(CheckShardsOverRanks(6, 1).ok());
  EXPECT_TRUE(CheckShardsOverRanks(6, 3).ok());
  EXPECT_TRUE(CheckShardsOverRanks(8, 2).ok());
  EXPECT_TRUE(CheckShardsOverRanks(3, 3).ok());
  EXPECT_THAT(CheckShardsOverRanks(6, 2).ToString(), HasSubstr("train.shards: expected 2"));
  EXPECT_FALSE(CheckShardsOverRanks(2, 4).ok());
  EXPECT_FALSE(CheckShardsOverRanks(3, 2).ok());
}

class RanksTest : public testing::TestWithParam<Recipe> {
 protected:
  RanksTest() {
    config_.mutable_train()->mutable_validate()->set_every_updates(5);
    config_.mutable_train()->set_threads(1);
    hooks_.validate = SumOfSquaresMeasure;
  }
  size_t RankCount() const { return config_.train().shards() == 3 ? 3 : 2; }
  StatusOr<FitResult> FitIn(const RunFolder& folder, bool resume, const TrainerHooks& hooks) {
    return Fit(config_, GetParam().model, GetParam().data, folder.path(), resume, nullptr, hooks);
  }

  v1::TrainConfig config_ = GetParam().config;
  TrainerHooks hooks_;
  RunFolder one_{"_one"}, many_{"_many"};
};

TEST_P(RanksTest, GiveTheBitsOfOneRank) {
  const auto one = FitIn(one_, false, hooks_);
  ASSERT_TRUE(one.ok()) << one.status();
  OnRanks(RankCount(), [&](Ranks* ranks) {
    TrainerHooks hooks = hooks_;
    hooks.ranks = ranks;
    const auto own = FitIn(many_, false, hooks);
    ASSERT_TRUE(own.ok()) << own.status();
    EXPECT_TRUE(SameBits(own->best, one->best)) << "rank " << ranks->rank();
    EXPECT_EQ(own->symbols, one->symbols);
  });
  EXPECT_TRUE(LastState(one_) == LastState(many_));
}

// Stopped by a signal to the last rank alone, resumed by one rank.
TEST_P(RanksTest, StopTogetherAndAnyNumberGoesOn) {
  ASSERT_TRUE(FitIn(one_, false, hooks_).ok());
  OnRanks(RankCount(), [&](Ranks* ranks) {
    std::atomic<bool> stop = false;
    TrainerHooks hooks = hooks_;
    hooks.ranks = ranks;
    if (ranks->rank() + 1 == ranks->count()) {
      hooks.stop = &stop;
      hooks.on_update = [&](const UpdateEvent& event) { stop = event.update == 7; };
    }
    const auto stopped = FitIn(many_, false, hooks);
    ASSERT_TRUE(stopped.ok()) << stopped.status();
    EXPECT_EQ(stopped->stop_reason, "interrupted");
    EXPECT_EQ(stopped->updates, 7u);
  });
  ASSERT_TRUE(FitIn(many_, true, hooks_).ok());
  EXPECT_TRUE(LastState(one_) == LastState(many_));
}

TEST_P(RanksTest, GoOnWhereOneRankStopped) {
  ASSERT_TRUE(FitIn(one_, false, hooks_).ok());
  std::atomic<bool> stop = false;
  TrainerHooks hooks = hooks_;
  hooks.stop = &stop;
  hooks.on_update = [&](const UpdateEvent& event) { stop = event.update == 7; };
  ASSERT_TRUE(FitIn(many_, false, hooks).ok());
  OnRanks(RankCount(), [&](Ranks* ranks) {
    TrainerHooks own = hooks_;
    own.ranks = ranks;
    EXPECT_TRUE(FitIn(many_, true, own).ok());
  });
  EXPECT_TRUE(LastState(one_) == LastState(many_));
}

INSTANTIATE_TEST_SUITE_P(EveryRecipe, RanksTest, testing::ValuesIn(Recipes()),
                         [](const auto& info) { return info.param.name; });

class RankErrorsTest : public testing::Test {
 protected:
  // Fits on two ranks, `prepare` making each one's hooks and data; both must fail alike.
  Status Error(const std::function<void(Ranks*, TrainerHooks*, TrainingData*)>& prepare) {
    std::vector<Status> errors(2);
    OnRanks(2, [&](Ranks* ranks) {
      TrainerHooks hooks;
      hooks.validate = SumOfSquaresMeasure;
      hooks.ranks = ranks;
      TrainingData data = RandomText();
      prepare(ranks, &hooks, &data);
      errors[ranks->rank()] =
          Fit(config_, model_, data, folder_.path(), false, initial_, hooks).status();
    });
    EXPECT_EQ(errors[0], errors[1]);
    return errors[0];
  }

  v1::TrainConfig config_ = SmallConfig();
  v1::ModelConfig model_ = TinyTextModel().config;
  TensorMap* initial_ = nullptr;
  RunFolder folder_;
};

TEST_F(RankErrorsTest, OtherDataOnOneRankIsRefused) {
  const Status error = Error([](Ranks* ranks, TrainerHooks*, TrainingData* data) {
    if (ranks->rank() == 1) data->stream.tokens[3] ^= 1;
  });
  EXPECT_EQ(error.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(error.ToString(), HasSubstr("the same data"));
}

TEST_F(RankErrorsTest, AnythingElseThatDiffersOnOneRankIsRefused) {
  const TensorMap weights = RandomModel(model_, 1).tensors, others = RandomModel(model_, 2).tensors;
  const auto error = [&](uint64_t seed, bool shuffle, const std::string& name,
                         const TensorMap* initial) {
    std::vector<Status> errors(2);
    OnRanks(2, [&](Ranks* ranks) {
      TrainerHooks hooks;
      hooks.ranks = ranks;
      v1::TrainConfig config = config_;
      v1::ModelConfig model = model_;
      if (ranks->rank() == 1) {
        config.set_seed(seed);
        config.mutable_data()->set_shuffle(shuffle);
        model.set_name(name);
      }
      errors[ranks->rank()] = Fit(config, model, RandomText(), "", false,
                                  ranks->rank() == 0 ? &weights : initial, hooks)
                                  .status();
    });
    EXPECT_EQ(errors[0], errors[1]);
    return std::string(ToStd(errors[0].message()));
  };
  const std::string name = model_.name();
  config_.mutable_data()->set_shuffle(true);
  EXPECT_EQ(error(config_.seed(), true, name, &weights), "");
  const std::string expected = "expected the same ", got = " on all ranks, got another on rank 1";
  EXPECT_EQ(error(config_.seed() + 1, true, name, &weights), expected + "configuration" + got);
  EXPECT_EQ(error(config_.seed(), false, name, &weights), expected + "configuration" + got);
  EXPECT_EQ(error(config_.seed(), true, "other", &weights), expected + "model" + got);
  EXPECT_EQ(error(config_.seed(), true, name, &others), expected + "initial weights" + got);
  EXPECT_EQ(error(config_.seed(), true, name, nullptr), expected + "initial weights" + got);
}

TEST_F(RankErrorsTest, AValidationThatFailsEndsAll) {
  const Status error = Error([](Ranks*, TrainerHooks* hooks, TrainingData*) {
    hooks->validate = [](const TensorMap&) -> StatusOr<Measures> {
      return absl::DataLossError("no rows");
    };
  });
  EXPECT_EQ(error, absl::DataLossError("no rows"));
}

TEST_F(RankErrorsTest, AStartThatFailsOnOneRankEndsAll) {
  const Status error = Error([](Ranks* ranks, TrainerHooks* hooks, TrainingData*) {
    if (ranks->rank() == 0) return;
    hooks->on_start = [](const StartEvent&) { return absl::UnavailableError("no disk"); };
  });
  EXPECT_EQ(error, absl::UnavailableError("rank 1: no disk"));
}

// Rows 3 and 4 are the second rank's, and only they see the token whose embedding is too large.
TEST_F(RankErrorsTest, ALossThatIsNotFiniteNamesTheLayerOfTheRankThatHasIt) {
  model_ = IdsConfig(10);
  AddEmbedding(&model_, "embedding", 4);
  AddRnn(&model_, "overflowing", 4, "relu");
  AddSoftmax(&model_, "next");
  TensorMap initial = RandomModel(model_, 1).tensors;
  for (float& weight : initial.at("overflowing.weight_input").values) weight = 1e20f;
  for (size_t i = 0; i < 4; ++i) initial.at("embedding.weight").values[9 * 4 + i] = 3e38f;
  initial_ = &initial;
  const Status error = Error([](Ranks*, TrainerHooks*, TrainingData* data) {
    const size_t lane = (data->stream.tokens.size() - 1) / 5;
    for (size_t i = 0; i < 3 * lane; ++i) {
      if (data->stream.tokens[i] == 9) data->stream.tokens[i] = 8;
    }
  });
  EXPECT_EQ(error.code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(error.ToString(), HasSubstr("layer 'overflowing'"));
}

TEST_F(RankErrorsTest, ShardsThatDoNotDivideAreRefused) {
  config_.mutable_train()->set_shards(3);
  const Status error = Error([](Ranks*, TrainerHooks*, TrainingData*) {});
  EXPECT_EQ(error.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(error.ToString(), HasSubstr("train.shards"));
}

}  // namespace
}  // namespace sequent::train
