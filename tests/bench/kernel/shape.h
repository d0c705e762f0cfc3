// What is measured: one recurrent layer of as many inputs as units, for some rows and steps.
//
// Weights and inputs are closed forms of their indexes, so that another program in another language
// can make the same ones: tools/bench_peers.py does.
#ifndef SEQUENT_TESTS_BENCH_KERNEL_SHAPE_H_
#define SEQUENT_TESTS_BENCH_KERNEL_SHAPE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/aligned.h"
#include "core/model/tensor.h"

namespace sequent::bench {

enum class Cell { kLstm, kGru /* reset after, keep old */ };

const char* CellName(Cell cell);
std::optional<Cell> CellNamed(const std::string& name);
size_t Gates(Cell cell);

struct Shape {
  Cell cell = Cell::kLstm;
  size_t units = 0;  // the width of the input as well
  size_t rows = 0;
  size_t steps = 0;  // per row and call

  size_t pairs() const { return rows * steps; }
  bool operator==(const Shape&) const = default;
};

// ((31 a b + 7919 a + 104729 b + 1299709 salt) mod 65521) / 65521 - 1/2: what all numbers are made
// of.
double ClosedForm(uint64_t a, uint64_t b, uint64_t salt);

// The layer's tensors under the names of core/model/tensor_table.h, the layer being called "cell":
// weights 4 / sqrt(units) ClosedForm(row, column, salt), biases ClosedForm(row, 0, salt) / 4; the
// salts are 1 (weight_input), 2 (weight_state), 3 (bias, bias_input), 4 (bias_state).
TensorMap MakeWeights(Cell cell, size_t units);

// [steps, rows, units]: ClosedForm(step rows + row, column, 5).
AlignedVector<float> MakeInputs(const Shape& shape);

}  // namespace sequent::bench

#endif  // SEQUENT_TESTS_BENCH_KERNEL_SHAPE_H_
