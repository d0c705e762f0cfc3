// y = sum over t of w(t) x(t), w = softmax over t of query a(t), a(t) = tanh(W x(t) + b); over each
// row's own steps. y stands at the row's last one, as every pool's.
#include <cmath>

#include "core/train/sequence.h"

namespace sequent::train {
namespace {

// a: a(t), then the gradients before the tanh.  b: w(t).  c: gradients of query a(t).
template <typename T>
class AttentionPoolLayer final : public TrainLayer<T> {
 public:
  explicit AttentionPoolLayer(const LayerPlace& place)
      : source_(place.graph->nodes[place.graph->nodes[place.node].inputs[0]]),
        index_(place.node),
        input_(place.graph->nodes[place.node].inputs[0]),
        width_(source_.width),
        weight_(place.offsets->at(0)),
        bias_(place.offsets->at(1)),
        query_(place.offsets->at(2)) {}

  void Prepare(const T* parameters) override {
    linear_.Prepare(parameters + weight_, width_, width_);
    query_linear_.Prepare(parameters + query_, 1, width_);
  }

  void Forward(const T* parameters, Tape<T>* tape) const override {
    NodeTape<T>& node = tape->nodes[index_];
    const T* x = tape->nodes[input_].y.data();
    node.a.resize(tape->count() * width_);
    node.b.resize(tape->count());
    linear_.Forward(tape->count(), x, width_, parameters + bias_, false, node.a.data(), width_);
    Apply(kernels::Function::kTanh, node.a.size(), node.a.data(), node.a.data());
    query_linear_.Forward(tape->count(), node.a.data(), width_, nullptr, false, node.b.data(), 1);
    std::fill(node.y.begin(), node.y.end(), T(0));
    for (size_t r = 0; r < tape->rows; ++r) {
      Normalise(r, tape);
      T* __restrict y = node.y.data() + Output(*tape, r);
      for (size_t n = r; n < End(*tape, r); n += tape->rows) {
        for (size_t i = 0; i < width_; ++i) y[i] += node.b[n] * x[n * width_ + i];
      }
    }
  }

  void Backward(const T* parameters, Tape<T>* tape, T* gradients) const override {
    NodeTape<T>& node = tape->nodes[index_];
    NodeTape<T>& input = tape->nodes[input_];
    const size_t count = tape->count();
    node.c.assign(count, T(0));
    for (size_t r = 0; r < tape->rows; ++r) RowBack(r, tape);
    AddOuter(count, node.c.data(), 1, node.a.data(), width_, 1, width_, gradients + query_);
    const T* query = parameters + query_;
    for (size_t n = 0; n < count; ++n) {
      T* a = node.a.data() + n * width_;
      for (size_t i = 0; i < width_; ++i) a[i] = node.c[n] * query[i] * (1 - a[i] * a[i]);
    }
    AddOuter(count, node.a.data(), width_, input.y.data(), width_, width_, width_,
             gradients + weight_);
    AddRows(count, node.a.data(), width_, width_, gradients + bias_);
    linear_.BackwardInput(count, node.a.data(), width_, input.dy.data(), width_);
  }

 private:
  // First element of row r's output.
  size_t Output(const Tape<T>& tape, size_t r) const {
    return ((tape.length(r) - 1) * tape.rows + r) * width_;
  }
  // The pairs of row r are r, r + rows .. up to this.
  size_t End(const Tape<T>& tape, size_t r) const {
    return r + StepsOf(source_, tape, r) * tape.rows;
  }

  // Scores become weights.
  void Normalise(size_t r, Tape<T>* tape) const {
    std::vector<T>& w = tape->nodes[index_].b;
    const size_t end = End(*tape, r), rows = tape->rows;
    T max = w[r], sum = 0;
    for (size_t n = r; n < end; n += rows) max = std::max(max, w[n]);
    for (size_t n = r; n < end; n += rows) sum += w[n] = std::exp(w[n] - max);
    for (size_t n = r; n < end; n += rows) w[n] /= sum;
  }

  void RowBack(size_t r, Tape<T>* tape) const {
    NodeTape<T>& node = tape->nodes[index_];
    const T* x = tape->nodes[input_].y.data();
    T* dx = tape->nodes[input_].dy.data();
    const T* dy = node.dy.data() + Output(*tape, r);
    const size_t end = End(*tape, r), rows = tape->rows;
    T mean = 0;
    for (size_t n = r; n < end; n += rows) {
      T dot = 0;
      for (size_t i = 0; i < width_; ++i) {
        dot += x[n * width_ + i] * dy[i];
        dx[n * width_ + i] += node.b[n] * dy[i];
      }
      node.c[n] = dot;
      mean += node.b[n] * dot;
    }
    for (size_t n = r; n < end; n += rows) node.c[n] = node.b[n] * (node.c[n] - mean);
  }

  const Node source_;
  const size_t index_, input_, width_, weight_, bias_, query_;
  Linear<T> linear_, query_linear_;
};

}  // namespace

template <typename T>
std::unique_ptr<TrainLayer<T>> MakeAttentionPoolLayer(const LayerPlace& place) {
  return std::make_unique<AttentionPoolLayer<T>>(place);
}

template std::unique_ptr<TrainLayer<float>> MakeAttentionPoolLayer(const LayerPlace&);
template std::unique_ptr<TrainLayer<double>> MakeAttentionPoolLayer(const LayerPlace&);

}  // namespace sequent::train
