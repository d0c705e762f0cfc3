// y = W x + b over addresses: the time-free half of dense layers, recurrent cells and heads.
//
// Thread safety: immutable after construction.
#ifndef SEQUENT_CORE_NN_AFFINE_H_
#define SEQUENT_CORE_NN_AFFINE_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/base/aligned.h"
#include "core/nn/pass.h"
#include "core/nn/weights.h"

namespace sequent {

class Affine {
 public:
  // `bias` in the order of the matrix's rows (gate-major), or nullptr.
  Affine(Weights weight, const float* bias) : weight_(std::move(weight)) {
    if (bias != nullptr) bias_ = weight_.PackVector(bias);
  }

  void Apply(size_t rows, const float* const* x, Pass* pass, float* const* y) const {
    if (rows == 0) return;
    const Prepared prepared = weight_.Prepare(rows, x, &pass->arena);
    pass->ForPanels(weight_, rows, 0, [&](const kernels::PanelWalk& walk) {
      weight_.Product(rows, prepared, bias(), y, walk);
    });
  }

  // The same into new rows of the arena, in packed order if the matrix is in gate order.
  float** Apply(size_t rows, const float* const* x, Pass* pass) const {
    float** y = pass->arena.AllocateRows(rows, weight_.packed_width());
    Apply(rows, x, pass, y);
    return y;
  }

  const Weights& weight() const { return weight_; }
  const float* bias() const { return bias_.empty() ? nullptr : bias_.data(); }  // packed
  size_t packed_width() const { return weight_.packed_width(); }

 private:
  Weights weight_;
  AlignedVector<float> bias_;  // packed; empty: none
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_AFFINE_H_
