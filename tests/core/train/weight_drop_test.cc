// Recurrent weight drop: for an update some of U is 0, the same for every shard.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/train/network.h"
#include "tests/core/nn/nn_testing.h"

namespace sequent::train {
namespace {

constexpr double kShare = 0.3;
constexpr size_t kSteps = 4, kRows = 3;

class WeightDrop : public testing::TestWithParam<std::string> {
 protected:
  WeightDrop() : contents_(Contents("weight_drop: 0.3")), network_(Make(contents_)) {
    for (size_t i = 0; i < network_.table().size(); ++i) {
      if (network_.table()[i].name != "l.weight_state") continue;
      begin_ = network_.offset(i);
      size_ = network_.table()[i].shape[0] * network_.table()[i].shape[1];
    }
    const RandomStream random(5, 6, 7);
    chunk_.steps = kSteps;
    chunk_.rows = kRows;
    chunk_.classes.resize(1);
    chunk_.targets.resize(1);
    for (size_t i = 0; i < kSteps * kRows * 3; ++i) {
      chunk_.features.push_back(random.Normal(2 * i));
      chunk_.targets[0].push_back(random.Normal(2 * i + 1));
    }
  }

  static ModelContents Contents(const std::string& option) {
    return FeatureContents("layers { name: 'l' " + GetParam() + " " + option +
                           " } } heads { name: 'y' regression {} }");
  }

  static Network<double> Make(const ModelContents& contents) {
    Network<double> network(*ResolveGraph(contents.config));
    EXPECT_TRUE(network.FromTensors(contents.tensors).ok());
    network.Prepare();
    return network;
  }

  // The loss of a sequence from a state that is not 0, with its gradients.
  double Run(const Network<double>& network, std::vector<double>* gradients) const {
    Tape<double> tape;
    network.ResetTape(kRows, &tape);
    for (size_t i = 0; i < tape.nodes[1].state.size(); ++i) {
      tape.nodes[1].state[i] = 0.5 * std::sin(static_cast<double>(i + 1));
    }
    gradients->assign(network.parameter_count(), 0.0);
    return network.Run(chunk_, {0.1}, {}, /*training=*/true, &tape, gradients->data());
  }

  // Which elements of U have no gradient, update `update` having begun.
  std::vector<bool> Dropped(uint64_t update) {
    network_.Prepare();
    network_.BeginUpdate({1, update});
    std::vector<double> gradients;
    Run(network_, &gradients);
    std::vector<bool> dropped;
    for (size_t i = 0; i < size_; ++i) dropped.push_back(gradients[begin_ + i] == 0);
    return dropped;
  }

  const ModelContents contents_;
  Network<double> network_;
  Chunk<double> chunk_;
  size_t begin_ = 0, size_ = 0;  // of weight_state
};

TEST_P(WeightDrop, GradientsAgreeWithDifferences) {
  network_.BeginUpdate({1, 2});
  std::vector<double> gradients, unused;
  Run(network_, &gradients);
  for (size_t i = 0; i < network_.parameter_count(); ++i) {
    double& parameter = network_.parameters()[i];
    const double kept = parameter;
    const auto loss_at = [&](double change) {
      parameter = kept + change;
      network_.Prepare();
      network_.BeginUpdate({1, 2});
      return Run(network_, &unused);
    };
    constexpr double kStep = 1e-3;
    const double difference =
        (8 * (loss_at(kStep) - loss_at(-kStep)) - (loss_at(2 * kStep) - loss_at(-2 * kStep))) /
        (12 * kStep);
    parameter = kept;
    ASSERT_NEAR(gradients[i], difference, 1e-8) << "parameter " << i;
  }
}

// The share is drawn with a standard deviation of sqrt(.3 * .7 / size).
TEST_P(WeightDrop, DropsAboutItsShareAndScalesTheRest) {
  const std::vector<bool> dropped = Dropped(1);
  size_t count = 0;
  Network<double> masked = Make(Contents(""));
  for (size_t i = 0; i < size_; ++i) {
    count += dropped[i];
    masked.parameters()[begin_ + i] *= dropped[i] ? 0 : 1 / (1 - static_cast<double>(float{0.3f}));
  }
  const double size = static_cast<double>(size_);
  EXPECT_NEAR(static_cast<double>(count) / size, kShare, 4 * std::sqrt(0.21 / size));
  masked.Prepare();
  std::vector<double> unused;
  EXPECT_NEAR(Run(network_, &unused), Run(masked, &unused), 1e-12);
}

TEST_P(WeightDrop, IsDrawnAnewForEachUpdateAndAgainForTheSame) {
  const std::vector<bool> first = Dropped(1);
  EXPECT_NE(Dropped(2), first);
  EXPECT_EQ(Dropped(1), first);
}

TEST_P(WeightDrop, IsOverWhenTheWeightsArePreparedAgain) {
  std::vector<double> gradients, expected;
  network_.BeginUpdate({1, 1});
  network_.Prepare();
  const double loss = Run(network_, &gradients);
  EXPECT_EQ(loss, Run(Make(Contents("")), &expected));
  EXPECT_EQ(gradients, expected);
}

INSTANTIATE_TEST_SUITE_P(EveryCell, WeightDrop,
                         testing::Values("rnn { units: 13", "lstm { units: 13", "gru { units: 13",
                                         "gru { units: 13 reset: 'before'",
                                         "lstm { units: 13 projection: 7",
                                         "lstm { units: 13 peepholes: true"),
                         [](const auto& info) {
                           std::string name;
                           for (const char c : info.param) {
                             if (std::isalnum(c)) name += c;
                           }
                           return name;
                         });

}  // namespace
}  // namespace sequent::train
