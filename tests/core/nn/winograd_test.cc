// Whether products go by Winograd's inner product (core/kernels/winograd.h) is the machine's
// choice; here both ways are taken on any machine.
#include "core/kernels/winograd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "tests/core/nn/nn_testing.h"

namespace sequent {
namespace {

class Winograd : public testing::TestWithParam<bool> {
 protected:
  Winograd() { kernels::SetWinogradPays(GetParam()); }
  ~Winograd() override { kernels::SetWinogradPays(here_); }

 private:
  const bool here_ = kernels::WinogradPays();
};

// Layers of every kind that has products, wide enough for triples.
ModelContents EveryProduct() {
  return FeatureContents(
      "layers { name: 'a' lstm { units: 70 } } layers { name: 'b' gru { units: 60 } } "
      "layers { name: 'c' gru { units: 51 reset: 'before' } } layers { name: 'd' rnn { units: 53 } "
      "} layers { name: 'e' rnn { units: 40 activation: 'relu' } } layers { name: 'f' dense { "
      "units: 50 } } layers { name: 'g' lstm { units: 49 projection: 35 } } layers { name: 'h' "
      "lstm { units: 37 peepholes: true } } layers { name: 'i' indrnn { units: 49 } } layers { "
      "name: 'j' qrnn { units: 41 } } heads { name: 'y' regression {} }");
}

Player Played(const Model& model, size_t steps, size_t chunk) {
  Player player(model, RandomSequence(model, steps, 1));
  while (player.left() > 0) player.Play(std::min(player.left(), chunk));
  return player;
}

TEST_P(Winograd, StepsAndChunksOfAnyLengthGiveTheSameBits) {
  const std::shared_ptr<const Model> model = MakeModel(EveryProduct());
  Player whole = Played(*model, 90, 90);
  for (const size_t chunk : {1, 7, 33}) {
    Player cut = Played(*model, 90, chunk);
    EXPECT_TRUE(SameBits(*model, whole, cut)) << chunk;
  }
}

TEST_P(Winograd, ARowHasTheSameBitsAloneAndInACrowd) {
  const std::shared_ptr<const Model> model = MakeModel(EveryProduct());
  constexpr size_t kRows = 23;
  std::vector<std::unique_ptr<Player>> alone, crowd;
  for (size_t r = 0; r < kRows; ++r) {
    const Sequence sequence = RandomSequence(*model, 20, r);
    alone.push_back(std::make_unique<Player>(*model, sequence));
    crowd.push_back(std::make_unique<Player>(*model, sequence));
    alone.back()->PlayAll();
  }
  Workspace workspace;
  for (size_t steps : {1, 4, 15}) {
    std::vector<TickRow> rows;
    for (auto& player : crowd) rows.push_back(player->Next(steps));
    model->Run({.rows = rows}, &workspace, nullptr, SharingPlan(Sharing::kRows));
  }
  for (size_t r = 0; r < kRows; ++r) EXPECT_TRUE(SameBits(*model, *alone[r], *crowd[r])) << r;
}

INSTANTIATE_TEST_SUITE_P(EitherWay, Winograd, testing::Bool(), [](const auto& info) {
  return std::string(info.param ? "Winograd" : "MultiplyAdd");
});

TEST(WinogradBesideMultiplyAdds, GivesTheSameToFiveDigits) {
  const bool here = kernels::WinogradPays();
  std::vector<std::vector<float>> outputs;
  for (const bool pays : {false, true}) {
    kernels::SetWinogradPays(pays);
    const std::shared_ptr<const Model> model = MakeModel(EveryProduct());
    outputs.push_back(Played(*model, 200, 16).outputs(0));
  }
  kernels::SetWinogradPays(here);
  ASSERT_EQ(outputs[0].size(), outputs[1].size());
  for (size_t i = 0; i < outputs[0].size(); ++i) {
    ASSERT_NEAR(outputs[0][i], outputs[1][i], 1e-5 * std::max(1.0f, std::abs(outputs[0][i]))) << i;
  }
  EXPECT_EQ(outputs[0] == outputs[1], !kernels::WinogradFits());
}

}  // namespace
}  // namespace sequent
