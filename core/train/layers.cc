// Layers without memory: embedding, dense, activation, dropout, concat, add; and the factory of
// all.
#include <algorithm>
#include <cmath>

#include "core/base/random.h"
#include "core/train/network.h"
#include "core/train/recurrent.h"
#include "core/train/sequence.h"

namespace sequent::train {
namespace {

kernels::Function FunctionOf(ActivationKind kind) {
  switch (kind) {
    case ActivationKind::kTanh:
      return kernels::Function::kTanh;
    case ActivationKind::kSigmoid:
      return kernels::Function::kSigmoid;
    case ActivationKind::kRelu:
      return kernels::Function::kRelu;
    default:
      return kernels::Function::kLeakyRelu;
  }
}

template <typename T>
class EmbeddingLayer final : public TrainLayer<T> {
 public:
  explicit EmbeddingLayer(const LayerPlace& place)
      : node_(place.node),
        width_(place.graph->nodes[place.node].width),
        weight_(place.offsets->at(0)) {}
  void Prepare(const T*) override {}
  void Forward(const T* parameters, Tape<T>* tape) const override {
    T* y = tape->nodes[node_].y.data();
    for (size_t n = 0; n < tape->count(); ++n) {
      const T* row = parameters + weight_ + static_cast<size_t>(tape->tokens[n]) * width_;
      std::copy(row, row + width_, y + n * width_);
    }
  }
  void Backward(const T*, Tape<T>* tape, T* gradients) const override {
    const T* dy = tape->nodes[node_].dy.data();
    for (size_t n = 0; n < tape->count(); ++n) {
      T* row = gradients + weight_ + static_cast<size_t>(tape->tokens[n]) * width_;
      for (size_t i = 0; i < width_; ++i) row[i] += dy[n * width_ + i];
    }
  }

 private:
  const size_t node_, width_, weight_;
};

template <typename T>
class DenseLayer final : public TrainLayer<T> {
 public:
  explicit DenseLayer(const LayerPlace& place) : node_(place.node) {
    const Node& node = place.graph->nodes[node_];
    input_ = node.inputs[0];
    inputs_ = place.graph->nodes[input_].width;
    outputs_ = node.width;
    has_bias_ = node.bias;
    weight_ = place.offsets->at(0);
    if (has_bias_) bias_ = place.offsets->at(1);
  }
  void Prepare(const T* parameters) override {
    linear_.Prepare(parameters + weight_, outputs_, inputs_);
  }
  void Forward(const T* parameters, Tape<T>* tape) const override {
    linear_.Forward(tape->count(), tape->nodes[input_].y.data(), inputs_,
                    has_bias_ ? parameters + bias_ : nullptr, false, tape->nodes[node_].y.data(),
                    outputs_);
  }
  void Backward(const T*, Tape<T>* tape, T* gradients) const override {
    NodeTape<T>& input = tape->nodes[input_];
    const T* dy = tape->nodes[node_].dy.data();
    AddOuter(tape->count(), dy, outputs_, input.y.data(), inputs_, outputs_, inputs_,
             gradients + weight_);
    if (has_bias_) AddRows(tape->count(), dy, outputs_, outputs_, gradients + bias_);
    linear_.BackwardInput(tape->count(), dy, outputs_, input.dy.data(), inputs_);
  }

 private:
  const size_t node_;
  size_t input_, inputs_, outputs_, weight_, bias_ = 0;
  bool has_bias_;
  Linear<T> linear_;
};

template <typename T>
class ActivationLayer final : public TrainLayer<T> {
 public:
  explicit ActivationLayer(const LayerPlace& place)
      : node_(place.node),
        input_(place.graph->nodes[place.node].inputs[0]),
        function_(FunctionOf(place.graph->nodes[place.node].activation)) {}
  void Prepare(const T*) override {}
  void Forward(const T*, Tape<T>* tape) const override {
    std::vector<T>& y = tape->nodes[node_].y;
    Apply(function_, y.size(), tape->nodes[input_].y.data(), y.data());
  }
  void Backward(const T*, Tape<T>* tape, T*) const override {
    const NodeTape<T>& node = tape->nodes[node_];
    T* dx = tape->nodes[input_].dy.data();
    for (size_t i = 0; i < node.y.size(); ++i) {
      dx[i] += node.dy[i] * SlopeAt(function_, node.y[i]);
    }
  }

 private:
  const size_t node_, input_;
  const kernels::Function function_;
};

// y = x / (1 - rate) with probability 1 - rate, else 0; the draws are keyed by (seed, update,
// layer, global row, step (locked: without it) and element).
template <typename T>
class DropoutLayer final : public TrainLayer<T> {
 public:
  explicit DropoutLayer(const LayerPlace& place)
      : node_(place.node),
        input_(place.graph->nodes[place.node].inputs[0]),
        width_(place.graph->nodes[place.node].width),
        rate_(place.graph->nodes[place.node].dropout),
        locked_(place.graph->nodes[place.node].locked) {}
  void Prepare(const T*) override {}
  void Forward(const T*, Tape<T>* tape) const override {
    NodeTape<T>& node = tape->nodes[node_];
    node.a.assign(node.y.size(), T(1));
    if (tape->training && rate_ > 0) DrawMask(*tape, &node.a);
    const std::vector<T>& x = tape->nodes[input_].y;
    for (size_t i = 0; i < node.y.size(); ++i) node.y[i] = x[i] * node.a[i];
  }
  void Backward(const T*, Tape<T>* tape, T*) const override {
    const NodeTape<T>& node = tape->nodes[node_];
    T* dx = tape->nodes[input_].dy.data();
    for (size_t i = 0; i < node.y.size(); ++i) dx[i] += node.dy[i] * node.a[i];
  }

 private:
  void DrawMask(const Tape<T>& tape, std::vector<T>* mask) const {
    const T kept = static_cast<T>(1 / (1 - static_cast<double>(rate_)));
    for (size_t r = 0; r < tape.rows; ++r) {
      const RandomStream random(tape.key.seed, tape.key.update,
                                (uint64_t{node_} << 40) + tape.first_row + r);
      for (size_t t = 0; t < tape.steps; ++t) {
        T* row = mask->data() + (t * tape.rows + r) * width_;
        for (size_t i = 0; i < width_; ++i) {
          row[i] = random.Uniform((locked_ ? 0 : t * width_) + i) < rate_ ? T(0) : kept;
        }
      }
    }
  }

  const size_t node_, input_, width_;
  const float rate_;
  const bool locked_;
};

// Concat and add: where the inputs' columns go.
template <typename T>
class JoinLayer final : public TrainLayer<T> {
 public:
  explicit JoinLayer(const LayerPlace& place)
      : graph_(place.graph),
        node_(place.node),
        add_(place.graph->nodes[place.node].kind == NodeKind::kAdd) {}
  void Prepare(const T*) override {}
  void Forward(const T*, Tape<T>* tape) const override {
    std::vector<T>& y = tape->nodes[node_].y;
    std::fill(y.begin(), y.end(), T(0));
    ForEachElement(
        *tape, [&](size_t input, size_t from, size_t to) { y[to] += tape->nodes[input].y[from]; });
  }
  void Backward(const T*, Tape<T>* tape, T*) const override {
    const std::vector<T>& dy = tape->nodes[node_].dy;
    ForEachElement(*tape, [&](size_t input, size_t from, size_t to) {
      tape->nodes[input].dy[from] += dy[to];
    });
  }

 private:
  template <class Body>
  void ForEachElement(const Tape<T>& tape, const Body& body) const {
    const size_t width = graph_->nodes[node_].width;
    size_t offset = 0;
    for (const size_t input : graph_->nodes[node_].inputs) {
      const size_t part = graph_->nodes[input].width;
      for (size_t n = 0; n < tape.count(); ++n) {
        for (size_t i = 0; i < part; ++i) body(input, n * part + i, n * width + offset + i);
      }
      if (!add_) offset += part;
    }
  }

  const Graph* graph_;
  const size_t node_;
  const bool add_;
};

}  // namespace

template <typename T>
std::unique_ptr<TrainLayer<T>> MakeTrainLayer(const LayerPlace& place) {
  switch (place.graph->nodes[place.node].kind) {
    case NodeKind::kInput:
      return nullptr;
    case NodeKind::kEmbedding:
      return std::make_unique<EmbeddingLayer<T>>(place);
    case NodeKind::kDense:
      return std::make_unique<DenseLayer<T>>(place);
    case NodeKind::kActivation:
      return std::make_unique<ActivationLayer<T>>(place);
    case NodeKind::kDropout:
      return std::make_unique<DropoutLayer<T>>(place);
    case NodeKind::kConcat:
    case NodeKind::kAdd:
      return std::make_unique<JoinLayer<T>>(place);
    case NodeKind::kRnn:
      return MakeRnnLayer<T>(place);
    case NodeKind::kLstm:
      return MakeLstmLayer<T>(place);
    case NodeKind::kGru:
      return MakeGruLayer<T>(place);
    case NodeKind::kIndRnn:
      return MakeIndRnnLayer<T>(place);
    case NodeKind::kQrnn:
      return MakeQrnnLayer<T>(place);
    case NodeKind::kConv1d:
      return MakeConv1dLayer<T>(place);
    case NodeKind::kPool:
      return MakePoolLayer<T>(place);
    case NodeKind::kReverse:
      return MakeReverseLayer<T>(place);
  }
  return nullptr;
}

template std::unique_ptr<TrainLayer<float>> MakeTrainLayer(const LayerPlace&);
template std::unique_ptr<TrainLayer<double>> MakeTrainLayer(const LayerPlace&);

}  // namespace sequent::train
