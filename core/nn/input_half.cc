#include "core/nn/input_half.h"

#include <utility>

namespace sequent {
namespace {

// Every character set fits, and word vocabularies of small models. A larger table would drive the
// recurrent weights out of the cache, and cost memory, to save what is then the smaller half.
constexpr size_t kMaxTableBytes = 4 << 20;

}  // namespace

InputHalf::InputHalf(Weights weight, const float* bias, const Tensor* embedding)
    : map_(std::move(weight), bias), width_(map_.packed_width()) {
  if (embedding == nullptr) return;
  const size_t tokens = embedding->shape[0];
  if (tokens * width_ * sizeof(float) > kMaxTableBytes) return;
  table_.resize(tokens * width_);
  Arena arena;
  for (size_t token = 0; token < tokens; ++token) {
    const float* x = embedding->values.data() + token * embedding->shape[1];
    float* y = table_.data() + token * width_;
    map_.Apply(1, &x, &y, &arena);
    arena.Reset();
  }
}

const float* const* InputHalf::Apply(const Window& window, const Signal& input,
                                     Arena* arena) const {
  if (table_.empty()) return map_.Apply(window.pairs(), input.vectors, arena);
  auto** vectors = arena->Allocate<const float*>(window.pairs());
  for (size_t i = 0; i < window.pairs(); ++i) {
    vectors[i] = table_.data() + input.tokens[i] * width_;
  }
  return vectors;
}

}  // namespace sequent
