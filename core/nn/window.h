// The (row, step) pairs that one pass through the layers works on.
//
// Rows are sorted by length, longest first, so the rows that still have input at step t are rows
// 0 .. rows_at(t)-1. Pairs are numbered step by step, and within a step row by row:
//
//   row 0:  0  4  7  9        lengths 4 3 2 1
//   row 1:  1  5  8           first   0 4 7 9 10
//   row 2:  2  6
//   row 3:  3
//
// So all pairs of a step stand side by side, a layer without time sees one flat list of pairs(),
// and no place is spent on padding.
#ifndef SEQUENT_CORE_NN_WINDOW_H_
#define SEQUENT_CORE_NN_WINDOW_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "core/nn/arena.h"

namespace sequent {

struct Window {
  size_t rows = 0;                   // with at least one step
  size_t steps = 0;                  // of row 0
  const size_t* first = nullptr;     // [steps + 1]: the first pair of each step; then the end
  const uint32_t* length = nullptr;  // [rows]: steps of each row, descending

  size_t pairs() const { return first[steps]; }
  size_t rows_at(size_t t) const { return first[t + 1] - first[t]; }
  size_t pair(size_t row, size_t t) const { return first[t] + row; }
  size_t last_pair(size_t row) const { return pair(row, length[row] - 1); }
};

// One step for every row, its last.
inline Window OneStepEach(const Window& window, Arena* arena) {
  auto* first = arena->Allocate<size_t>(2);
  first[0] = 0;
  first[1] = window.rows;
  auto* length = arena->Allocate<uint32_t>(window.rows);
  std::fill_n(length, window.rows, 1u);
  return {.rows = window.rows, .steps = 1, .first = first, .length = length};
}

// The rows without their last `steps` steps, but for the first step.
inline Window Trimmed(const Window& window, size_t steps, Arena* arena) {
  auto* length = arena->Allocate<uint32_t>(window.rows);
  for (size_t r = 0; r < window.rows; ++r) {
    length[r] = window.length[r] > steps ? static_cast<uint32_t>(window.length[r] - steps) : 1;
  }
  auto* first = arena->Allocate<size_t>(length[0] + 1);
  first[0] = 0;
  size_t rows = window.rows;
  for (size_t t = 0; t < length[0]; ++t) {
    while (length[rows - 1] <= t) --rows;
    first[t + 1] = first[t] + rows;
  }
  return {.rows = window.rows, .steps = length[0], .first = first, .length = length};
}

// What a node of the graph gives for every pair: the address of a vector, or a token id. Behind an
// embedding both: its vectors, and which they are.
struct Signal {
  const float* const* vectors = nullptr;
  const int32_t* tokens = nullptr;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_WINDOW_H_
