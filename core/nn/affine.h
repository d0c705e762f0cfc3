// y = W x + b over addresses: the time-free half of dense layers, recurrent cells and heads.
#ifndef SEQUENT_CORE_NN_AFFINE_H_
#define SEQUENT_CORE_NN_AFFINE_H_

#include <cstddef>
#include <cstdint>

#include "core/base/aligned.h"
#include "core/nn/arena.h"
#include "core/nn/weights.h"

namespace sequent {

class Affine {
 public:
  // `bias` in the order of the matrix's rows (gate-major), or nullptr.
  Affine(Weights weight, const float* bias) : weight_(std::move(weight)) {
    if (bias != nullptr) bias_ = weight_.PackVector(bias);
  }

  // `arena` for scratch.
  void Apply(size_t rows, const float* const* x, float* const* y, Arena* arena) const {
    if (rows == 0) return;
    const float* bias = bias_.empty() ? nullptr : bias_.data();
    weight_.Product(rows, weight_.Prepare(rows, x, arena), bias, y);
  }

  // The same into new rows of the arena, in packed order if the matrix is in gate order.
  float** Apply(size_t rows, const float* const* x, Arena* arena) const {
    float** y = arena->AllocateRows(rows, weight_.packed_width());
    Apply(rows, x, y, arena);
    return y;
  }

  size_t packed_width() const { return weight_.packed_width(); }
  // Multiply-adds per row.
  uint64_t work() const { return weight_.work(); }

 private:
  Weights weight_;
  AlignedVector<float> bias_;  // packed; empty: none
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_AFFINE_H_
