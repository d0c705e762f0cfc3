// W x + b of a recurrent cell: what does not depend on the steps before.
//
// Three ways to the same sums, bit for bit. Behind an embedding x can only be one of a few vectors:
// if they are few enough, their input halves are worked out once, at load, and looked up. A window
// of one step, or of many rows, leaves the work to the cell, which does both halves in one pass
// over the panels. Else the input half of all (row, step) pairs is one product, so that a chunk
// streams W once, not once for each step.
//
// Thread safety: immutable after construction.
#ifndef SEQUENT_CORE_NN_INPUT_HALF_H_
#define SEQUENT_CORE_NN_INPUT_HALF_H_

#include <cstddef>
#include <cstdint>

#include "core/base/aligned.h"
#include "core/model/tensor.h"
#include "core/nn/affine.h"
#include "core/nn/pass.h"
#include "core/nn/weights.h"
#include "core/nn/window.h"

namespace sequent {

class InputHalf {
 public:
  // `bias` in the order of the matrix's rows, or nullptr. `embedding`: the table [tokens, inputs]
  // that the input's vectors are rows of, or nullptr.
  InputHalf(Weights weight, const float* bias, const Tensor* embedding);

  // The input halves of a window's pairs, as far as they are worked out beforehand.
  class Steps {
   public:
    // Of the step whose first pair this is.
    StepInput At(size_t pair) const {
      return sums_ != nullptr ? StepInput::Ready(sums_ + pair)
                              : StepInput::Of(&map_->weight(), map_->bias(), x_.From(pair));
    }

   private:
    friend class InputHalf;
    const float* const* sums_ = nullptr;  // per pair, packed order
    const Affine* map_ = nullptr;
    Prepared x_;
  };
  Steps Begin(const Window& window, const Signal& input, Pass* pass) const;

  // All of a window's input halves, for cells that have no product to work them out in: per pair,
  // in the arena or the table.
  const float* const* Sums(const Window& window, const Signal& input, Pass* pass) const;

 private:
  bool BetterOnTheWay(const Window& window) const;

  const Affine map_;
  const size_t width_;          // floats of one result
  AlignedVector<float> table_;  // [tokens, width_], or empty
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_INPUT_HALF_H_
