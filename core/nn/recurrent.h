// What the recurrent layers share: walking a window step by step.
//
// The hidden state of step t is written straight into the layer's output for that step and read
// from there by step t + 1; only at t = 0 it comes from the session's row, and after a row's last
// step it goes back there. So no step overwrites what another row of the same step still reads.
#ifndef SEQUENT_CORE_NN_RECURRENT_H_
#define SEQUENT_CORE_NN_RECURRENT_H_

#include <algorithm>
#include <cstddef>

#include "core/nn/window.h"

namespace sequent {

// Calls step(t, rows, pair, h, h_out) for every step t, where `pair` is its first pair.
// `states[r]` begins with row r's hidden state of `units` floats; `outputs` has one vector per
// pair.
template <typename Step>
void RunSteps(const Window& window, size_t units, float* const* states, float* const* outputs,
              const Step& step) {
  const float* const* h = states;
  for (size_t t = 0; t < window.steps; ++t) {
    float* const* h_out = outputs + window.first[t];
    step(t, window.rows_at(t), window.first[t], h, h_out);
    h = h_out;
  }
  for (size_t r = 0; r < window.rows; ++r) {
    std::copy_n(outputs[window.last_pair(r)], units, states[r]);
  }
}

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_RECURRENT_H_
