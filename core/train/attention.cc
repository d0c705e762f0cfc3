// Causal multi-head attention over the last `window` steps, its own included
// (core/nn/attention.cc).
#include <algorithm>
#include <cmath>

#include "core/train/sequence.h"

namespace sequent::train {
namespace {

// state: keys and values of the window - 1 steps before the chunk, the newest at the end, then how
// many of them are there.  a: q, k, v, then their gradients.  b: weights, [pairs, heads, window],
// the newest step's at the end.  c: o.  d: gradients of o.  h_first: the state before this chunk.
template <typename T>
class AttentionLayer final : public TrainLayer<T> {
 public:
  explicit AttentionLayer(const LayerPlace& place)
      : index_(place.node),
        input_(place.graph->nodes[place.node].inputs[0]),
        width_(place.graph->nodes[place.node].width),
        heads_(place.graph->nodes[place.node].attention_heads),
        window_(place.graph->nodes[place.node].window),
        kept_(window_ - 1),
        part_(width_ / heads_),
        weight_in_(place.offsets->at(0)),
        bias_in_(place.offsets->at(1)),
        weight_out_(place.offsets->at(2)),
        bias_out_(place.offsets->at(3)),
        scale_(1 / std::sqrt(static_cast<T>(part_))) {}

  void Prepare(const T* parameters) override {
    in_.Prepare(parameters + weight_in_, 3 * width_, width_);
    out_.Prepare(parameters + weight_out_, width_, width_);
  }
  size_t state_width() const override { return 2 * kept_ * width_ + 1; }

  void Forward(const T* parameters, Tape<T>* tape) const override {
    NodeTape<T>& node = tape->nodes[index_];
    const size_t count = tape->count();
    node.h_first = node.state;
    node.a.resize(count * 3 * width_);
    node.b.assign(count * heads_ * window_, T(0));
    node.c.assign(count * width_, T(0));
    in_.Forward(count, tape->nodes[input_].y.data(), width_, parameters + bias_in_, false,
                node.a.data(), 3 * width_);
    for (size_t n = 0; n < count; ++n) {
      for (size_t head = 0; head < heads_; ++head) Attend(*tape, n, head, &node);
    }
    out_.Forward(count, node.c.data(), width_, parameters + bias_out_, false, node.y.data(),
                 width_);
    KeepState(*tape, &node);
  }

  void Backward(const T*, Tape<T>* tape, T* gradients) const override {
    NodeTape<T>& node = tape->nodes[index_];
    NodeTape<T>& input = tape->nodes[input_];
    const size_t count = tape->count();
    AddOuter(count, node.dy.data(), width_, node.c.data(), width_, width_, width_,
             gradients + weight_out_);
    AddRows(count, node.dy.data(), width_, width_, gradients + bias_out_);
    node.d.assign(count * width_, T(0));
    out_.BackwardInput(count, node.dy.data(), width_, node.d.data(), width_);
    std::vector<T>& da = tape->scratch;
    da.assign(node.a.size(), T(0));
    std::vector<T> slopes(window_);
    for (size_t n = 0; n < count; ++n) {
      for (size_t head = 0; head < heads_; ++head) AttendBack(*tape, n, head, &slopes, &da);
    }
    AddOuter(count, da.data(), 3 * width_, input.y.data(), width_, 3 * width_, width_,
             gradients + weight_in_);
    AddRows(count, da.data(), 3 * width_, 3 * width_, gradients + bias_in_);
    in_.BackwardInput(count, da.data(), 3 * width_, input.dy.data(), width_);
  }

 private:
  // How many steps row r's state has.
  size_t Before(const Tape<T>& tape, size_t r) const {
    const std::vector<T>& state = tape.nodes[index_].h_first;
    const T count = std::round(state[2 * kept_ * width_ * tape.rows + r]);
    return static_cast<size_t>(std::clamp(count, T(0), static_cast<T>(kept_)));
  }

  // Steps that pair n = step x rows + row sees, at most window_.
  size_t Seen(const Tape<T>& tape, size_t n) const {
    return std::min(window_, Before(tape, n % tape.rows) + n / tape.rows + 1);
  }

  // Key, then value, of the step `back` before pair n.
  const T* Past(const Tape<T>& tape, size_t n, size_t back) const {
    const NodeTape<T>& node = tape.nodes[index_];
    const size_t t = n / tape.rows, r = n % tape.rows;
    if (back <= t) return node.a.data() + (n - back * tape.rows) * 3 * width_ + width_;
    return node.h_first.data() + ((kept_ + t - back) * tape.rows + r) * 2 * width_;
  }

  T* WeightsOf(size_t n, size_t head, NodeTape<T>* node) const {
    return node->b.data() + (n * heads_ + head) * window_;
  }

  void Attend(const Tape<T>& tape, size_t n, size_t head, NodeTape<T>* node) const {
    const size_t seen = Seen(tape, n), first = head * part_;
    const T* q = node->a.data() + n * 3 * width_ + first;
    T* w = WeightsOf(n, head, node) + window_ - seen;
    T max = 0, sum = 0;
    for (size_t i = 0; i < seen; ++i) {
      const T* k = Past(tape, n, seen - 1 - i) + first;
      w[i] = 0;
      for (size_t j = 0; j < part_; ++j) w[i] += q[j] * k[j];
      w[i] *= scale_;
      max = i == 0 ? w[i] : std::max(max, w[i]);
    }
    for (size_t i = 0; i < seen; ++i) sum += w[i] = std::exp(w[i] - max);
    T* __restrict o = node->c.data() + n * width_ + first;
    for (size_t i = 0; i < seen; ++i) {
      w[i] /= sum;
      const T* v = Past(tape, n, seen - 1 - i) + width_ + first;
      for (size_t j = 0; j < part_; ++j) o[j] += w[i] * v[j];
    }
  }

  // Adds to `da`; steps before the chunk get nothing.
  void AttendBack(const Tape<T>& tape, size_t n, size_t head, std::vector<T>* slopes,
                  std::vector<T>* da) const {
    const NodeTape<T>& node = tape.nodes[index_];
    const size_t seen = Seen(tape, n), first = head * part_, step = n / tape.rows;
    const T* w = node.b.data() + (n * heads_ + head) * window_ + window_ - seen;
    const T* d = node.d.data() + n * width_ + first;
    const T* q = node.a.data() + n * 3 * width_ + first;
    T mean = 0;
    for (size_t i = 0; i < seen; ++i) {
      const T* v = Past(tape, n, seen - 1 - i) + width_ + first;
      T slope = 0;
      for (size_t j = 0; j < part_; ++j) slope += d[j] * v[j];
      (*slopes)[i] = slope;
      mean += w[i] * slope;
    }
    T* __restrict dq = da->data() + n * 3 * width_ + first;
    for (size_t i = 0; i < seen; ++i) {
      const size_t back = seen - 1 - i;
      const T score = w[i] * ((*slopes)[i] - mean) * scale_;
      const T* k = Past(tape, n, back) + first;
      for (size_t j = 0; j < part_; ++j) dq[j] += score * k[j];
      if (back > step) continue;
      T* __restrict dk = da->data() + (n - back * tape.rows) * 3 * width_ + width_ + first;
      T* __restrict dv = dk + width_;
      for (size_t j = 0; j < part_; ++j) {
        dk[j] += score * q[j];
        dv[j] += w[i] * d[j];
      }
    }
  }

  void KeepState(const Tape<T>& tape, NodeTape<T>* node) const {
    for (size_t r = 0; r < tape.rows; ++r) {
      const size_t last = (tape.steps - 1) * tape.rows + r;
      for (size_t i = 0; i < kept_; ++i) {
        const T* from = Past(tape, last, kept_ - 1 - i);
        std::copy(from, from + 2 * width_, node->state.data() + (i * tape.rows + r) * 2 * width_);
      }
      node->state[2 * kept_ * width_ * tape.rows + r] =
          static_cast<T>(std::min(kept_, Before(tape, r) + tape.steps));
    }
  }

  const size_t index_, input_, width_, heads_, window_, kept_, part_;
  const size_t weight_in_, bias_in_, weight_out_, bias_out_;
  const T scale_;
  Linear<T> in_, out_;
};

}  // namespace

template <typename T>
std::unique_ptr<TrainLayer<T>> MakeAttentionLayer(const LayerPlace& place) {
  return std::make_unique<AttentionLayer<T>>(place);
}

template std::unique_ptr<TrainLayer<float>> MakeAttentionLayer(const LayerPlace&);
template std::unique_ptr<TrainLayer<double>> MakeAttentionLayer(const LayerPlace&);

}  // namespace sequent::train
