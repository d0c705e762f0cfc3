#include "core/train/network.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "core/train/regression_loss.h"

namespace sequent::train {
namespace {

size_t SizeOf(const TensorSpec& spec) {
  size_t size = 1;
  for (const size_t dimension : spec.shape) size *= dimension;
  return size;
}

}  // namespace

template <typename T>
Network<T>::Network(const Graph& graph) : graph_(graph), table_(TensorTable(graph_)) {
  size_t size = 0;
  for (const TensorSpec& spec : table_) {
    offsets_.push_back(size);
    size += SizeOf(spec);
  }
  parameters_.assign(size, T(0));
  size_t tensor = 0;
  std::map<size_t, size_t> embeddings;  // where the matrix of such a node stands
  for (size_t node = 0; node < graph_.nodes.size(); ++node) {
    std::vector<size_t> own;
    const std::string prefix = graph_.nodes[node].name + ".";
    for (; tensor < table_.size() && table_[tensor].name.starts_with(prefix) &&
           graph_.nodes[node].kind != NodeKind::kInput;
         ++tensor) {
      own.push_back(offsets_[tensor]);
    }
    if (graph_.nodes[node].kind == NodeKind::kEmbedding) embeddings[node] = own[0];
    layers_.push_back(MakeTrainLayer<T>({&graph_, node, &own}));
  }
  for (const HeadNode& head : graph_.heads) {
    head_weight_.push_back(head.tied_to ? embeddings.at(*head.tied_to) : offsets_[tensor++]);
    head_bias_.push_back(offsets_[tensor++]);
  }
  head_linear_.resize(graph_.heads.size());
  class_losses_.resize(graph_.heads.size());
}

template <typename T>
void Network<T>::Prepare() {
  for (const auto& layer : layers_) {
    if (layer != nullptr) layer->Prepare(parameters_.data());
  }
  for (size_t h = 0; h < head_linear_.size(); ++h) {
    head_linear_[h].Prepare(parameters_.data() + head_weight_[h], graph_.heads[h].outputs,
                            graph_.heads[h].in_width);
  }
}

template <typename T>
void Network<T>::BeginUpdate(const DrawKey& key) {
  for (const auto& layer : layers_) {
    if (layer != nullptr) layer->BeginUpdate(parameters_.data(), key);
  }
}

template <typename T>
TensorMap Network<T>::ToTensors(const std::vector<T>& values) const {
  TensorMap tensors;
  for (size_t i = 0; i < table_.size(); ++i) {
    Tensor& tensor = tensors[table_[i].name];
    tensor.shape = table_[i].shape;
    const auto begin = values.begin() + static_cast<ptrdiff_t>(offsets_[i]);
    tensor.values.assign(begin, begin + static_cast<ptrdiff_t>(SizeOf(table_[i])));
  }
  return tensors;
}

template <typename T>
Status Network<T>::FromTensors(const TensorMap& tensors) {
  SEQ_RETURN_IF_ERROR(CheckTensors(table_, tensors));
  for (size_t i = 0; i < table_.size(); ++i) {
    const Tensor& tensor = tensors.at(table_[i].name);
    std::copy(tensor.values.begin(), tensor.values.end(),
              parameters_.begin() + static_cast<ptrdiff_t>(offsets_[i]));
  }
  return absl::OkStatus();
}

template <typename T>
void Network<T>::ResetTape(size_t rows, Tape<T>* tape) const {
  tape->rows = rows;
  tape->nodes.resize(graph_.nodes.size());
  for (size_t i = 0; i < layers_.size(); ++i) {
    const size_t width = layers_[i] == nullptr ? 0 : layers_[i]->state_width();
    tape->nodes[i].state.assign(rows * width, T(0));
  }
  tape->head_out.resize(graph_.heads.size());
  tape->head_delta.resize(graph_.heads.size());
}

template <typename T>
double Network<T>::Run(const Chunk<T>& chunk, const std::vector<double>& normaliser,
                       const DrawKey& key, bool training, Tape<T>* tape, T* gradients) const {
  tape->steps = chunk.steps;
  tape->first_row = chunk.first_row;
  tape->lengths = chunk.lengths;
  tape->tokens = chunk.tokens.data();
  tape->training = training;
  tape->key = key;
  if (!graph_.tokens()) tape->nodes[0].y = chunk.features;
  for (size_t i = 0; i < layers_.size(); ++i) {
    tape->nodes[i].dy.assign(tape->count() * graph_.nodes[i].width, T(0));
    if (layers_[i] == nullptr) continue;
    tape->nodes[i].y.resize(tape->count() * graph_.nodes[i].width);
    layers_[i]->Forward(parameters_.data(), tape);
  }
  double loss = 0;
  for (size_t h = 0; h < graph_.heads.size(); ++h) {
    loss += HeadLoss(chunk, h, normaliser[h], tape);
  }
  if (gradients == nullptr) return loss;
  for (size_t h = 0; h < graph_.heads.size(); ++h) {
    const HeadNode& head = graph_.heads[h];
    NodeTape<T>& input = tape->nodes[head.input];
    const T* delta = tape->head_delta[h].data();
    AddOuter(tape->count(), delta, head.outputs, input.y.data(), head.in_width, head.outputs,
             head.in_width, gradients + head_weight_[h]);
    AddRows(tape->count(), delta, head.outputs, head.outputs, gradients + head_bias_[h]);
    head_linear_[h].BackwardInput(tape->count(), delta, head.outputs, input.dy.data(),
                                  head.in_width);
  }
  for (size_t i = layers_.size(); i-- > 0;) {
    if (layers_[i] != nullptr) layers_[i]->Backward(parameters_.data(), tape, gradients);
  }
  return loss;
}

template <typename T>
double Network<T>::HeadLoss(const Chunk<T>& chunk, size_t h, double normaliser,
                            Tape<T>* tape) const {
  const HeadNode& head = graph_.heads[h];
  const size_t count = tape->count(), outputs = head.outputs;
  const double scale = normaliser * head.loss_weight;
  std::vector<T>& out = tape->head_out[h];
  std::vector<T>& delta = tape->head_delta[h];
  out.resize(count * outputs);
  delta.resize(count * outputs);
  head_linear_[h].Forward(count, tape->nodes[head.input].y.data(), head.in_width,
                          parameters_.data() + head_bias_[h], false, out.data(), outputs);
  double loss = 0;
  const size_t values = head.values();
  for (size_t n = 0; n < count; ++n) {
    T* y = out.data() + n * outputs;
    T* dy = delta.data() + n * outputs;
    if (head.kind == HeadKind::kSoftmax && chunk.classes[h][n] >= 0) {
      loss += SoftmaxLoss(y, outputs, chunk.classes[h][n], class_losses_[h], scale, dy);
      continue;
    }
    std::fill(dy, dy + outputs, T(0));  // of what is not known
    if (head.kind == HeadKind::kSoftmax) continue;
    if (head.kind == HeadKind::kBernoulli) {
      for (size_t k = 0; k < outputs; ++k) {
        const T target = chunk.targets[h][n * outputs + k];
        if (!std::isnan(target)) loss += BernoulliLoss(y[k], target, scale, dy + k);
      }
      continue;
    }
    loss += RegressionLossAndGradient(head, chunk.targets[h].data() + n * values, scale, y, dy);
  }
  return loss;
}

template class Network<float>;
template class Network<double>;

}  // namespace sequent::train
