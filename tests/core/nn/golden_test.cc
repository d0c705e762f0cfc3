// Recurrent cells against vectors computed by another library (tests/golden/gen.py).
//
// Parameter i there, in order of registration, is filled row-major with 0.5 sin(0.37 k + i + 1),
// inputs with sin(0.11 k). Its weights are rearranged here into this project's gate order.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/core/nn/nn_testing.h"

namespace sequent {
namespace {

constexpr size_t kSteps = 5, kRows = 2, kIn = 3, kUnits = 4;

std::vector<double> Parameter(size_t i, size_t size) {
  std::vector<double> values(size);
  for (size_t k = 0; k < size; ++k) values[k] = 0.5 * std::sin(0.37 * k + i + 1);
  return values;
}

using Floats = AlignedVector<float>;

Floats ToFloats(const std::vector<double>& values) { return {values.begin(), values.end()}; }

Floats Sum(const std::vector<double>& a, const std::vector<double>& b) {
  Floats sum;
  for (size_t i = 0; i < a.size(); ++i) sum.push_back(static_cast<float>(a[i] + b[i]));
  return sum;
}

// Columns first .. first + count - 1 of [kUnits, kUnits + kIn] matrices over [h, x], joined by
// rows.
Floats Columns(const std::vector<std::vector<double>>& gates, size_t first, size_t count) {
  Floats joined;
  for (const auto& gate : gates) {
    for (size_t o = 0; o < kUnits; ++o) {
      for (size_t i = 0; i < count; ++i) {
        joined.push_back(static_cast<float>(gate[o * (kUnits + kIn) + first + i]));
      }
    }
  }
  return joined;
}

// A model whose logits are the outputs of its last layer, 'l', `width` of them.
ModelContents WithIdentityHead(const std::string& layers, size_t width = kUnits) {
  ModelContents contents = FeatureContents(
      layers + " heads { name: 'y' softmax { classes: " + std::to_string(width) + " } }");
  Floats& weight = contents.tensors.at("y.weight").values;
  for (size_t i = 0; i < weight.size(); ++i) weight[i] = i % (width + 1) == 0 ? 1 : 0;
  contents.tensors.at("y.bias").values.assign(width, 0);
  return contents;
}

void Set(ModelContents* contents, const std::string& name, Floats values) {
  Floats& target = contents->tensors.at(name).values;
  ASSERT_EQ(target.size(), values.size()) << name;
  target = std::move(values);
}

// PyTorch's four parameters of layer number `layer`, the biases added for cells with one.
void SetTorchWeights(ModelContents* contents, const std::string& name, size_t layer, size_t gates,
                     size_t in) {
  const size_t first = 4 * layer;
  Set(contents, name + ".weight_input", ToFloats(Parameter(first, gates * kUnits * in)));
  Set(contents, name + ".weight_state", ToFloats(Parameter(first + 1, gates * kUnits * kUnits)));
  const auto input = Parameter(first + 2, gates * kUnits);
  const auto state = Parameter(first + 3, gates * kUnits);
  if (contents->tensors.count(name + ".bias") > 0) {
    Set(contents, name + ".bias", Sum(input, state));
  } else {
    Set(contents, name + ".bias_input", ToFloats(input));
    Set(contents, name + ".bias_state", ToFloats(state));
  }
}

void ExpectGolden(const std::string& name, ModelContents contents, size_t width = kUnits) {
  std::ifstream file("tests/golden/golden.json");
  ASSERT_TRUE(file.good()) << "run from the source root";
  const auto golden = nlohmann::json::parse(file);
  const std::vector<double> expected = golden.at(name).at("y");
  ASSERT_EQ(expected.size(), kSteps * kRows * width);
  const auto model = MakeModel(std::move(contents));
  for (size_t row = 0; row < kRows; ++row) {
    Sequence sequence{.steps = kSteps, .tokens = {}, .features = {}};
    for (size_t t = 0; t < kSteps; ++t) {
      for (size_t i = 0; i < kIn; ++i) {
        const double k = static_cast<double>((t * kRows + row) * kIn + i);
        sequence.features.push_back(static_cast<float>(std::sin(0.11 * k)));
      }
    }
    Player player(*model, sequence);
    player.PlayAll();
    for (size_t t = 0; t < kSteps; ++t) {
      for (size_t j = 0; j < width; ++j) {
        EXPECT_NEAR(player.outputs(0)[t * width + j], expected[(t * kRows + row) * width + j], 1e-5)
            << "row " << row << ", step " << t << ", unit " << j;
      }
    }
  }
}

TEST(Golden, RnnTanh) {
  auto contents = WithIdentityHead("layers { name: 'l' rnn { units: 4 } }");
  SetTorchWeights(&contents, "l", 0, 1, kIn);
  ExpectGolden("rnn_tanh", contents);
}

TEST(Golden, RnnRelu) {
  auto contents = WithIdentityHead("layers { name: 'l' rnn { units: 4 activation: 'relu' } }");
  SetTorchWeights(&contents, "l", 0, 1, kIn);
  ExpectGolden("rnn_relu", contents);
}

TEST(Golden, Lstm) {
  auto contents = WithIdentityHead("layers { name: 'l' lstm { units: 4 } }");
  SetTorchWeights(&contents, "l", 0, 4, kIn);
  ExpectGolden("lstm", contents);
}

TEST(Golden, GruResetAfter) {
  auto contents = WithIdentityHead("layers { name: 'l' gru { units: 4 } }");
  SetTorchWeights(&contents, "l", 0, 3, kIn);
  ExpectGolden("gru_torch(reset_after)", contents);
}

TEST(Golden, GruOfTwoLayers) {
  auto contents = WithIdentityHead(
      "layers { name: 'k' gru { units: 4 } } layers { name: 'l' gru { units: 4 } }");
  SetTorchWeights(&contents, "k", 0, 3, kIn);
  SetTorchWeights(&contents, "l", 1, 3, kUnits);
  ExpectGolden("gru_2layer", contents);
}

// The textbook's: reset before the product, z takes the new, no bias, weights over [h, x].
TEST(Golden, GruOfTheTextbook) {
  auto contents = WithIdentityHead(
      "layers { name: 'l' gru { units: 4 reset: 'before' update_gate: 'take_new' bias: false } }");
  std::vector<std::vector<double>> rzn;
  for (size_t i = 0; i < 3; ++i) rzn.push_back(Parameter(i, kUnits * (kUnits + kIn)));
  Set(&contents, "l.weight_state", Columns(rzn, 0, kUnits));
  Set(&contents, "l.weight_input", Columns(rzn, kUnits, kIn));
  ExpectGolden("gru_article([h,x] concat, no bias, h=(1-z)h+z*hh)", contents);
}

// The textbook's: gates f, i, C, o with a matrix over [h, x] and a bias each.
TEST(Golden, LstmOfTheTextbook) {
  auto contents = WithIdentityHead("layers { name: 'l' lstm { units: 4 } }");
  std::vector<std::vector<double>> ifgo;
  Floats bias;
  for (size_t gate : {1, 0, 2, 3}) {
    ifgo.push_back(Parameter(2 * gate, kUnits * (kUnits + kIn)));
    for (double b : Parameter(2 * gate + 1, kUnits)) bias.push_back(static_cast<float>(b));
  }
  Set(&contents, "l.weight_state", Columns(ifgo, 0, kUnits));
  Set(&contents, "l.weight_input", Columns(ifgo, kUnits, kIn));
  Set(&contents, "l.bias", bias);
  ExpectGolden("lstm_article([h,x] concat)", contents);
}

TEST(Golden, LstmWithAProjection) {
  constexpr size_t kWidth = 2;
  auto contents = WithIdentityHead("layers { name: 'l' lstm { units: 4 projection: 2 } }", kWidth);
  Set(&contents, "l.weight_input", ToFloats(Parameter(0, 4 * kUnits * kIn)));
  Set(&contents, "l.weight_state", ToFloats(Parameter(1, 4 * kUnits * kWidth)));
  Set(&contents, "l.bias", Sum(Parameter(2, 4 * kUnits), Parameter(3, 4 * kUnits)));
  Set(&contents, "l.projection", ToFloats(Parameter(4, kWidth * kUnits)));
  ExpectGolden("lstm_proj2", contents, kWidth);
}

TEST(Golden, IndRnn) {
  auto contents = WithIdentityHead("layers { name: 'l' indrnn { units: 4 } }");
  Set(&contents, "l.weight_input", ToFloats(Parameter(0, kUnits * kIn)));
  Set(&contents, "l.recurrent", ToFloats(Parameter(1, kUnits)));
  Set(&contents, "l.bias", ToFloats(Parameter(2, kUnits)));
  ExpectGolden("indrnn_relu", contents);
}

TEST(Golden, Qrnn) {
  auto contents = WithIdentityHead("layers { name: 'l' qrnn { units: 4 window: 2 } }");
  Set(&contents, "l.weight", ToFloats(Parameter(0, 3 * kUnits * 2 * kIn)));
  Set(&contents, "l.bias", ToFloats(Parameter(1, 3 * kUnits)));
  ExpectGolden("qrnn_k2_fo([x_{t-1};x_t] columns)", contents);
}

}  // namespace
}  // namespace sequent
