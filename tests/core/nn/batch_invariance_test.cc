// Invariant 1, batch invariance: outputs and state of a row are the same bits whatever shares its
// batch, however its steps are cut, on any number of threads; in every precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/core/nn/nn_testing.h"
#include "tests/support/models.h"

namespace sequent {
namespace {

using NamedModel = std::pair<std::string, ModelContents>;

std::vector<NamedModel> Models() {
  std::vector<NamedModel> models = OneModelPerLayerKind();
  models.emplace_back(
      "wide", TokenContents("layers { name: 'e' embedding { width: 40 } } layers { name: 'l1' lstm "
                            "{ units: 130 } } layers { name: 'l2' gru { units: 66 } } heads { "
                            "name: 'y' softmax {} }"));
  return models;
}

// Plays sequences of different lengths together: every tick takes some of the rows, in some
// order, for some steps each.
void PlayTogether(const Model& model, std::vector<std::unique_ptr<Player>>* players, uint64_t seed,
                  ThreadPool* pool, Sharing sharing) {
  Workspace workspace;
  const RandomStream random(seed, 5, 5);
  uint64_t i = 0;
  std::vector<TickRow> rows;
  for (bool more = true; more;) {
    rows.clear();
    more = false;
    for (auto& player : *players) {
      more |= player->left() > 0;
      if (Draw(random, i++, 0, 3) == 0) continue;
      const size_t longest = Draw(random, i++, 0, 2) == 0 ? 25 : 4;
      const size_t steps = std::min(player->left(), Draw(random, i++, 0, longest));
      rows.insert(rows.begin() + Draw(random, i++, 0, rows.size()), player->Next(steps));
    }
    model.Run({.rows = rows}, &workspace, pool, SharingPlan(sharing));
  }
}

// Plays them together whole, in some order, ticks of some rows each.
void PlayWholeTogether(const Model& model, std::vector<std::unique_ptr<Player>>* players,
                       uint64_t seed, ThreadPool* pool) {
  Workspace workspace;
  const RandomStream random(seed, 6, 6);
  uint64_t i = 0;
  std::vector<TickRow> rows;
  for (auto& player : *players) {
    rows.insert(rows.begin() + Draw(random, i++, 0, rows.size()), player->Next(player->left()));
    if (player != players->back() && Draw(random, i++, 0, 19) > 0) continue;
    model.Run({.rows = rows}, &workspace, pool, SharingPlan(Sharing::kRows));
    rows.clear();
  }
}

class BatchInvariance : public testing::TestWithParam<std::tuple<NamedModel, Precision>> {
 protected:
  // Plays a sequence of `steps` in one piece, alone, on this thread.
  Player Whole(size_t steps, uint64_t seed) const {
    Player player(*model_, RandomSequence(*model_, steps, seed));
    player.PlayAll();
    return player;
  }

  void PlayTogether(std::vector<std::unique_ptr<Player>>* players, uint64_t seed,
                    ThreadPool* pool) const {
    sequent::PlayTogether(*model_, players, seed, pool, Sharing::kRows);
  }

  const std::shared_ptr<const Model> model_ =
      MakeModel(std::get<0>(GetParam()).second, std::get<1>(GetParam()));
};

TEST_P(BatchInvariance, SameBitsStepByStep) {
  Player whole = Whole(60, 1);
  Player stepped(*model_, RandomSequence(*model_, 60, 1));
  while (stepped.left() > 0) stepped.Play(1);
  EXPECT_TRUE(SameBits(*model_, whole, stepped));
}

TEST_P(BatchInvariance, SameBitsInRandomChunks) {
  Player whole = Whole(90, 2);
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Player chunked(*model_, RandomSequence(*model_, 90, 2));
    const RandomStream random(seed, 1, 1);
    for (uint64_t i = 0; chunked.left() > 0; ++i) {
      chunked.Play(std::min(chunked.left(), Draw(random, i, 0, 20)));
    }
    EXPECT_TRUE(SameBits(*model_, whole, chunked)) << "seed " << seed;
  }
}

TEST_P(BatchInvariance, SameBitsInOnePieceLongerThanAWindow) {
  Player whole = Whole(700, 3);
  Player chunked(*model_, RandomSequence(*model_, 700, 3));
  while (chunked.left() > 0) chunked.Play(std::min<size_t>(chunked.left(), 33));
  EXPECT_TRUE(SameBits(*model_, whole, chunked));
}

TEST_P(BatchInvariance, SameBitsAloneAndInACrowdOnAnyNumberOfThreads) {
  constexpr size_t kPlayers = 37;
  std::vector<std::unique_ptr<Player>> alone;
  for (size_t p = 0; p < kPlayers; ++p) {
    alone.push_back(std::make_unique<Player>(Whole(1 + p * 7 % 50, p)));
  }
  for (size_t threads = 1; threads <= 3; ++threads) {
    ThreadPool pool(threads);
    std::vector<std::unique_ptr<Player>> crowd;
    for (size_t p = 0; p < kPlayers; ++p) {
      const size_t steps = 1 + p * 7 % 50;
      crowd.push_back(std::make_unique<Player>(*model_, RandomSequence(*model_, steps, p)));
    }
    PlayTogether(&crowd, threads, threads == 1 ? nullptr : &pool);
    for (size_t p = 0; p < kPlayers; ++p) {
      EXPECT_TRUE(SameBits(*model_, *alone[p], *crowd[p])) << threads << " threads, row " << p;
    }
  }
}

// Layers wide enough to be shared out, of every kind that has panels.
class SharedByPanels : public testing::TestWithParam<Precision> {
 protected:
  const std::shared_ptr<const Model> model_ = MakeModel(
      FeatureContents(
          "layers { name: 'a' lstm { units: 270 } } layers { name: 'b' gru { units: 300 } } "
          "layers { name: 'c' gru { units: 510 reset: 'before' } } layers { name: 'd' rnn { units: "
          "530 } } layers { name: 'e' dense { units: 500 } } layers { name: 'f' lstm { units: 290 "
          "projection: 250 } } layers { name: 'g' lstm { units: 270 peepholes: true } } layers { "
          "name: 'h' indrnn { units: 490 } } layers { name: 'i' qrnn { units: 210 } } heads { "
          "name: "
          "'y' regression {} }"),
      GetParam());
};

TEST_P(SharedByPanels, SameBitsAloneAndInACrowdOnAnyNumberOfThreads) {
  constexpr size_t kPlayers = 3, kSteps = 4;
  const auto make = [&](size_t p) {
    return std::make_unique<Player>(*model_, RandomSequence(*model_, kSteps, p));
  };
  std::vector<std::unique_ptr<Player>> alone;
  for (size_t p = 0; p < kPlayers; ++p) alone.push_back(make(p));
  for (const auto& player : alone) player->PlayAll();
  for (size_t threads = 2; threads <= 3; ++threads) {
    ThreadPool pool(threads);
    std::vector<std::unique_ptr<Player>> crowd;
    for (size_t p = 0; p < kPlayers; ++p) crowd.push_back(make(p));
    PlayTogether(*model_, &crowd, threads, &pool, Sharing::kPanels);
    for (size_t p = 0; p < kPlayers; ++p) {
      EXPECT_TRUE(SameBits(*model_, *alone[p], *crowd[p])) << threads << " threads, row " << p;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Nn, SharedByPanels, testing::ValuesIn(kPrecisions),
                         [](const auto& info) { return PrecisionName(info.param); });

TEST_P(BatchInvariance, SameBitsInABatchOfAnySize) {
  Player whole = Whole(3, 99);
  for (size_t size = 1; size <= 40; ++size) {
    std::vector<std::unique_ptr<Player>> crowd;
    std::vector<TickRow> rows;
    for (size_t p = 0; p < size; ++p) {
      const bool ours = p == size / 2;
      crowd.push_back(std::make_unique<Player>(*model_, RandomSequence(*model_, 3, ours ? 99 : p)));
      rows.push_back(crowd.back()->Next(3));
    }
    Workspace workspace;
    model_->Run({.rows = rows}, &workspace, nullptr);
    EXPECT_TRUE(SameBits(*model_, whole, *crowd[size / 2])) << size;
  }
}

TEST_P(BatchInvariance, AStateCopiedAwayAndBackGoesOnAsIfNothingHadBeen) {
  Player whole = Whole(30, 4);
  Player moved(*model_, RandomSequence(*model_, 30, 4));
  moved.Play(11);
  const AlignedVector<std::byte> saved = moved.state();
  ASSERT_TRUE(model_->ValidateState(saved.data()).ok()) << model_->ValidateState(saved.data());
  std::fill(moved.state().begin(), moved.state().end(), std::byte{0x7F});
  std::copy(saved.begin(), saved.end(), moved.state().begin());
  moved.PlayAll();
  EXPECT_TRUE(SameBits(*model_, whole, moved));
}

// Whole sequences are not cut; short and long ones share ticks, and some are longer than a window.
class WholeInvariance : public BatchInvariance {};

TEST_P(WholeInvariance, SameBitsAloneAndInACrowdOnAnyNumberOfThreads) {
  constexpr size_t kPlayers = 37;
  const auto make = [&](size_t p) {
    const size_t steps = p == 20 ? 300 : 1 + p * 7 % 50;
    return std::make_unique<Player>(*model_, RandomSequence(*model_, steps, p));
  };
  std::vector<std::unique_ptr<Player>> alone;
  for (size_t p = 0; p < kPlayers; ++p) alone.push_back(make(p));
  for (const auto& player : alone) player->PlayAll();
  for (size_t threads = 1; threads <= 3; ++threads) {
    ThreadPool pool(threads);
    std::vector<std::unique_ptr<Player>> crowd;
    for (size_t p = 0; p < kPlayers; ++p) crowd.push_back(make(p));
    PlayWholeTogether(*model_, &crowd, threads, threads == 1 ? nullptr : &pool);
    for (size_t p = 0; p < kPlayers; ++p) {
      EXPECT_TRUE(SameBits(*model_, *alone[p], *crowd[p])) << threads << " threads, row " << p;
    }
  }
}

// Any steps may be asked for: what is said at one does not depend on it.
TEST_P(WholeInvariance, SameBitsFromWhicheverStepOn) {
  Player all = Whole(9, 5);
  for (const uint32_t first : {0u, 4u, 8u, 9u}) {
    Player some(*model_, RandomSequence(*model_, 9, 5));
    TickRow row = some.Next(9);
    row.first_output = first;
    Workspace workspace;
    model_->Run({.rows = {&row, 1}}, &workspace, nullptr);
    for (size_t h = 0; h < model_->graph().heads.size(); ++h) {
      const size_t outputs = model_->graph().heads[h].outputs;
      for (size_t i = first * outputs; i < 9 * outputs; ++i) {
        EXPECT_EQ(some.outputs(h)[i - first * outputs], all.outputs(h)[i]) << first;
      }
    }
  }
}

const auto kNameOf = [](const auto& info) {
  return std::get<0>(info.param).first + "_" + PrecisionName(std::get<1>(info.param));
};

INSTANTIATE_TEST_SUITE_P(Nn, WholeInvariance,
                         testing::Combine(testing::ValuesIn(WholeSequenceModels()),
                                          testing::ValuesIn(kPrecisions)),
                         kNameOf);

INSTANTIATE_TEST_SUITE_P(Nn, BatchInvariance,
                         testing::Combine(testing::ValuesIn(Models()),
                                          testing::ValuesIn(kPrecisions)),
                         kNameOf);

}  // namespace
}  // namespace sequent
