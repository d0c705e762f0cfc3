#include "core/train/sequence.h"

namespace sequent::train {
namespace {

// Padding stays where it is.
template <typename T>
class ReverseLayer final : public TrainLayer<T> {
 public:
  explicit ReverseLayer(const LayerPlace& place)
      : node_(place.graph->nodes[place.node]), index_(place.node) {}
  void Prepare(const T*) override {}
  void Forward(const T*, Tape<T>* tape) const override {
    const T* x = tape->nodes[node_.inputs[0]].y.data();
    T* y = tape->nodes[index_].y.data();
    ForEachPair(*tape, [&](size_t from, size_t to) {
      std::copy(x + from, x + from + node_.width, y + to);
    });
  }
  void Backward(const T*, Tape<T>* tape, T*) const override {
    T* __restrict dx = tape->nodes[node_.inputs[0]].dy.data();
    const T* __restrict dy = tape->nodes[index_].dy.data();
    ForEachPair(*tape, [&](size_t from, size_t to) {
      for (size_t i = 0; i < node_.width; ++i) dx[from + i] += dy[to + i];
    });
  }

 private:
  // Calls body(first element of an input, first element of where it goes).
  template <class Body>
  void ForEachPair(const Tape<T>& tape, const Body& body) const {
    for (size_t r = 0; r < tape.rows; ++r) {
      const size_t steps = StepsOf(node_, tape, r);
      for (size_t t = 0; t < tape.steps; ++t) {
        const size_t from = t < steps ? steps - 1 - t : t;
        body((from * tape.rows + r) * node_.width, (t * tape.rows + r) * node_.width);
      }
    }
  }

  const Node node_;
  const size_t index_;
};

}  // namespace

template <typename T>
std::unique_ptr<TrainLayer<T>> MakeReverseLayer(const LayerPlace& place) {
  return std::make_unique<ReverseLayer<T>>(place);
}

template std::unique_ptr<TrainLayer<float>> MakeReverseLayer(const LayerPlace&);
template std::unique_ptr<TrainLayer<double>> MakeReverseLayer(const LayerPlace&);

}  // namespace sequent::train
