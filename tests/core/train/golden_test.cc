// The trainable twin against vectors computed by another library (tests/golden/gen.py): outputs,
// last states, and the gradients of weights and inputs; losses, clipping.
//
// Parameter i there, in order of registration, is filled row-major with 0.5 sin(0.37 k + i + 1),
// inputs with sin(0.11 k); the loss is sum(y w), w = cos(0.23 k). A head that passes y on and a
// squared error around y - w / 2 give y the same gradient w.
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "core/model/graph.h"
#include "core/train/gradients.h"
#include "core/train/network.h"
#include "tests/core/nn/nn_testing.h"
#include "tests/core/train/golden_values.h"

namespace sequent::train {
namespace {

constexpr size_t kSteps = 5, kRows = 2, kIn = 3, kUnits = 4;

Values Parameter(size_t i, size_t size) {
  Values values(size);
  for (size_t k = 0; k < size; ++k) values[k] = 0.5 * std::sin(0.37 * k + i + 1);
  return values;
}

template <typename T>
std::vector<T> Input(size_t size) {
  std::vector<T> values(size);
  for (size_t k = 0; k < size; ++k) values[k] = static_cast<T>(std::sin(0.11 * k));
  return values;
}

Values Sum(const Values& a, const Values& b) {
  Values sum(a);
  for (size_t i = 0; i < a.size(); ++i) sum[i] += b[i];
  return sum;
}

// Columns first .. first + count - 1 of [kUnits, kUnits + kIn] matrices over [h, x], joined by
// rows.
Values Columns(const std::vector<Values>& gates, size_t first, size_t count) {
  Values joined;
  for (const Values& gate : gates) {
    for (size_t o = 0; o < kUnits; ++o) {
      const auto row = gate.begin() + static_cast<ptrdiff_t>(o * (kUnits + kIn) + first);
      joined.insert(joined.end(), row, row + static_cast<ptrdiff_t>(count));
    }
  }
  return joined;
}

struct GoldenTensor {
  std::string name;
  Values values, gradient;
};

// A golden case and what it is here: layers, the last of them 'l' of `width` outputs, and their
// tensors.
struct GoldenCell {
  std::string name, layers;
  std::vector<GoldenTensor> tensors;
  size_t width = kUnits;
  Values state = {};  // of 'l' in the end; none: the last values of the case's final states
};

template <typename T>
T* TensorIn(const Network<T>& network, const std::string& name, std::vector<T>* flat) {
  for (size_t i = 0; i < network.table().size(); ++i) {
    if (network.table()[i].name == name) return flat->data() + network.offset(i);
  }
  ADD_FAILURE() << "no tensor " << name;
  return flat->data();
}

template <typename T>
void SetParameters(const GoldenCell& cell, Network<T>* network) {
  for (const GoldenTensor& tensor : cell.tensors) {
    std::copy(tensor.values.begin(), tensor.values.end(),
              TensorIn(*network, tensor.name, &network->parameters()));
  }
  // 'ab' passes on the first two units, 'cd' those behind them.
  for (size_t i = 0; i < cell.width; ++i) {
    T* weight = TensorIn(*network, i < 2 ? "ab.weight" : "cd.weight", &network->parameters());
    weight[i % 2 * cell.width + i] = 1;
  }
  network->Prepare();
}

template <typename T>
Chunk<T> GoldenChunk(const Values& y, size_t width) {
  Chunk<T> chunk;
  chunk.steps = kSteps;
  chunk.rows = kRows;
  chunk.features = Input<T>(kSteps * kRows * kIn);
  chunk.classes.resize(2);
  chunk.targets.resize(2);
  for (size_t k = 0; k < y.size(); ++k) {
    chunk.targets[k % width / 2].push_back(
        static_cast<T>(y[k] - std::cos(0.23 * static_cast<double>(k)) / 2));
  }
  return chunk;
}

template <typename T>
void ExpectGoldenIn(const GoldenCell& cell) {
  SCOPED_TRACE(sizeof(T) == 8 ? "in double" : "in float");
  const auto& golden = Golden(cell.name);
  std::string text = cell.layers;
  for (const char* head : {"ab", "cd"}) {
    if (cell.width == 2 && head == std::string("cd")) continue;
    text += " heads { name: '" + std::string(head) +
            "' input: 'l' regression { columns: 'a' columns: 'b' } }";
  }
  const auto contents = FeatureContents(text);
  Network<T> network(*ResolveGraph(contents.config));
  SetParameters(cell, &network);
  Tape<T> tape;
  network.ResetTape(kRows, &tape);
  std::vector<T> gradients(network.parameter_count(), T(0));
  network.Run(GoldenChunk<T>(golden.at("y"), cell.width), {1, 1}, {}, /*training=*/true, &tape,
              gradients.data());

  ExpectNear(tape.nodes.back().y, golden.at("y"), "y");
  ExpectNear(tape.nodes[0].dy, golden.at("dx"), "dx");
  Values state = cell.state;
  for (const Values& part : golden.at("final").get<std::vector<Values>>()) {
    if (!cell.state.empty()) break;
    state.insert(state.end(), part.begin(), part.end());
  }
  // Of two layers the last one's state is the second half.
  const size_t own = tape.nodes.back().state.size();
  ExpectNear(tape.nodes.back().state,
             Values(state.end() - static_cast<ptrdiff_t>(own), state.end()), "last state");
  for (const GoldenTensor& tensor : cell.tensors) {
    const T* gradient = TensorIn(network, tensor.name, &gradients);
    ExpectNear(std::vector<T>(gradient, gradient + tensor.values.size()), tensor.gradient,
               "gradient of " + tensor.name);
  }
}

void ExpectGolden(const GoldenCell& cell) {
  ExpectGoldenIn<double>(cell);
  ExpectGoldenIn<float>(cell);
}

// PyTorch's four parameters of layer number `layer`, the biases added for cells with one.
void AddTorchLayer(const std::string& layer_name, size_t layer, size_t gates, size_t in,
                   bool two_biases, GoldenCell* cell) {
  const auto& gradients = Golden(cell->name).at("grads");
  const auto gradient = [&](const char* what) -> Values {
    return gradients.at(what + std::string("_l") + std::to_string(layer));
  };
  const size_t first = 4 * layer, width = gates * kUnits;
  cell->tensors.push_back(
      {layer_name + ".weight_input", Parameter(first, width * in), gradient("weight_ih")});
  cell->tensors.push_back(
      {layer_name + ".weight_state", Parameter(first + 1, width * kUnits), gradient("weight_hh")});
  const Values input = Parameter(first + 2, width), state = Parameter(first + 3, width);
  if (two_biases) {
    cell->tensors.push_back({layer_name + ".bias_input", input, gradient("bias_ih")});
    cell->tensors.push_back({layer_name + ".bias_state", state, gradient("bias_hh")});
  } else {
    cell->tensors.push_back({layer_name + ".bias", Sum(input, state), gradient("bias_ih")});
  }
}

TEST(Golden, RnnTanh) {
  GoldenCell cell{"rnn_tanh", "layers { name: 'l' rnn { units: 4 } }", {}};
  AddTorchLayer("l", 0, 1, kIn, false, &cell);
  ExpectGolden(cell);
}

TEST(Golden, RnnRelu) {
  GoldenCell cell{"rnn_relu", "layers { name: 'l' rnn { units: 4 activation: 'relu' } }", {}};
  AddTorchLayer("l", 0, 1, kIn, false, &cell);
  ExpectGolden(cell);
}

TEST(Golden, Lstm) {
  GoldenCell cell{"lstm", "layers { name: 'l' lstm { units: 4 } }", {}};
  AddTorchLayer("l", 0, 4, kIn, false, &cell);
  ExpectGolden(cell);
}

TEST(Golden, GruResetAfter) {
  GoldenCell cell{"gru_torch(reset_after)", "layers { name: 'l' gru { units: 4 } }", {}};
  AddTorchLayer("l", 0, 3, kIn, true, &cell);
  ExpectGolden(cell);
}

TEST(Golden, GruOfTwoLayers) {
  GoldenCell cell{"gru_2layer",
                  "layers { name: 'k' gru { units: 4 } } layers { name: 'l' gru { units: 4 } }",
                  {}};
  AddTorchLayer("k", 0, 3, kIn, true, &cell);
  AddTorchLayer("l", 1, 3, kUnits, true, &cell);
  ExpectGolden(cell);
}

// The textbook's: reset before the product, z takes the new, no bias, weights over [h, x].
TEST(Golden, GruOfTheTextbook) {
  GoldenCell cell{
      "gru_article([h,x] concat, no bias, h=(1-z)h+z*hh)",
      "layers { name: 'l' gru { units: 4 reset: 'before' update_gate: 'take_new' bias: false } }",
      {}};
  std::vector<Values> rzn, gradients;
  for (const char* gate : {"Wr", "Wz", "W"}) {
    rzn.push_back(Parameter(rzn.size(), kUnits * (kUnits + kIn)));
    gradients.push_back(Golden(cell.name).at("grads").at(gate));
  }
  cell.tensors = {{"l.weight_state", Columns(rzn, 0, kUnits), Columns(gradients, 0, kUnits)},
                  {"l.weight_input", Columns(rzn, kUnits, kIn), Columns(gradients, kUnits, kIn)}};
  ExpectGolden(cell);
}

// The textbook's: gates f, i, C, o with a matrix over [h, x] and a bias each.
TEST(Golden, LstmOfTheTextbook) {
  GoldenCell cell{"lstm_article([h,x] concat)", "layers { name: 'l' lstm { units: 4 } }", {}};
  const auto& golden = Golden(cell.name).at("grads");
  std::vector<Values> ifgo, gradients;
  Values bias, bias_gradient;
  const std::string order = "fiCo";
  for (const char gate : std::string("ifCo")) {
    const size_t place = order.find(gate);
    ifgo.push_back(Parameter(2 * place, kUnits * (kUnits + kIn)));
    gradients.push_back(golden.at(std::string("W") + gate));
    const Values own = Parameter(2 * place + 1, kUnits);
    const Values own_gradient = golden.at(std::string("b") + gate);
    bias.insert(bias.end(), own.begin(), own.end());
    bias_gradient.insert(bias_gradient.end(), own_gradient.begin(), own_gradient.end());
  }
  cell.tensors = {{"l.weight_state", Columns(ifgo, 0, kUnits), Columns(gradients, 0, kUnits)},
                  {"l.weight_input", Columns(ifgo, kUnits, kIn), Columns(gradients, kUnits, kIn)},
                  {"l.bias", bias, bias_gradient}};
  ExpectGolden(cell);
}

TEST(Golden, LstmWithAProjection) {
  GoldenCell cell{"lstm_proj2", "layers { name: 'l' lstm { units: 4 projection: 2 } }", {}, 2};
  const auto& gradients = Golden(cell.name).at("grads");
  const Values bias = Sum(Parameter(2, 4 * kUnits), Parameter(3, 4 * kUnits));
  cell.tensors = {{"l.weight_input", Parameter(0, 4 * kUnits * kIn), gradients.at("weight_ih_l0")},
                  {"l.weight_state", Parameter(1, 4 * kUnits * 2), gradients.at("weight_hh_l0")},
                  {"l.bias", bias, gradients.at("bias_ih_l0")},
                  {"l.projection", Parameter(4, 2 * kUnits), gradients.at("weight_hr_l0")}};
  ExpectGolden(cell);
}

TEST(Golden, IndRnn) {
  GoldenCell cell{"indrnn_relu", "layers { name: 'l' indrnn { units: 4 } }", {}};
  const auto& gradients = Golden(cell.name).at("grads");
  cell.tensors = {{"l.weight_input", Parameter(0, kUnits * kIn), gradients.at("W")},
                  {"l.recurrent", Parameter(1, kUnits), gradients.at("u")},
                  {"l.bias", Parameter(2, kUnits), gradients.at("b")}};
  ExpectGolden(cell);
}

// Its state is the last input, then c.
TEST(Golden, Qrnn) {
  GoldenCell cell{
      "qrnn_k2_fo([x_{t-1};x_t] columns)", "layers { name: 'l' qrnn { units: 4 window: 2 } }", {}};
  const auto& golden = Golden(cell.name);
  cell.tensors = {{"l.weight", Parameter(0, 3 * kUnits * 2 * kIn), golden.at("grads").at("W")},
                  {"l.bias", Parameter(1, 3 * kUnits), golden.at("grads").at("b")}};
  const Values inputs = Input<double>(kSteps * kRows * kIn);
  cell.state.assign(inputs.end() - kRows * kIn, inputs.end());
  const Values c = golden.at("final").at(1);
  cell.state.insert(cell.state.end(), c.begin(), c.end());
  ExpectGolden(cell);
}

template <typename T>
void ExpectGoldenCrossEntropy(const char* name, const std::vector<int32_t>& labels,
                              double normaliser, const ClassLoss& of_class) {
  const auto& golden = Golden(name);
  // Five classes from five columns that are passed on.
  v1::ModelConfig config = FeatureContents("heads { name: 'y' softmax { classes: 5 } }").config;
  for (const char* name : {"d", "e"}) {
    config.mutable_inputs(0)->mutable_features()->add_columns()->set_name(name);
  }
  Network<T> network(*ResolveGraph(config));
  T* weight = TensorIn(network, "y.weight", &network.parameters());
  for (size_t i = 0; i < 5; ++i) weight[6 * i] = 1;
  network.SetClassLosses({of_class});
  network.Prepare();
  Chunk<T> chunk;
  chunk.steps = 4;
  chunk.rows = 1;
  chunk.features = Input<T>(20);
  chunk.classes = {labels};
  chunk.targets.resize(1);
  Tape<T> tape;
  network.ResetTape(1, &tape);
  std::vector<T> gradients(network.parameter_count(), T(0));
  const double loss =
      network.Run(chunk, {normaliser}, {}, /*training=*/true, &tape, gradients.data());
  EXPECT_NEAR(loss, golden.at("loss").get<double>(), kTolerance<T>);
  ExpectNear(tape.nodes[0].dy, golden.at("dx"), "dx");
}

TEST(Golden, SoftmaxCrossEntropyWithAMaskedStep) {
  const std::vector<int32_t> labels = {0, 2, -1, 4};
  ExpectGoldenCrossEntropy<double>("softmax_ce_ignore_index", labels, 1.0 / 3, {});
  ExpectGoldenCrossEntropy<float>("softmax_ce_ignore_index", labels, 1.0 / 3, {});
}

TEST(Golden, SoftmaxCrossEntropyWithSmoothedLabels) {
  const std::vector<int32_t> labels = {0, 2, 1, 4};
  const ClassLoss smoothed = {.smoothing = 0.1, .weights = {}};
  ExpectGoldenCrossEntropy<double>("softmax_ce_label_smoothing_0.1", labels, 0.25, smoothed);
  ExpectGoldenCrossEntropy<float>("softmax_ce_label_smoothing_0.1", labels, 0.25, smoothed);
}

TEST(Golden, LeakyRelu) {
  Values y(6);
  for (size_t i = 0; i < y.size(); ++i) y[i] = static_cast<double>(i) - 2.5;
  std::vector<float> fast(y.begin(), y.end());
  Apply(kernels::Function::kLeakyRelu, y.size(), y.data(), y.data());
  Apply(kernels::Function::kLeakyRelu, fast.size(), fast.data(), fast.data());
  ExpectNear(y, Golden("leaky_relu_0.01"), "in double");
  ExpectNear(fast, Golden("leaky_relu_0.01"), "in float");
}

template <typename T>
void ExpectGoldenClipping(double epsilon, const char* which) {
  const auto& golden = Golden("clip_by_global_norm_article");
  std::vector<T> gradients;
  for (int i = 0; i < 10; ++i) gradients.push_back(i % 2 == 0 ? T(10) : T(100));
  v1::Clip clip;
  clip.set_global_norm(15);
  clip.set_epsilon(epsilon);
  const double norm = std::sqrt(SumOfSquares<T>(gradients));
  EXPECT_NEAR(norm, golden.at("global_norm").get<double>(), kTolerance<T>);
  ClipValues<T>(clip, ClipScale(clip, norm), gradients);
  const Values expected = golden.at(which);
  for (size_t i = 0; i < gradients.size(); i += 2) {
    ExpectNear(std::vector<T>(gradients.begin() + static_cast<ptrdiff_t>(i),
                              gradients.begin() + static_cast<ptrdiff_t>(i) + 2),
               expected, which);
  }
}

TEST(Golden, ClippingByTheGlobalNorm) {
  ExpectGoldenClipping<double>(0, "tf_formula_each");
  ExpectGoldenClipping<float>(0, "tf_formula_each");
}

TEST(Golden, ClippingWithPyTorchsEpsilon) {
  ExpectGoldenClipping<double>(1e-6, "torch_each");
  ExpectGoldenClipping<float>(1e-6, "torch_each");
}

}  // namespace
}  // namespace sequent::train
