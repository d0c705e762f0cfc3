// One vector per row out of those of its steps. It stands at the row's last step; at the others are
// zeros, which nothing may learn from.
#include <cmath>

#include "core/train/sequence.h"

namespace sequent::train {
namespace {

// What all pools know of where vectors stand.
template <typename T>
class PoolLayer : public TrainLayer<T> {
 public:
  explicit PoolLayer(const LayerPlace& place)
      : node_(place.graph->nodes[place.node]),
        source_(place.graph->nodes[node_.inputs[0]]),
        index_(place.node),
        inputs_(source_.width) {}
  void Prepare(const T*) override {}
  void Forward(const T*, Tape<T>* tape) const override {
    std::vector<T>& y = tape->nodes[index_].y;
    std::fill(y.begin(), y.end(), T(0));
    for (size_t r = 0; r < tape->rows; ++r) Pool(r, y.data() + Output(*tape, r), tape);
  }
  void Backward(const T*, Tape<T>* tape, T*) const override {
    for (size_t r = 0; r < tape->rows; ++r) PoolBack(r, tape);
  }

 protected:
  virtual void Pool(size_t r, T* y, Tape<T>* tape) const = 0;
  virtual void PoolBack(size_t r, Tape<T>* tape) const = 0;

  size_t steps(const Tape<T>& tape, size_t r) const { return StepsOf(source_, tape, r); }
  const T* X(const Tape<T>& tape, size_t r, size_t t) const {
    return tape.nodes[node_.inputs[0]].y.data() + (t * tape.rows + r) * inputs_;
  }
  T* Dx(Tape<T>* tape, size_t r, size_t t) const {
    return tape->nodes[node_.inputs[0]].dy.data() + (t * tape->rows + r) * inputs_;
  }
  const T* Dy(const Tape<T>& tape, size_t r) const {
    return tape.nodes[index_].dy.data() + Output(tape, r);
  }
  // First element of row r's output.
  size_t Output(const Tape<T>& tape, size_t r) const {
    return ((tape.length(r) - 1) * tape.rows + r) * node_.width;
  }

  const Node node_, source_;
  const size_t index_, inputs_;
};

// `last` of a streamable model: each step's own.
template <typename T>
class EachLayer final : public TrainLayer<T> {
 public:
  explicit EachLayer(const LayerPlace& place)
      : index_(place.node), input_(place.graph->nodes[place.node].inputs[0]) {}
  void Prepare(const T*) override {}
  void Forward(const T*, Tape<T>* tape) const override {
    tape->nodes[index_].y = tape->nodes[input_].y;
  }
  void Backward(const T*, Tape<T>* tape, T*) const override {
    const std::vector<T>& dy = tape->nodes[index_].dy;
    std::vector<T>& dx = tape->nodes[input_].dy;
    for (size_t i = 0; i < dy.size(); ++i) dx[i] += dy[i];
  }

 private:
  const size_t index_, input_;
};

// Parts copied from steps of their own: last, final_states, positions.
template <typename T>
class CopyLayer final : public PoolLayer<T> {
 public:
  explicit CopyLayer(const LayerPlace& place) : PoolLayer<T>(place) {
    const size_t width = this->inputs_;
    if (this->node_.pool == PoolKind::kPositions) {
      for (const int32_t position : this->node_.positions) parts_.push_back({position, 0, width});
      return;
    }
    const bool states = this->node_.pool == PoolKind::kFinalStates;
    const size_t forward = states ? this->source_.forward_columns.value_or(width) : width;
    parts_ = {{-1, 0, forward}, {0, forward, width}};
  }

 private:
  // Columns first .. end - 1 of a step; negative: from the end.
  struct Part {
    int64_t step;
    size_t first, end;
  };

  // Calls body(part, step, place in the output) for the parts that the row has.
  template <class Body>
  void ForEachPart(const Tape<T>& tape, size_t r, const Body& body) const {
    const auto steps = static_cast<int64_t>(this->steps(tape, r));
    size_t to = 0;
    for (const Part& part : parts_) {
      const int64_t step = part.step < 0 ? part.step + steps : part.step;
      if (step >= 0 && step < steps) body(part, static_cast<size_t>(step), to);
      to += part.end - part.first;
    }
  }
  void Pool(size_t r, T* y, Tape<T>* tape) const override {
    ForEachPart(*tape, r, [&](const Part& part, size_t step, size_t to) {
      const T* x = this->X(*tape, r, step);
      std::copy(x + part.first, x + part.end, y + to);
    });
  }
  void PoolBack(size_t r, Tape<T>* tape) const override {
    const T* dy = this->Dy(*tape, r);
    ForEachPart(*tape, r, [&](const Part& part, size_t step, size_t to) {
      T* dx = this->Dx(tape, r, step);
      for (size_t i = part.first; i < part.end; ++i) dx[i] += dy[to + i - part.first];
    });
  }

  std::vector<Part> parts_;
};

template <typename T>
class MeanLayer final : public PoolLayer<T> {
 public:
  using PoolLayer<T>::PoolLayer;

 private:
  void Pool(size_t r, T* y, Tape<T>* tape) const override {
    const size_t steps = this->steps(*tape, r);
    for (size_t t = 0; t < steps; ++t) {
      const T* x = this->X(*tape, r, t);
      for (size_t i = 0; i < this->inputs_; ++i) y[i] += x[i];
    }
    const T share = 1 / static_cast<T>(steps);
    for (size_t i = 0; i < this->inputs_; ++i) y[i] *= share;
  }
  void PoolBack(size_t r, Tape<T>* tape) const override {
    const T* dy = this->Dy(*tape, r);
    const size_t steps = this->steps(*tape, r);
    const T share = 1 / static_cast<T>(steps);
    for (size_t t = 0; t < steps; ++t) {
      T* dx = this->Dx(tape, r, t);
      for (size_t i = 0; i < this->inputs_; ++i) dx[i] += share * dy[i];
    }
  }
};

// The gradient goes to the first of the largest.
template <typename T>
class MaxLayer final : public PoolLayer<T> {
 public:
  using PoolLayer<T>::PoolLayer;

 private:
  void Pool(size_t r, T* y, Tape<T>* tape) const override {
    const T* first = this->X(*tape, r, 0);
    std::copy(first, first + this->inputs_, y);
    for (size_t t = 1; t < this->steps(*tape, r); ++t) {
      const T* x = this->X(*tape, r, t);
      for (size_t i = 0; i < this->inputs_; ++i) y[i] = x[i] > y[i] ? x[i] : y[i];
    }
  }
  void PoolBack(size_t r, Tape<T>* tape) const override {
    const T* dy = this->Dy(*tape, r);
    const T* y = tape->nodes[this->index_].y.data() + this->Output(*tape, r);
    const size_t steps = this->steps(*tape, r);
    for (size_t i = 0; i < this->inputs_; ++i) {
      size_t t = 0;
      while (t + 1 < steps && this->X(*tape, r, t)[i] != y[i]) ++t;
      this->Dx(tape, r, t)[i] += dy[i];
    }
  }
};

}  // namespace

template <typename T>
std::unique_ptr<TrainLayer<T>> MakePoolLayer(const LayerPlace& place) {
  switch (place.graph->nodes[place.node].pool) {
    case PoolKind::kLast:
      if (place.graph->streamable) return std::make_unique<EachLayer<T>>(place);
      return std::make_unique<CopyLayer<T>>(place);
    case PoolKind::kFinalStates:
    case PoolKind::kPositions:
      return std::make_unique<CopyLayer<T>>(place);
    case PoolKind::kMean:
      return std::make_unique<MeanLayer<T>>(place);
    case PoolKind::kMax:
      return std::make_unique<MaxLayer<T>>(place);
    case PoolKind::kAttention:
      break;
  }
  return MakeAttentionPoolLayer<T>(place);
}

template std::unique_ptr<TrainLayer<float>> MakePoolLayer(const LayerPlace&);
template std::unique_ptr<TrainLayer<double>> MakePoolLayer(const LayerPlace&);

}  // namespace sequent::train
