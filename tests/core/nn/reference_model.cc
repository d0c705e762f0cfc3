#include "tests/core/nn/reference_model.h"

#include <cmath>

namespace sequent {
namespace {

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

double Apply(ActivationKind kind, double x) {
  switch (kind) {
    case ActivationKind::kTanh:
      return std::tanh(x);
    case ActivationKind::kSigmoid:
      return Sigmoid(x);
    case ActivationKind::kRelu:
      return x > 0 ? x : 0;
    case ActivationKind::kLeakyRelu:
      return x > 0 ? x : 0.01 * x;
  }
  return x;
}

}  // namespace

ReferenceModel::ReferenceModel(const Graph& graph, const TensorMap& tensors)
    : graph_(graph), tensors_(tensors), values_(graph.nodes.size()) {
  for (const Node& node : graph.nodes) h_.emplace_back(node.width, 0.0);
  c_ = h_;
}

std::vector<std::vector<double>> ReferenceModel::Step(int32_t token, const float* features) {
  for (size_t i = 0; i < graph_.nodes.size(); ++i) values_[i] = RunNode(i, token, features);
  std::vector<Vector> heads;
  for (const HeadNode& head : graph_.heads) heads.push_back(RunHead(head));
  return heads;
}

double ReferenceModel::At(const std::string& vector, size_t i) const {
  return tensors_.at(vector).values.at(i);
}

ReferenceModel::Vector ReferenceModel::Times(const std::string& matrix, const Vector& x,
                                             size_t first, size_t count) const {
  Vector y(count, 0.0);
  for (size_t o = 0; o < count; ++o) {
    for (size_t i = 0; i < x.size(); ++i) y[o] += At(matrix, (first + o) * x.size() + i) * x[i];
  }
  return y;
}

ReferenceModel::Vector ReferenceModel::RunNode(size_t index, int32_t token, const float* features) {
  const Node& node = graph_.nodes[index];
  Vector y;
  if (node.kind == NodeKind::kInput) {
    if (node.tokens == 0) y.assign(features, features + node.width);
    return y;
  }
  const Vector& x = values_[node.inputs[0]];
  switch (node.kind) {
    case NodeKind::kInput:
      break;
    case NodeKind::kEmbedding:
      for (size_t j = 0; j < node.width; ++j) {
        y.push_back(At(node.name + ".weight", static_cast<size_t>(token) * node.width + j));
      }
      break;
    case NodeKind::kDense:
      y = Times(node.name + ".weight", x, 0, node.width);
      for (size_t j = 0; node.bias && j < node.width; ++j) y[j] += At(node.name + ".bias", j);
      break;
    case NodeKind::kRnn:
      return Rnn(node, x, &h_[index]);
    case NodeKind::kLstm:
      return Lstm(node, x, &h_[index], &c_[index]);
    case NodeKind::kGru:
      return node.reset_after ? GruAfter(node, x, &h_[index]) : GruBefore(node, x, &h_[index]);
    case NodeKind::kActivation:
      for (double v : x) y.push_back(Apply(node.activation, v));
      break;
    case NodeKind::kDropout:
      y = x;
      break;
    case NodeKind::kConcat:
      for (size_t in : node.inputs) y.insert(y.end(), values_[in].begin(), values_[in].end());
      break;
    case NodeKind::kAdd:
      y.assign(node.width, 0.0);
      for (size_t in : node.inputs) {
        for (size_t j = 0; j < node.width; ++j) y[j] += values_[in][j];
      }
      break;
  }
  return y;
}

ReferenceModel::Vector ReferenceModel::Gates(const Node& node, const Vector& x,
                                             const Vector& h) const {
  const size_t count = tensors_.at(node.name + ".bias").values.size();
  const Vector wx = Times(node.name + ".weight_input", x, 0, count);
  const Vector uh = Times(node.name + ".weight_state", h, 0, count);
  Vector a(count);
  for (size_t j = 0; j < count; ++j) a[j] = wx[j] + uh[j] + At(node.name + ".bias", j);
  return a;
}

ReferenceModel::Vector ReferenceModel::Rnn(const Node& node, const Vector& x, Vector* h) const {
  Vector next = Gates(node, x, *h);
  for (double& v : next) v = Apply(node.activation, v);
  return *h = next;
}

ReferenceModel::Vector ReferenceModel::Lstm(const Node& node, const Vector& x, Vector* h,
                                            Vector* c) const {
  const size_t n = node.width;
  const Vector a = Gates(node, x, *h);
  for (size_t j = 0; j < n; ++j) {
    const double i = Sigmoid(a[j]), f = Sigmoid(a[n + j]);
    const double g = std::tanh(a[2 * n + j]), o = Sigmoid(a[3 * n + j]);
    (*c)[j] = f * (*c)[j] + i * g;
    (*h)[j] = o * std::tanh((*c)[j]);
  }
  return *h;
}

ReferenceModel::Vector ReferenceModel::GruAfter(const Node& node, const Vector& x,
                                                Vector* h) const {
  const size_t n = node.width;
  Vector wx = Times(node.name + ".weight_input", x, 0, 3 * n);
  Vector uh = Times(node.name + ".weight_state", *h, 0, 3 * n);
  for (size_t j = 0; node.bias && j < 3 * n; ++j) {
    wx[j] += At(node.name + ".bias_input", j);
    uh[j] += At(node.name + ".bias_state", j);
  }
  for (size_t j = 0; j < n; ++j) {
    const double r = Sigmoid(wx[j] + uh[j]), z = Sigmoid(wx[n + j] + uh[n + j]);
    const double candidate = std::tanh(wx[2 * n + j] + r * uh[2 * n + j]);
    const double old = node.keep_old ? z : 1 - z;
    (*h)[j] = old * (*h)[j] + (1 - old) * candidate;
  }
  return *h;
}

ReferenceModel::Vector ReferenceModel::GruBefore(const Node& node, const Vector& x,
                                                 Vector* h) const {
  const size_t n = node.width;
  Vector a = Times(node.name + ".weight_input", x, 0, 3 * n);
  for (size_t j = 0; node.bias && j < 3 * n; ++j) a[j] += At(node.name + ".bias", j);
  const Vector u_rz = Times(node.name + ".weight_state", *h, 0, 2 * n);
  Vector rh(n);
  for (size_t j = 0; j < n; ++j) rh[j] = Sigmoid(a[j] + u_rz[j]) * (*h)[j];
  const Vector u_n = Times(node.name + ".weight_state", rh, 2 * n, n);
  for (size_t j = 0; j < n; ++j) {
    const double z = Sigmoid(a[n + j] + u_rz[n + j]);
    const double candidate = std::tanh(a[2 * n + j] + u_n[j]);
    const double old = node.keep_old ? z : 1 - z;
    (*h)[j] = old * (*h)[j] + (1 - old) * candidate;
  }
  return *h;
}

ReferenceModel::Vector ReferenceModel::RunHead(const HeadNode& head) const {
  Vector y = Times(head.name + ".weight", values_[head.input], 0, head.outputs);
  for (size_t j = 0; j < head.outputs; ++j) {
    y[j] += At(head.name + ".bias", j);
    const bool deviation = head.has_scale() && j >= head.outputs / 2;
    if (deviation) y[j] = std::log1p(std::exp(y[j])) + 1e-6;
  }
  return y;
}

}  // namespace sequent
