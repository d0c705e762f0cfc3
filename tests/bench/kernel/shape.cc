#include "tests/bench/kernel/shape.h"

#include <cmath>
#include <utility>

namespace sequent::bench {
namespace {

constexpr uint64_t kPrime = 65521;

Tensor Filled(std::vector<size_t> shape, uint64_t salt, double scale) {
  Tensor tensor;
  const size_t columns = shape.size() == 1 ? 1 : shape[1];
  tensor.values.resize(shape[0] * columns);
  for (size_t a = 0; a < shape[0]; ++a) {
    for (size_t b = 0; b < columns; ++b) {
      tensor.values[a * columns + b] = static_cast<float>(scale * ClosedForm(a, b, salt));
    }
  }
  tensor.shape = std::move(shape);
  return tensor;
}

}  // namespace

const char* CellName(Cell cell) { return cell == Cell::kLstm ? "lstm" : "gru"; }

std::optional<Cell> CellNamed(const std::string& name) {
  for (const Cell cell : {Cell::kLstm, Cell::kGru}) {
    if (name == CellName(cell)) return cell;
  }
  return std::nullopt;
}

size_t Gates(Cell cell) { return cell == Cell::kLstm ? 4 : 3; }

double ClosedForm(uint64_t a, uint64_t b, uint64_t salt) {
  const uint64_t mixed = (31 * a * b + 7919 * a + 104729 * b + 1299709 * salt) % kPrime;
  return static_cast<double>(mixed) / kPrime - 0.5;
}

TensorMap MakeWeights(Cell cell, size_t units) {
  const size_t outputs = Gates(cell) * units;
  const double scale = 4 / std::sqrt(static_cast<double>(units));
  TensorMap tensors;
  tensors["cell.weight_input"] = Filled({outputs, units}, 1, scale);
  tensors["cell.weight_state"] = Filled({outputs, units}, 2, scale);
  if (cell == Cell::kLstm) {
    tensors["cell.bias"] = Filled({outputs}, 3, 0.25);
  } else {
    tensors["cell.bias_input"] = Filled({outputs}, 3, 0.25);
    tensors["cell.bias_state"] = Filled({outputs}, 4, 0.25);
  }
  return tensors;
}

AlignedVector<float> MakeInputs(const Shape& shape) {
  return Filled({shape.pairs(), shape.units}, 5, 1).values;
}

}  // namespace sequent::bench
