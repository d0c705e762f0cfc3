// Which items are trained on and which tested on in each round of a cross-validation.
//
// An item is whatever is not to be torn apart: a sequence, a row of a series, a piece of a text.
// Thread safety: plain data and pure functions.
#ifndef SEQUENT_CORE_TRAIN_FOLDS_H_
#define SEQUENT_CORE_TRAIN_FOLDS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/base/status.h"

namespace sequent::train {

// Indices of items, increasing; none is in both.
struct Fold {
  std::vector<size_t> train, test;
};

// Every item is tested on once. Items are dealt out in an order that depends on the seed alone;
// with `classes` (one for each item, or none) every class by itself, so that folds differ by at
// most one in their size and in how many of a class they have. INVALID_ARGUMENT "cv.folds: ..."
// unless 2 <= folds <= n.
StatusOr<std::vector<Fold>> KFold(size_t n, size_t folds, uint64_t seed,
                                  std::span<const int32_t> classes);

// Rows of each fold of RollingOrigin.
struct RollingRows {
  size_t test = 0;    // 0: the second half of all rows over the folds
  size_t train = 0;   // before its origin; 0: all
  size_t stride = 0;  // from an origin to the next; 0: test, one test part behind another
};

// For series, where later must not be used to tell earlier: each fold tests on the rows from its
// origin on and trains on those before; the last test part ends with the rows. INVALID_ARGUMENT
// "cv....: ..." unless every fold has a row to train on.
StatusOr<std::vector<Fold>> RollingOrigin(size_t n, size_t folds, const RollingRows& rows);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_FOLDS_H_
