// The last inputs of every row, side by side: what a layer with a window over steps multiplies.
//
// The inputs before a chunk stand in the row's state, oldest first, from its first vector on.
// Before the first step they are 0, as the state is.
//
// Thread safety: immutable.
#ifndef SEQUENT_CORE_NN_PAST_INPUTS_H_
#define SEQUENT_CORE_NN_PAST_INPUTS_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/base/aligned.h"
#include "core/nn/arena.h"
#include "core/nn/window.h"

namespace sequent {

class PastInputs {
 public:
  // A step sees `kept` inputs of `width` floats besides its own.
  PastInputs(size_t kept, size_t width)
      : kept_(kept), width_(width), stride_(RoundUp(width, kAlignment / sizeof(float))) {}

  size_t kept() const { return kept_; }
  // Of the vectors that the state begins with.
  std::vector<size_t> StateWidths() const { return std::vector<size_t>(kept_, width_); }

  // For every pair the inputs of its steps, oldest first: [(kept + 1) * width].
  float** Join(const Window& window, const float* const* x, float* const* states,
               Arena* arena) const {
    float** joined = arena->AllocateRows(window.pairs(), (kept_ + 1) * width_);
    for (size_t r = 0; r < window.rows; ++r) {
      for (size_t t = 0; t < window.length[r]; ++t) {
        float* to = joined[window.pair(r, t)];
        for (size_t back = kept_ + 1; back-- > 0; to += width_) {
          std::copy_n(Before(window, x, states[r], r, t, back), width_, to);
        }
      }
    }
    return joined;
  }

  // Moves the states on to the end of the window.
  void Keep(const Window& window, const float* const* x, float* const* states) const {
    for (size_t r = 0; r < window.rows; ++r) {
      const size_t last = window.length[r] - 1;
      // Those that stay move towards the beginning, so none is overwritten before it is read.
      for (size_t i = 0; i < kept_; ++i) {
        std::copy_n(Before(window, x, states[r], r, last, kept_ - 1 - i), width_,
                    states[r] + i * stride_);
      }
    }
  }

 private:
  // Row r's input at step t - back of the window; those before its first step are in the state.
  const float* Before(const Window& window, const float* const* x, const float* state, size_t r,
                      size_t t, size_t back) const {
    if (back <= t) return x[window.pair(r, t - back)];
    return state + (kept_ + t - back) * stride_;
  }

  size_t kept_, width_, stride_;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_PAST_INPUTS_H_
