// Layers along a sequence against vectors computed by another library (tests/golden/gen.py):
// outputs, and the gradients of weights and inputs.
//
// Parameter i there, in order of registration, is filled row-major with 0.5 sin(0.37 k + i + 1),
// inputs with sin(0.11 k); the loss is sum(y w), w = cos(0.23 k).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/model/graph.h"
#include "core/train/network.h"
#include "google/protobuf/text_format.h"
#include "tests/support/models.h"

namespace sequent::train {
namespace {

using Values = std::vector<double>;

template <typename T>
constexpr double kTolerance = sizeof(T) == 8 ? 1e-9 : 1e-5;

const nlohmann::json& Golden(const std::string& name) {
  static const nlohmann::json all = [] {
    std::ifstream file("tests/golden/golden.json");
    EXPECT_TRUE(file.good()) << "run from the source root";
    return nlohmann::json::parse(file);
  }();
  return all.at(name);
}

Values Parameter(size_t i, size_t size) {
  Values values(size);
  for (size_t k = 0; k < size; ++k) values[k] = 0.5 * std::sin(0.37 * k + i + 1);
  return values;
}

Values Filled(size_t size, double (*f)(double), double by) {
  Values values(size);
  for (size_t k = 0; k < size; ++k) values[k] = f(by * static_cast<double>(k));
  return values;
}
Values X(size_t size) {
  return Filled(size, [](double v) { return std::sin(v); }, 0.11);
}
Values W(size_t size) {
  return Filled(size, [](double v) { return std::cos(v); }, 0.23);
}

Values Sum(const Values& a, const Values& b) {
  Values sum(a);
  for (size_t i = 0; i < a.size(); ++i) sum[i] += b[i];
  return sum;
}

Graph GraphOf(size_t inputs, const std::string& layers) {
  std::vector<std::string> columns;
  for (size_t i = 0; i < inputs; ++i) columns.push_back(std::string(1, static_cast<char>('a' + i)));
  v1::ModelConfig config = SeriesConfig(columns);
  EXPECT_TRUE(google::protobuf::TextFormat::MergeFromString(
      "task: 'classify' " + layers + " heads { name: 'y' softmax { classes: 2 } }", &config));
  return *ResolveGraph(config);
}

// The layers of a graph, without its head, on a tape.
template <typename T>
class Layers {
 public:
  Layers(const Graph& graph, const std::map<std::string, Values>& tensors) : graph_(graph) {
    std::vector<std::vector<size_t>> offsets(graph_.nodes.size());
    for (const TensorSpec& spec : TensorTable(graph_)) {
      const auto found = tensors.find(spec.name);
      if (found == tensors.end()) continue;  // the head's
      const std::string owner = spec.name.substr(0, spec.name.rfind('.'));
      for (size_t i = 0; i < graph_.nodes.size(); ++i) {
        if (graph_.nodes[i].name == owner) offsets[i].push_back(parameters_.size());
      }
      offset_of_[spec.name] = parameters_.size();
      parameters_.insert(parameters_.end(), found->second.begin(), found->second.end());
    }
    gradients_.assign(parameters_.size(), T(0));
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      layers_.push_back(MakeTrainLayer<T>({&graph_, i, &offsets[i]}));
      if (layers_.back() != nullptr) layers_.back()->Prepare(parameters_.data());
    }
  }

  // x: [steps, rows, inputs], dy: [steps, rows, width of the last layer].
  void Run(size_t steps, size_t rows, const Values& x, const Values& dy) {
    tape_.steps = steps;
    tape_.rows = rows;
    tape_.nodes.resize(graph_.nodes.size());
    for (size_t i = 0; i < graph_.nodes.size(); ++i) {
      NodeTape<T>& node = tape_.nodes[i];
      node.y.assign(steps * rows * graph_.nodes[i].width, T(0));
      node.dy = node.y;
      if (layers_[i] != nullptr) node.state.assign(rows * layers_[i]->state_width(), T(0));
    }
    tape_.nodes[0].y.assign(x.begin(), x.end());
    for (size_t i = 1; i < layers_.size(); ++i) layers_[i]->Forward(parameters_.data(), &tape_);
    tape_.nodes.back().dy.assign(dy.begin(), dy.end());
    for (size_t i = layers_.size(); i-- > 1;) {
      layers_[i]->Backward(parameters_.data(), &tape_, gradients_.data());
    }
  }

  double y(size_t i) const { return static_cast<double>(tape_.nodes.back().y[i]); }
  double dx(size_t i) const { return static_cast<double>(tape_.nodes[0].dy[i]); }
  Values gradient(const std::string& tensor, size_t size) const {
    const auto begin = gradients_.begin() + static_cast<ptrdiff_t>(offset_of_.at(tensor));
    return {begin, begin + static_cast<ptrdiff_t>(size)};
  }

 private:
  const Graph graph_;
  std::map<std::string, size_t> offset_of_;
  std::vector<T> parameters_, gradients_;
  std::vector<std::unique_ptr<TrainLayer<T>>> layers_;
  Tape<T> tape_;
};

template <typename T>
void ExpectClose(double got, double expected, const std::string& what, size_t i) {
  EXPECT_NEAR(got, expected, kTolerance<T> * std::max(1.0, std::abs(expected)))
      << what << ", element " << i;
}

template <typename T>
void ExpectGradients(const Layers<T>& layers, const std::map<std::string, Values>& expected) {
  for (const auto& [tensor, values] : expected) {
    const Values got = layers.gradient(tensor, values.size());
    for (size_t i = 0; i < values.size(); ++i) ExpectClose<T>(got[i], values[i], tensor, i);
  }
}

// y and dx stand in the golden case as they do on the tape.
template <typename T>
void ExpectOutputs(const Layers<T>& layers, const nlohmann::json& golden) {
  const Values y = golden.at("y"), dx = golden.at("dx");
  for (size_t i = 0; i < y.size(); ++i) ExpectClose<T>(layers.y(i), y[i], "y", i);
  for (size_t i = 0; i < dx.size(); ++i) ExpectClose<T>(layers.dx(i), dx[i], "dx", i);
}

template <typename T>
class GoldenLayer : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(GoldenLayer, Types);

TYPED_TEST(GoldenLayer, LstmOfTwoLayersInBothDirections) {
  const auto& golden = Golden("lstm_2layer_bidir");
  std::map<std::string, Values> tensors, gradients;
  size_t next = 0;
  for (const size_t layer : {0, 1}) {
    for (const bool reverse : {false, true}) {
      const std::string name =
          std::string(layer == 0 ? "k" : "l") + (reverse ? ".backward" : ".forward");
      const std::string suffix = "_l" + std::to_string(layer) + (reverse ? "_reverse" : "");
      const size_t inputs = layer == 0 ? 3 : 8;
      tensors[name + ".weight_input"] = Parameter(next, 16 * inputs);
      tensors[name + ".weight_state"] = Parameter(next + 1, 16 * 4);
      tensors[name + ".bias"] = Sum(Parameter(next + 2, 16), Parameter(next + 3, 16));
      next += 4;
      gradients[name + ".weight_input"] =
          golden.at("grads").at("weight_ih" + suffix).template get<Values>();
      gradients[name + ".weight_state"] =
          golden.at("grads").at("weight_hh" + suffix).template get<Values>();
      gradients[name + ".bias"] = golden.at("grads").at("bias_ih" + suffix).template get<Values>();
    }
  }
  Layers<TypeParam> layers(
      GraphOf(3,
              "layers { name: 'k' lstm { units: 4 direction: 'bidirectional' } } "
              "layers { name: 'l' lstm { units: 4 direction: 'bidirectional' } }"),
      tensors);
  layers.Run(5, 2, X(30), W(80));
  ExpectOutputs(layers, golden);
  ExpectGradients(layers, gradients);
}

// Channels before steps there; [O, I, k], not [O, k I].
TYPED_TEST(GoldenLayer, Conv1d) {
  constexpr size_t kRows = 2, kIn = 3, kOut = 4, kKernel = 3, kSteps = 6, kShort = 4;
  const auto& golden = Golden("conv1d_valid_k3");
  const Values x = X(kRows * kIn * kSteps), w = W(kRows * kOut * kShort);
  const Values weight = Parameter(0, kOut * kIn * kKernel), y = golden.at("y"),
               dx = golden.at("dx"), dweight = golden.at("grads").at("weight");
  Values own_x(x.size()), own_w(kSteps * kRows * kOut), own(weight.size()), own_d(weight.size());
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t i = 0; i < kIn; ++i) {
      for (size_t t = 0; t < kSteps; ++t) {
        own_x[(t * kRows + r) * kIn + i] = x[(r * kIn + i) * kSteps + t];
      }
    }
    for (size_t o = 0; o < kOut; ++o) {
      for (size_t t = 0; t < kShort; ++t) {
        own_w[(t * kRows + r) * kOut + o] = w[(r * kOut + o) * kShort + t];
      }
    }
  }
  for (size_t o = 0; o < kOut; ++o) {
    for (size_t i = 0; i < kIn; ++i) {
      for (size_t k = 0; k < kKernel; ++k) {
        own[(o * kKernel + k) * kIn + i] = weight[(o * kIn + i) * kKernel + k];
        own_d[(o * kKernel + k) * kIn + i] = dweight[(o * kIn + i) * kKernel + k];
      }
    }
  }
  Graph graph = GraphOf(kIn,
                        "layers { name: 'l' conv1d { filters: 4 kernel: 3 padding: 'valid' } } "
                        "layers { name: 'p' pool { kind: 'max' } }");
  graph.nodes.pop_back();
  Layers<TypeParam> layers(graph, {{"l.weight", own}, {"l.bias", Parameter(1, kOut)}});
  layers.Run(kSteps, kRows, own_x, own_w);
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t o = 0; o < kOut; ++o) {
      for (size_t t = 0; t < kShort; ++t) {
        ExpectClose<TypeParam>(layers.y((t * kRows + r) * kOut + o), y[(r * kOut + o) * kShort + t],
                               "y", t);
      }
    }
    for (size_t i = 0; i < kIn; ++i) {
      for (size_t t = 0; t < kSteps; ++t) {
        ExpectClose<TypeParam>(layers.dx((t * kRows + r) * kIn + i), dx[(r * kIn + i) * kSteps + t],
                               "dx", t);
      }
    }
  }
  ExpectGradients(layers, {{"l.weight", own_d},
                           {"l.bias", golden.at("grads").at("bias").template get<Values>()}});
}

}  // namespace
}  // namespace sequent::train
