// The steps of every row from its last to its first: addresses only, nothing is copied. The window
// holds whole sequences.
#include "core/nn/layer.h"

namespace sequent {
namespace {

class Reverse final : public Layer {
 public:
  explicit Reverse(size_t width) : Layer(width) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const*, Pass* pass,
               Signal* output) const override {
    output->vectors = Reversed(window, inputs[0].vectors, pass);
    if (inputs[0].tokens != nullptr) output->tokens = Reversed(window, inputs[0].tokens, pass);
  }

 private:
  template <typename T>
  static const T* Reversed(const Window& window, const T* from, Pass* pass) {
    T* to = pass->arena.Allocate<T>(window.pairs());
    for (size_t r = 0; r < window.rows; ++r) {
      for (size_t t = 0; t < window.length[r]; ++t) {
        to[window.pair(r, t)] = from[window.pair(r, window.length[r] - 1 - t)];
      }
    }
    return to;
  }
};

}  // namespace

std::unique_ptr<const Layer> MakeReverse(const Node& node) {
  return std::make_unique<Reverse>(node.width);
}

}  // namespace sequent
