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

#include <cstddef>
#include <cstdint>

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

// What a node of the graph gives for every pair: the address of a vector, or a token id. Behind an
// embedding both: its vectors, and which they are.
struct Signal {
  const float* const* vectors = nullptr;
  const int32_t* tokens = nullptr;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_WINDOW_H_
