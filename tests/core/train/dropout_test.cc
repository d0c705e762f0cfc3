// Dropout: what is drawn anew for which step, row and update.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "core/train/network.h"
#include "tests/support/models.h"

namespace sequent::train {
namespace {

constexpr size_t kSteps = 6, kRows = 3, kWidth = 40;

using Mask = std::vector<bool>;  // of one step of one row: what is kept

class DropoutTest : public testing::Test {
 protected:
  // Which elements an update keeps, [steps * rows].
  static std::vector<Mask> Masks(bool locked, uint64_t update) {
    v1::ModelConfig config = IdsConfig(2);
    AddEmbedding(&config, "embedding", kWidth);
    AddDropout(&config, "dropout", 0.5f);
    config.mutable_layers(1)->mutable_dropout()->set_locked(locked);
    AddSoftmax(&config, "next");
    Network<float> network(*ResolveGraph(config));
    std::fill(network.parameters().begin(), network.parameters().end(), 1.0f);
    network.Prepare();
    Chunk<float> chunk;
    chunk.steps = kSteps;
    chunk.rows = kRows;
    chunk.tokens.assign(kSteps * kRows, 1);
    chunk.classes = {std::vector<int32_t>(kSteps * kRows, 0)};
    chunk.targets.resize(1);
    Tape<float> tape;
    network.ResetTape(kRows, &tape);
    network.Run(chunk, {1}, {.seed = 5, .update = update}, /*training=*/true, &tape, nullptr);
    std::vector<Mask> masks(kSteps * kRows);
    for (size_t n = 0; n < masks.size(); ++n) {
      for (size_t i = 0; i < kWidth; ++i) {
        masks[n].push_back(tape.nodes.back().y[n * kWidth + i] != 0);
      }
    }
    return masks;
  }
};

TEST_F(DropoutTest, IsDrawnForEachStep) {
  const auto masks = Masks(/*locked=*/false, 1);
  EXPECT_NE(masks[0], masks[kRows]);
}

TEST_F(DropoutTest, LockedIsTheSameAtEveryStep) {
  const auto masks = Masks(/*locked=*/true, 1);
  for (size_t n = kRows; n < masks.size(); ++n) EXPECT_EQ(masks[n], masks[n % kRows]) << n;
  EXPECT_NE(std::count(masks[0].begin(), masks[0].end(), true), kWidth);
}

TEST_F(DropoutTest, LockedIsDrawnForEachRowAndUpdate) {
  const auto masks = Masks(/*locked=*/true, 1);
  EXPECT_NE(masks[0], masks[1]);
  EXPECT_NE(masks[0], Masks(/*locked=*/true, 2)[0]);
}

}  // namespace
}  // namespace sequent::train
