// Causal multi-head attention over the last `window` steps, its own included.
//
// q, k, v = W x + b of every step; per head a = softmax over the window of q k / sqrt(d), o = sum
// of a v; y = P o + c. Keys and values of the last window - 1 steps are the state, the newest at
// the end, with how many of them are there. Sums run from the oldest step to the newest, so cutting
// a sequence does not change them.
#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "core/kernels/elementwise.h"
#include "core/nn/affine.h"
#include "core/nn/layer.h"
#include "core/nn/ordered_sum.h"

namespace sequent {
namespace {

// State: window - 1 vectors of k and v side by side, then the number of those that are there.
class Attention final : public Layer {
 public:
  Attention(size_t width, size_t heads, size_t window, Affine map, Affine projection)
      : Layer(width, StateWidths(width, window)),
        width_(width),
        heads_(heads),
        kept_(window - 1),
        map_(std::move(map)),
        projection_(std::move(projection)) {}

  void Forward(const Window& window, std::span<const Signal> inputs, float* const* states,
               Pass* pass, Signal* output) const override {
    const float* const* qkv = map_.Apply(window.pairs(), inputs[0].vectors, pass);
    float** o = pass->arena.AllocateRows(window.pairs(), width_);
    const size_t longest = kept_ + window.length[0];
    const float** past = pass->arena.Allocate<const float*>(longest);
    float* weights = pass->arena.Allocate<float>(std::min(longest, kept_ + 1));
    for (size_t r = 0; r < window.rows; ++r) {
      const size_t count = Gather(window, qkv, states[r], r, past);
      for (size_t t = 0; t < window.length[r]; ++t) {
        const size_t end = count + t + 1, begin = end - std::min(end, kept_ + 1);
        Attend(qkv[window.pair(r, t)], past + begin, end - begin, weights, o[window.pair(r, t)]);
      }
      Keep(past, count + window.length[r], states[r]);
    }
    output->vectors = projection_.Apply(window.pairs(), o, pass);
  }

  Status ValidateState(const float* state) const override {
    SEQ_RETURN_IF_ERROR(Layer::ValidateState(state));
    const float count = state[state_offset(kept_)];
    if (count >= 0 && count <= static_cast<float>(kept_) && count == std::floor(count)) {
      return absl::OkStatus();
    }
    return absl::DataLossError(StrCat("expected 0..", kept_, " steps before, got ", count));
  }

 private:
  static std::vector<size_t> StateWidths(size_t width, size_t window) {
    std::vector<size_t> widths(window - 1, 2 * width);
    widths.push_back(1);
    return widths;
  }

  // past: keys and values of the steps before the window, then its own. Returns the number before.
  size_t Gather(const Window& window, const float* const* qkv, const float* state, size_t r,
                const float** past) const {
    const auto count = static_cast<size_t>(state[state_offset(kept_)]);
    for (size_t i = 0; i < count; ++i) *past++ = state + state_offset(kept_ - count + i);
    for (size_t t = 0; t < window.length[r]; ++t) *past++ = qkv[window.pair(r, t)] + width_;
    return count;
  }

  // What stays moves towards the beginning, so none is overwritten before it is read.
  void Keep(const float* const* past, size_t total, float* state) const {
    const size_t count = std::min(total, kept_);
    for (size_t i = 0; i < count; ++i) {
      float* to = state + state_offset(kept_ - count + i);
      const float* from = past[total - count + i];
      if (from != to) std::copy_n(from, 2 * width_, to);
    }
    state[state_offset(kept_)] = static_cast<float>(count);
  }

  void Attend(const float* q, const float* const* past, size_t count, float* weights,
              float* o) const {
    const size_t part = width_ / heads_;
    const float scale = 1 / std::sqrt(static_cast<float>(part));
    std::fill_n(o, width_, 0.0f);
    for (size_t first = 0; first < width_; first += part) {
      for (size_t i = 0; i < count; ++i) {
        const float* const a = q + first;
        const float* const b = past[i] + first;
        weights[i] = OrderedSum(part, [a, b](size_t j) { return a[j] * b[j]; }) * scale;
      }
      kernels::Softmax(count, weights, weights);
      for (size_t i = 0; i < count; ++i) {
        const float* v = past[i] + width_ + first;
        for (size_t j = 0; j < part; ++j) o[first + j] += weights[i] * v[j];
      }
    }
  }

  const size_t width_, heads_, kept_;
  const Affine map_, projection_;
};

}  // namespace

std::unique_ptr<const Layer> MakeAttention(const Node& node, const TensorMap& tensors) {
  const auto affine = [&](const char* weight, const char* bias) {
    return Affine(Weights::Pack(tensors.at(node.name + weight)),
                  tensors.at(node.name + bias).values.data());
  };
  return std::make_unique<Attention>(node.width, node.attention_heads, node.window,
                                     affine(".weight_input", ".bias_input"),
                                     affine(".weight_output", ".bias_output"));
}

}  // namespace sequent
