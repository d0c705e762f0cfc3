// Gradients of the trainable twin against central differences, for every layer kind and head.

#include "core/train/network.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/model/graph.h"
#include "gtest/gtest.h"
#include "tests/support/models.h"

namespace sequent::train {
namespace {

constexpr size_t kSteps = 4, kRows = 3;

class GradientTest : public testing::TestWithParam<std::pair<std::string, ModelContents>> {};

Chunk<double> RandomChunk(const Graph& graph) {
  const RandomStream random(3, 1, 4);
  Chunk<double> chunk;
  chunk.steps = kSteps;
  chunk.rows = kRows;
  uint64_t draw = 0;
  for (size_t n = 0; n < kSteps * kRows; ++n) {
    if (graph.tokens()) {
      chunk.tokens.push_back(static_cast<int32_t>(random.Bits(draw++) % graph.nodes[0].tokens));
    }
    for (size_t i = 0; i < graph.nodes[0].width; ++i) {
      chunk.features.push_back(random.Normal(draw++));
    }
  }
  chunk.classes.resize(graph.heads.size());
  chunk.targets.resize(graph.heads.size());
  for (size_t h = 0; h < graph.heads.size(); ++h) {
    const HeadNode& head = graph.heads[h];
    for (size_t n = 0; n < kSteps * kRows; ++n) {
      chunk.classes[h].push_back(n == 5 ? -1
                                        : static_cast<int32_t>(random.Bits(draw++) % head.outputs));
      for (size_t k = 0; k < head.columns.size(); ++k) {
        chunk.targets[h].push_back(n == 5 ? std::numeric_limits<double>::quiet_NaN()
                                          : random.Normal(draw++));
      }
    }
  }
  return chunk;
}

double Loss(const Network<double>& network, const Chunk<double>& chunk, double* gradients) {
  Tape<double> tape;
  network.ResetTape(chunk.rows, &tape);
  const RandomStream random(7, 7, 7);
  for (size_t i = 0; i < tape.nodes.size(); ++i) {
    for (size_t j = 0; j < tape.nodes[i].state.size(); ++j) {
      tape.nodes[i].state[j] = 0.5 * random.Normal((i << 20) + j);
    }
  }
  const std::vector<double> normaliser(network.graph().heads.size(), 1.0 / 11);
  return network.Run(chunk, normaliser, {1, 1}, /*training=*/true, &tape, gradients);
}

TEST_P(GradientTest, BackwardAgreesWithCentralDifferences) {
  const auto graph = ResolveGraph(GetParam().second.config);
  ASSERT_TRUE(graph.ok()) << graph.status();
  Network<double> network(*graph);
  ASSERT_TRUE(network.FromTensors(GetParam().second.tensors).ok());
  network.Prepare();
  const Chunk<double> chunk = RandomChunk(*graph);
  std::vector<double> gradients(network.parameter_count(), 0.0);
  Loss(network, chunk, gradients.data());
  const RandomStream random(11, 0, 0);
  for (size_t tensor = 0; tensor < network.table().size(); ++tensor) {
    const size_t begin = network.offset(tensor);
    const size_t end = tensor + 1 < network.table().size() ? network.offset(tensor + 1)
                                                           : network.parameter_count();
    for (uint64_t probe = 0; probe < 12; ++probe) {
      const size_t i = begin + random.Bits(tensor * 100 + probe) % (end - begin);
      const double kept = network.parameters()[i], step = 1e-5;
      network.parameters()[i] = kept + step;
      network.Prepare();
      const double above = Loss(network, chunk, nullptr);
      network.parameters()[i] = kept - step;
      network.Prepare();
      const double below = Loss(network, chunk, nullptr);
      network.parameters()[i] = kept;
      network.Prepare();
      const double difference = (above - below) / (2 * step);
      EXPECT_NEAR(gradients[i], difference, 1e-6 * std::max(1.0, std::abs(difference)))
          << network.table()[tensor].name << " element " << i - begin;
    }
  }
}

TEST_P(GradientTest, FloatAgreesWithDouble) {
  const auto graph = ResolveGraph(GetParam().second.config);
  Network<double> exact(*graph);
  Network<float> fast(*graph);
  ASSERT_TRUE(exact.FromTensors(GetParam().second.tensors).ok());
  ASSERT_TRUE(fast.FromTensors(GetParam().second.tensors).ok());
  exact.Prepare();
  fast.Prepare();
  const Chunk<double> chunk = RandomChunk(*graph);
  Chunk<float> same;
  same.steps = chunk.steps;
  same.rows = chunk.rows;
  same.tokens = chunk.tokens;
  same.features.assign(chunk.features.begin(), chunk.features.end());
  same.classes = chunk.classes;
  for (const auto& targets : chunk.targets)
    same.targets.emplace_back(targets.begin(), targets.end());
  std::vector<double> exact_gradients(exact.parameter_count(), 0.0);
  std::vector<float> fast_gradients(fast.parameter_count(), 0.0f);
  Tape<double> exact_tape;
  Tape<float> fast_tape;
  exact.ResetTape(kRows, &exact_tape);
  fast.ResetTape(kRows, &fast_tape);
  const std::vector<double> normaliser(graph->heads.size(), 1.0 / 11);
  const double exact_loss =
      exact.Run(chunk, normaliser, {1, 1}, true, &exact_tape, exact_gradients.data());
  const double fast_loss =
      fast.Run(same, normaliser, {1, 1}, true, &fast_tape, fast_gradients.data());
  EXPECT_NEAR(fast_loss, exact_loss, 1e-5 * std::max(1.0, std::abs(exact_loss)));
  for (size_t i = 0; i < exact_gradients.size(); ++i) {
    EXPECT_NEAR(fast_gradients[i], exact_gradients[i],
                2e-5 * std::max(1.0, std::abs(exact_gradients[i])));
  }
}

INSTANTIATE_TEST_SUITE_P(EveryLayerKind, GradientTest, testing::ValuesIn(OneModelPerLayerKind()),
                         [](const auto& info) {
                           std::string name = info.param.first;
                           for (char& c : name) c = std::isalnum(c) ? c : '_';
                           return name;
                         });

}  // namespace
}  // namespace sequent::train
