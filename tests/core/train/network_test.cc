// The trainable twin, for every layer kind and head: gradients against differences, outputs against
// the equations and against core/nn, chunks against the whole, rows against the crowd.

#include "core/train/network.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/base/random.h"
#include "core/model/graph.h"
#include "gtest/gtest.h"
#include "tests/core/nn/nn_testing.h"
#include "tests/core/nn/reference_model.h"
#include "tests/support/models.h"

namespace sequent::train {
namespace {

constexpr size_t kSteps = 4, kRows = 3, kMasked = 5;

// Takes the target of pair n away.
void Mask(const Graph& graph, size_t h, size_t n, Chunk<double>* chunk) {
  chunk->classes[h][n] = -1;
  const HeadNode& head = graph.heads[h];
  const size_t columns = head.kind == HeadKind::kBernoulli ? head.outputs : head.values();
  for (size_t k = 0; k < columns; ++k) {
    chunk->targets[h][n * columns + k] = std::numeric_limits<double>::quiet_NaN();
  }
}

// What stands behind the end of a row: any valid input, and nothing to be learned. Of a whole
// sequence something is to be learned at its last step only.
void Pad(const Graph& graph, Chunk<double>* chunk) {
  const size_t width = graph.nodes[0].width;
  for (size_t n = 0; n < chunk->steps * chunk->rows; ++n) {
    const size_t t = n / chunk->rows, row = n % chunk->rows;
    const size_t length = chunk->lengths.empty() ? chunk->steps : chunk->lengths[row];
    for (size_t h = 0; h < graph.heads.size(); ++h) {
      const bool pooled = graph.nodes[graph.heads[h].input].pooled;
      if (t >= length || (pooled && t + 1 < length)) Mask(graph, h, n, chunk);
    }
    if (t < length) continue;
    if (graph.tokens()) chunk->tokens[n] = 0;
    for (size_t i = 0; i < width; ++i) chunk->features[n * width + i] = 0.75;
  }
}

// Inputs and targets of `steps` steps; those of pair kMasked are missing.
Chunk<double> RandomChunk(const Graph& graph, size_t steps = kSteps,
                          std::vector<uint32_t> lengths = {}) {
  const RandomStream random(3, 1, 4);
  Chunk<double> chunk;
  chunk.steps = steps;
  chunk.rows = kRows;
  chunk.lengths = std::move(lengths);
  uint64_t draw = 0;
  chunk.classes.resize(graph.heads.size());
  chunk.targets.resize(graph.heads.size());
  for (size_t n = 0; n < steps * kRows; ++n) {
    if (graph.tokens()) {
      chunk.tokens.push_back(static_cast<int32_t>(random.Bits(draw++) % graph.nodes[0].tokens));
    }
    for (size_t i = 0; i < graph.nodes[0].width; ++i) {
      chunk.features.push_back(static_cast<float>(random.Normal(draw++)));
    }
    for (size_t h = 0; h < graph.heads.size(); ++h) {
      const HeadNode& head = graph.heads[h];
      const auto label = static_cast<int32_t>(random.Bits(draw++) % head.outputs);
      chunk.classes[h].push_back(label);
      const bool bernoulli = head.kind == HeadKind::kBernoulli;
      for (size_t k = 0; k < (bernoulli ? head.outputs : head.values()); ++k) {
        const double drawn = random.Normal(draw++);
        chunk.targets[h].push_back(!bernoulli ? drawn : drawn > 0 ? 1 : 0);
      }
      if (n == kMasked) Mask(graph, h, n, &chunk);
    }
  }
  Pad(graph, &chunk);
  return chunk;
}

// Steps [first, first + count) of rows [row, row + rows).
template <typename T>
Chunk<T> Cut(const Chunk<double>& whole, size_t first, size_t count, size_t row, size_t rows) {
  Chunk<T> part;
  part.steps = count;
  part.rows = rows;
  part.first_row = whole.first_row + row;
  part.classes.resize(whole.classes.size());
  part.targets.resize(whole.targets.size());
  const auto copy = [&](const auto& from, auto* to) {
    const size_t width = from.size() / (whole.steps * whole.rows);
    for (size_t t = first; t < first + count; ++t) {
      const auto begin = from.begin() + static_cast<ptrdiff_t>((t * whole.rows + row) * width);
      to->insert(to->end(), begin, begin + static_cast<ptrdiff_t>(rows * width));
    }
  };
  copy(whole.tokens, &part.tokens);
  copy(whole.features, &part.features);
  for (size_t h = 0; h < whole.classes.size(); ++h) {
    copy(whole.classes[h], &part.classes[h]);
    copy(whole.targets[h], &part.targets[h]);
  }
  return part;
}

class NetworkTest : public testing::TestWithParam<std::pair<std::string, ModelContents>> {
 protected:
  template <typename T>
  Network<T> MakeNetwork() const {
    Network<T> network(graph_);
    EXPECT_TRUE(network.FromTensors(contents_.tensors).ok());
    network.Prepare();
    return network;
  }

  // A state that no zero hides anything in.
  template <typename T>
  Tape<T> StartedTape(const Network<T>& network) const {
    Tape<T> tape;
    network.ResetTape(kRows, &tape);
    const RandomStream random(7, 7, 7);
    for (size_t i = 0; i < tape.nodes.size(); ++i) {
      for (size_t j = 0; j < tape.nodes[i].state.size(); ++j) {
        tape.nodes[i].state[j] = static_cast<T>(0.5 * random.Normal((i << 20) + j));
      }
    }
    return tape;
  }

  template <typename T>
  double Run(const Network<T>& network, const Chunk<T>& chunk, bool training, Tape<T>* tape,
             T* gradients) const {
    const std::vector<double> normaliser(graph_.heads.size(), 1.0 / 11);
    return network.Run(chunk, normaliser, {1, 1}, training, tape, gradients);
  }

  double Loss(const Network<double>& network, const Chunk<double>& chunk) const {
    Tape<double> tape = StartedTape(network);
    return Run<double>(network, chunk, /*training=*/true, &tape, nullptr);
  }

  // Whether head h speaks of whole sequences, at their last step.
  bool pooled(size_t h) const { return graph_.nodes[graph_.heads[h].input].pooled; }

  const ModelContents& contents_ = GetParam().second;
  const Graph graph_ = *ResolveGraph(contents_.config);
};

// Of fourth order, so that the step can be large enough to leave rounding behind.
template <class Function>
double Difference(const Function& at, double step) {
  return (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
}

// Relative to the element, or to what its tensor's elements are like if it is smaller.
void ExpectSameGradients(const std::vector<double>& got, const std::vector<double>& expected,
                         const std::string& what) {
  double squares = 0;
  for (const double value : expected) squares += value * value;
  const double typical = std::sqrt(squares / static_cast<double>(expected.size()));
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(got[i], expected[i], 1e-6 * std::max(typical, std::abs(expected[i])))
        << what << ", probe " << i;
  }
}

TEST_P(NetworkTest, WeightGradientsAgreeWithDifferences) {
  Network<double> network = MakeNetwork<double>();
  const Chunk<double> chunk = RandomChunk(graph_);
  Tape<double> tape = StartedTape(network);
  std::vector<double> gradients(network.parameter_count(), 0.0);
  Run(network, chunk, /*training=*/true, &tape, gradients.data());
  const RandomStream random(11, 0, 0);
  for (size_t tensor = 0; tensor < network.table().size(); ++tensor) {
    const size_t begin = network.offset(tensor);
    const size_t end = tensor + 1 < network.table().size() ? network.offset(tensor + 1)
                                                           : network.parameter_count();
    std::vector<double> got, expected;
    for (uint64_t probe = 0; probe < 40; ++probe) {
      const size_t i = begin + random.Bits(tensor * 100 + probe) % (end - begin);
      const double kept = network.parameters()[i];
      got.push_back(gradients[i]);
      expected.push_back(Difference(
          [&](double change) {
            network.parameters()[i] = kept + change;
            network.Prepare();
            return Loss(network, chunk);
          },
          1e-4));
      network.parameters()[i] = kept;
    }
    network.Prepare();
    ExpectSameGradients(got, expected, network.table()[tensor].name);
  }
}

TEST_P(NetworkTest, InputGradientsAgreeWithDifferences) {
  const Network<double> network = MakeNetwork<double>();
  Chunk<double> chunk = RandomChunk(graph_);
  Tape<double> tape = StartedTape(network);
  std::vector<double> gradients(network.parameter_count(), 0.0);
  Run(network, chunk, /*training=*/true, &tape, gradients.data());
  std::vector<double> expected;
  for (double& feature : chunk.features) {
    const double kept = feature;
    expected.push_back(Difference(
        [&](double change) {
          feature = kept + change;
          return Loss(network, chunk);
        },
        1e-4));
    feature = kept;
  }
  ASSERT_EQ(tape.nodes[0].dy.size(), expected.size());
  if (!expected.empty()) ExpectSameGradients(tape.nodes[0].dy, expected, "input");
}

TEST_P(NetworkTest, FloatAgreesWithDouble) {
  const Network<double> exact = MakeNetwork<double>();
  const Network<float> fast = MakeNetwork<float>();
  const Chunk<double> chunk = RandomChunk(graph_);
  std::vector<double> exact_gradients(exact.parameter_count(), 0.0);
  std::vector<float> fast_gradients(fast.parameter_count(), 0.0f);
  Tape<double> exact_tape = StartedTape(exact);
  Tape<float> fast_tape = StartedTape(fast);
  const double exact_loss =
      Run(exact, chunk, /*training=*/true, &exact_tape, exact_gradients.data());
  const double fast_loss = Run(fast, Cut<float>(chunk, 0, kSteps, 0, kRows), /*training=*/true,
                               &fast_tape, fast_gradients.data());
  EXPECT_NEAR(fast_loss, exact_loss, 1e-5 * std::max(1.0, std::abs(exact_loss)));
  for (size_t i = 0; i < exact_gradients.size(); ++i) {
    EXPECT_NEAR(fast_gradients[i], exact_gradients[i],
                2e-5 * std::max(1.0, std::abs(exact_gradients[i])));
  }
}

// Output j of head h for (step, row) pair n, as the tape has it.
template <typename T>
double Output(const Network<T>& network, const Tape<T>& tape, size_t h, size_t n, size_t j) {
  const size_t outputs = network.graph().heads[h].outputs;
  return static_cast<double>(network.HeadOutput(tape, h)[n * outputs + j]);
}

TEST_P(NetworkTest, TheTapeSaysWhatTheServedModelSays) {
  constexpr size_t kLong = 20;
  const auto model = MakeModel(contents_);
  const Network<float> network = MakeNetwork<float>();
  const Chunk<double> chunk = RandomChunk(graph_, kLong);
  Tape<float> tape;
  network.ResetTape(kRows, &tape);
  Run<float>(network, Cut<float>(chunk, 0, kLong, 0, kRows), /*training=*/false, &tape, nullptr);
  for (size_t row = 0; row < kRows; ++row) {
    const Chunk<float> own = Cut<float>(chunk, 0, kLong, row, 1);
    Player player(*model, {.steps = kLong, .tokens = own.tokens, .features = own.features});
    player.PlayAll();
    for (size_t h = 0; h < graph_.heads.size(); ++h) {
      const size_t outputs = graph_.heads[h].outputs;
      for (size_t i = 0; i < kLong * outputs; ++i) {
        const double served = player.outputs(h)[i];
        if (pooled(h) && i / outputs + 1 < kLong) continue;
        ASSERT_NEAR(Output(network, tape, h, i / outputs * kRows + row, i % outputs), served,
                    1e-5 * std::max(1.0, std::abs(served)))
            << "head " << h << ", row " << row << ", output " << i;
      }
    }
  }
}

TEST_P(NetworkTest, TheTapeInDoubleSaysWhatTheEquationsSay) {
  constexpr size_t kLong = 20;
  const Network<double> network = MakeNetwork<double>();
  const Chunk<double> chunk = RandomChunk(graph_, kLong);
  Tape<double> tape;
  network.ResetTape(kRows, &tape);
  Run<double>(network, chunk, /*training=*/false, &tape, nullptr);
  for (size_t row = 0; row < kRows; ++row) {
    const Chunk<float> own = Cut<float>(chunk, 0, kLong, row, 1);
    ReferenceModel reference(graph_, contents_.tensors);
    const auto said = reference.Run(kLong, own.tokens.data(), own.features.data());
    for (size_t t = 0; t < kLong; ++t) {
      const auto& expected = said[t];
      for (size_t h = 0; h < expected.size(); ++h) {
        if (pooled(h) && t + 1 < kLong) continue;
        for (size_t j = 0; j < expected[h].size(); ++j) {
          ASSERT_NEAR(Output(network, tape, h, t * kRows + row, j), expected[h][j],
                      1e-12 * std::max(1.0, std::abs(expected[h][j])))
              << "head " << h << ", row " << row << ", step " << t << ", output " << j;
        }
      }
    }
  }
}

class StreamTest : public NetworkTest {};

TEST_P(StreamTest, TwoChunksCarryOnAsTheWhole) {
  const Network<double> network = MakeNetwork<double>();
  const Chunk<double> whole = RandomChunk(graph_, 7);
  Tape<double> whole_tape = StartedTape(network), tape = StartedTape(network);
  const double whole_loss = Run<double>(network, whole, false, &whole_tape, nullptr);
  const double first =
      Run<double>(network, Cut<double>(whole, 0, 3, 0, kRows), false, &tape, nullptr);
  const double second =
      Run<double>(network, Cut<double>(whole, 3, 4, 0, kRows), false, &tape, nullptr);
  EXPECT_NEAR(first + second, whole_loss, 1e-12 * std::max(1.0, std::abs(whole_loss)));
  for (size_t i = 0; i < tape.nodes.size(); ++i) {
    for (size_t j = 0; j < tape.nodes[i].state.size(); ++j) {
      EXPECT_NEAR(tape.nodes[i].state[j], whole_tape.nodes[i].state[j], 1e-12);
    }
  }
}

// The gradient of the second chunk is that of a sequence which begins where the first one ended.
TEST_P(StreamTest, GradientsStopWhereAChunkBegins) {
  const Network<double> network = MakeNetwork<double>();
  const Chunk<double> whole = RandomChunk(graph_, 7);
  const Chunk<double> second = Cut<double>(whole, 3, 4, 0, kRows);
  std::vector<double> unused(network.parameter_count(), 0.0), carried = unused, fresh = unused;
  Tape<double> tape = StartedTape(network);
  Run(network, Cut<double>(whole, 0, 3, 0, kRows), true, &tape, unused.data());
  Tape<double> truncated;
  network.ResetTape(kRows, &truncated);
  for (size_t i = 0; i < tape.nodes.size(); ++i) {
    truncated.nodes[i].state = tape.nodes[i].state;
  }
  Run(network, second, true, &tape, carried.data());
  Run(network, second, true, &truncated, fresh.data());
  EXPECT_EQ(carried, fresh);
}

// Dropout included: its draws are keyed by the row's place in the whole batch.
TEST_P(NetworkTest, ARowIsTheSameAloneAndInACrowd) {
  const Network<float> network = MakeNetwork<float>();
  const Chunk<double> chunk = RandomChunk(graph_);
  Tape<float> crowd;
  network.ResetTape(kRows, &crowd);
  Run<float>(network, Cut<float>(chunk, 0, kSteps, 0, kRows), /*training=*/true, &crowd, nullptr);
  for (size_t row = 0; row < kRows; ++row) {
    Tape<float> alone;
    network.ResetTape(1, &alone);
    Run<float>(network, Cut<float>(chunk, 0, kSteps, row, 1), /*training=*/true, &alone, nullptr);
    for (size_t h = 0; h < graph_.heads.size(); ++h) {
      for (size_t i = 0; i < kSteps * graph_.heads[h].outputs; ++i) {
        const size_t t = i / graph_.heads[h].outputs, j = i % graph_.heads[h].outputs;
        ASSERT_EQ(Output(network, alone, h, t, j), Output(network, crowd, h, t * kRows + row, j))
            << "row " << row << ", step " << t;
      }
    }
  }
}

TEST_P(NetworkTest, PaddedRowsLearnWhatTheyLearnAlone) {
  const Network<double> network = MakeNetwork<double>();
  const Chunk<double> padded = RandomChunk(graph_, 7, {3, 7, 1});
  std::vector<double> together(network.parameter_count(), 0.0), alone = together;
  Tape<double> tape;
  network.ResetTape(kRows, &tape);
  const double loss = Run(network, padded, /*training=*/true, &tape, together.data());
  double sum = 0;
  for (size_t row = 0; row < kRows; ++row) {
    Tape<double> own;
    network.ResetTape(1, &own);
    const Chunk<double> part = Cut<double>(padded, 0, padded.lengths[row], row, 1);
    sum += Run(network, part, /*training=*/true, &own, alone.data());
  }
  EXPECT_NEAR(loss, sum, 1e-12 * std::max(1.0, std::abs(sum)));
  for (size_t i = 0; i < alone.size(); ++i) {
    EXPECT_NEAR(together[i], alone[i], 1e-12 * std::max(1.0, std::abs(alone[i])));
  }
}

const auto kNameOf = [](const auto& info) {
  std::string name = info.param.first;
  for (char& c : name) c = std::isalnum(c) ? c : '_';
  return name;
};

INSTANTIATE_TEST_SUITE_P(EveryLayerKind, NetworkTest, testing::ValuesIn(AllModels()), kNameOf);
INSTANTIATE_TEST_SUITE_P(EveryLayerKind, StreamTest, testing::ValuesIn(OneModelPerLayerKind()),
                         kNameOf);

}  // namespace
}  // namespace sequent::train
