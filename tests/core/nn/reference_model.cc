#include "tests/core/nn/reference_model.h"

#include <algorithm>
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
  for (const Node& node : graph.nodes) {
    h_.emplace_back(node.width, 0.0);
    c_.emplace_back(node.units, 0.0);
    before_.emplace_back();
    if (node.kind != NodeKind::kQrnn) continue;
    before_.back().assign(node.window - 1, Vector(graph.nodes[node.inputs[0]].width, 0.0));
  }
}

std::vector<std::vector<std::vector<double>>> ReferenceModel::Run(size_t steps,
                                                                  const int32_t* tokens,
                                                                  const float* features) {
  std::vector<std::vector<Vector>> all;
  for (size_t i = 0; i < graph_.nodes.size(); ++i) {
    all.push_back(RunSteps(i, steps, tokens, features, all));
  }
  std::vector<std::vector<Vector>> said(steps);
  for (size_t t = 0; t < steps; ++t) {
    for (const HeadNode& head : graph_.heads) {
      values_[head.input] = all[head.input][std::min(t, all[head.input].size() - 1)];
      said[t].push_back(RunHead(head));
    }
  }
  return said;
}

std::vector<ReferenceModel::Vector> ReferenceModel::RunSteps(
    size_t index, size_t steps, const int32_t* tokens, const float* features,
    const std::vector<std::vector<Vector>>& all) {
  const Node& node = graph_.nodes[index];
  std::vector<Vector> y;
  if (node.kind == NodeKind::kInput) {
    for (size_t t = 0; t < steps; ++t) y.push_back(RunNode(index, 0, features + t * node.width));
    return y;
  }
  const std::vector<Vector>& x = all[node.inputs[0]];
  if (node.kind == NodeKind::kReverse) return {x.rbegin(), x.rend()};
  if (node.kind == NodeKind::kConv1d) return Conv1d(node, x);
  if (node.kind == NodeKind::kPool && !graph_.streamable) return {Pool(node, x)};
  for (size_t t = 0; t < x.size(); ++t) {
    for (const size_t input : node.inputs) values_[input] = all[input][t];
    y.push_back(RunNode(index, node.kind == NodeKind::kEmbedding ? tokens[t] : 0, nullptr));
  }
  return y;
}

std::vector<ReferenceModel::Vector> ReferenceModel::Conv1d(const Node& node,
                                                           const std::vector<Vector>& x) const {
  const size_t trimmed = node.trimmed - graph_.nodes[node.inputs[0]].trimmed;
  std::vector<Vector> y;
  for (size_t t = 0; t == 0 || t + trimmed < x.size(); ++t) {
    Vector joined;
    for (size_t k = 0; k < node.window; ++k) {
      const size_t at = t + k;
      const bool there = at >= node.before && at - node.before < x.size();
      const Vector part = there ? x[at - node.before] : Vector(x[0].size(), 0.0);
      joined.insert(joined.end(), part.begin(), part.end());
    }
    y.push_back(Times(node.name + ".weight", joined, 0, node.width));
    for (size_t j = 0; j < node.width; ++j) y.back()[j] += At(node.name + ".bias", j);
  }
  return y;
}

ReferenceModel::Vector ReferenceModel::Pool(const Node& node, const std::vector<Vector>& x) const {
  Vector y = x.back();
  switch (node.pool) {
    case PoolKind::kLast:
      break;
    case PoolKind::kFinalStates:
      for (size_t j = *graph_.nodes[node.inputs[0]].forward_columns; j < y.size(); ++j) {
        y[j] = x[0][j];
      }
      break;
    case PoolKind::kMean:
      for (size_t j = 0; j < y.size(); ++j) {
        y[j] = 0;
        for (const Vector& v : x) y[j] += v[j] / static_cast<double>(x.size());
      }
      break;
    case PoolKind::kMax:
      for (const Vector& v : x) {
        for (size_t j = 0; j < y.size(); ++j) y[j] = std::max(y[j], v[j]);
      }
      break;
    case PoolKind::kAttention:
      return AttentionPool(node, x);
    case PoolKind::kPositions:
      y.clear();
      for (const int64_t position : node.positions) {
        const int64_t t = position < 0 ? position + static_cast<int64_t>(x.size()) : position;
        const bool there = t >= 0 && t < static_cast<int64_t>(x.size());
        const Vector part = there ? x[static_cast<size_t>(t)] : Vector(x[0].size(), 0.0);
        y.insert(y.end(), part.begin(), part.end());
      }
      break;
  }
  return y;
}

ReferenceModel::Vector ReferenceModel::AttentionPool(const Node& node,
                                                     const std::vector<Vector>& x) const {
  Vector weights;
  double sum = 0;
  for (const Vector& v : x) {
    Vector hidden = Times(node.name + ".weight", v, 0, v.size());
    for (size_t j = 0; j < v.size(); ++j) {
      hidden[j] = std::tanh(hidden[j] + At(node.name + ".bias", j));
    }
    weights.push_back(std::exp(Times(node.name + ".query", hidden, 0, 1)[0]));
    sum += weights.back();
  }
  Vector y(x[0].size(), 0.0);
  for (size_t t = 0; t < x.size(); ++t) {
    for (size_t j = 0; j < y.size(); ++j) y[j] += weights[t] / sum * x[t][j];
  }
  return y;
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
    case NodeKind::kIndRnn:
      return IndRnn(node, x, &h_[index]);
    case NodeKind::kQrnn:
      return Qrnn(node, x, &before_[index], &c_[index]);
    case NodeKind::kActivation:
      for (double v : x) y.push_back(Apply(node.activation, v));
      break;
    case NodeKind::kConv1d:
    case NodeKind::kReverse:
      break;  // RunSteps
    case NodeKind::kDropout:
    case NodeKind::kPool:  // `last` of each step
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
  const size_t n = node.units;
  const Vector a = Gates(node, x, *h);
  const auto seen = [&](size_t gate, size_t j) {
    return node.peepholes ? At(node.name + ".peephole", gate * n + j) * (*c)[j] : 0;
  };
  Vector m(n);
  for (size_t j = 0; j < n; ++j) {
    const double i = Sigmoid(a[j] + seen(0, j)), f = Sigmoid(a[n + j] + seen(1, j));
    (*c)[j] = f * (*c)[j] + i * std::tanh(a[2 * n + j]);
    const double o = Sigmoid(a[3 * n + j] + seen(2, j));
    m[j] = o * std::tanh((*c)[j]);
  }
  return *h = node.projection ? Times(node.name + ".projection", m, 0, node.width) : m;
}

ReferenceModel::Vector ReferenceModel::IndRnn(const Node& node, const Vector& x, Vector* h) const {
  const Vector wx = Times(node.name + ".weight_input", x, 0, node.width);
  for (size_t j = 0; j < node.width; ++j) {
    const double sum =
        wx[j] + At(node.name + ".bias", j) + At(node.name + ".recurrent", j) * (*h)[j];
    (*h)[j] = sum > 0 ? sum : 0;
  }
  return *h;
}

ReferenceModel::Vector ReferenceModel::Qrnn(const Node& node, const Vector& x,
                                            std::deque<Vector>* before, Vector* c) const {
  Vector joined;
  for (const Vector& input : *before) joined.insert(joined.end(), input.begin(), input.end());
  joined.insert(joined.end(), x.begin(), x.end());
  before->push_back(x);
  before->pop_front();
  const size_t n = node.width;
  const Vector a = Times(node.name + ".weight", joined, 0, 3 * n);
  const auto bias = [&](size_t i) { return At(node.name + ".bias", i); };
  Vector y(n);
  for (size_t j = 0; j < n; ++j) {
    const double z = std::tanh(a[j] + bias(j)), f = Sigmoid(a[n + j] + bias(n + j));
    (*c)[j] = f * (*c)[j] + (1 - f) * z;
    y[j] = Sigmoid(a[2 * n + j] + bias(2 * n + j)) * (*c)[j];
  }
  return y;
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
  const std::string owner = head.tied_to ? graph_.nodes[*head.tied_to].name : head.name;
  Vector y = Times(owner + ".weight", values_[head.input], 0, head.outputs);
  for (size_t j = 0; j < head.outputs; ++j) {
    y[j] += At(head.name + ".bias", j);
    const bool deviation = head.kind == HeadKind::kGaussian && j >= head.outputs / 2;
    if (deviation) y[j] = std::log1p(std::exp(y[j])) + 1e-6;
  }
  return y;
}

}  // namespace sequent
