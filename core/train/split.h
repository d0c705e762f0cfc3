// Which rows of a file are for fitting, for choosing, and for the final figure.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_SPLIT_H_
#define SEQUENT_CORE_TRAIN_SPLIT_H_

#include <cstddef>

#include "core/base/status.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

// Rows (or code points) begin .. end-1.
struct Part {
  size_t begin = 0, end = 0;
  size_t size() const { return end - begin; }
};

// Behind one another, in this order.
struct Parts {
  Part train, validation, test;
};

// Values in (0, 1] are fractions of `n`, rounded down; larger ones are counts. train = 0 is what
// the others leave; fractions that add up to 1 leave nothing over. INVALID_ARGUMENT naming
// data.split if they do not fit.
StatusOr<Parts> SplitRows(const v1::Split& split, size_t n);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_SPLIT_H_
