#include "core/nn/input_half.h"

#include <utility>

namespace sequent {
namespace {

// Every character set fits, and word vocabularies of small models. A larger table would drive the
// recurrent weights out of the cache, and cost memory, to save what is then the smaller half.
constexpr size_t kMaxTableBytes = 4 << 20;

// Rows whose step is bound by arithmetic even if it streams both matrices, from the second-level
// cache or from further away: then working the input half out on the way saves the way of the sums
// to memory and back.
constexpr size_t kManyRows = 16, kManyRowsStreamed = 32;

}  // namespace

InputHalf::InputHalf(Weights weight, const float* bias, const Tensor* embedding)
    : map_(std::move(weight), bias), width_(map_.packed_width()) {
  if (embedding == nullptr) return;
  const size_t tokens = embedding->shape[0];
  if (tokens * width_ * sizeof(float) > kMaxTableBytes) return;
  table_.resize(tokens * width_);
  Pass pass;
  for (size_t token = 0; token < tokens; ++token) {
    const float* x = embedding->values.data() + token * embedding->shape[1];
    float* y = table_.data() + token * width_;
    map_.Apply(1, &x, &pass, &y);
    pass.arena.Reset();
  }
}

bool InputHalf::BetterOnTheWay(const Window& window) const {
  const size_t many = map_.weight().streamed() ? kManyRowsStreamed : kManyRows;
  return window.steps == 1 || window.pairs() >= many * window.steps;  // on average
}

const float* const* InputHalf::Sums(const Window& window, const Signal& input, Pass* pass) const {
  if (table_.empty()) return map_.Apply(window.pairs(), input.vectors, pass);
  auto** sums = pass->arena.Allocate<const float*>(window.pairs());
  for (size_t i = 0; i < window.pairs(); ++i) sums[i] = table_.data() + input.tokens[i] * width_;
  return sums;
}

InputHalf::Steps InputHalf::Begin(const Window& window, const Signal& input, Pass* pass) const {
  Steps steps;
  if (table_.empty() && BetterOnTheWay(window)) {
    steps.map_ = &map_;
    steps.x_ = map_.weight().Prepare(window.pairs(), input.vectors, &pass->arena);
  } else {
    steps.sums_ = Sums(window, input, pass);
  }
  return steps;
}

}  // namespace sequent
