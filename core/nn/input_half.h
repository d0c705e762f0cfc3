// W x + b of a recurrent cell: what does not depend on the steps before, for all pairs at once.
//
// Behind an embedding x can only be one of a few vectors. If they are few enough, their input
// halves are worked out once, at load, by the same arithmetic; a pair then only looks its own up.
//
// Thread safety: immutable after construction.
#ifndef SEQUENT_CORE_NN_INPUT_HALF_H_
#define SEQUENT_CORE_NN_INPUT_HALF_H_

#include <cstddef>
#include <cstdint>

#include "core/base/aligned.h"
#include "core/model/tensor.h"
#include "core/nn/affine.h"
#include "core/nn/arena.h"
#include "core/nn/weights.h"
#include "core/nn/window.h"

namespace sequent {

class InputHalf {
 public:
  // `bias` in the order of the matrix's rows, or nullptr. `embedding`: the table [tokens, inputs]
  // that the input's vectors are rows of, or nullptr.
  InputHalf(Weights weight, const float* bias, const Tensor* embedding);

  // Per pair, in the matrix's packed order.
  const float* const* Apply(const Window& window, const Signal& input, Arena* arena) const;

  // Multiply-adds per step.
  uint64_t work() const { return table_.empty() ? map_.work() : 0; }

 private:
  const Affine map_;
  const size_t width_;          // floats of one result
  AlignedVector<float> table_;  // [tokens, width_], or empty
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_INPUT_HALF_H_
