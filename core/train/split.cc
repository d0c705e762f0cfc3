#include "core/train/split.h"

#include <cmath>

namespace sequent::train {
namespace {

StatusOr<size_t> Size(const char* key, double value, size_t n) {
  if (!(value >= 0) || value > 1e15 || (value > 1 && value != std::floor(value))) {
    return absl::InvalidArgumentError(
        StrCat("data.split.", key, ": expected a fraction from 0 to 1 or a count, got ", value));
  }
  if (value > 1) return static_cast<size_t>(value);
  // A hair, so that 0.3 of 10 is 3.
  return static_cast<size_t>(std::floor(value * static_cast<double>(n) + 1e-9));
}

bool AreAllFractionsOfOne(const v1::Split& split) {
  return split.train() > 0 && split.train() <= 1 && split.validation() <= 1 && split.test() <= 1 &&
         std::abs(split.train() + split.validation() + split.test() - 1) < 1e-9;
}

}  // namespace

StatusOr<Parts> SplitRows(const v1::Split& split, size_t n) {
  SEQ_ASSIGN_OR_RETURN(size_t train, Size("train", split.train(), n));
  SEQ_ASSIGN_OR_RETURN(size_t validation, Size("validation", split.validation(), n));
  SEQ_ASSIGN_OR_RETURN(size_t test, Size("test", split.test(), n));
  const bool fits = validation <= n && test <= n - validation;
  if (split.train() == 0 && fits) train = n - validation - test;
  if (AreAllFractionsOfOne(split) && train <= n) {
    if (split.test() == 0) validation = n - train;
    if (split.test() > 0) test = n - train - validation;
  }
  if (train == 0 || !fits || train > n - validation - test) {
    return absl::InvalidArgumentError(StrCat("data.split: expected parts that fit into ", n,
                                             " rows with some for training, got train ", train,
                                             ", validation ", validation, ", test ", test));
  }
  Parts parts;
  parts.train = {0, train};
  parts.validation = {train, train + validation};
  parts.test = {train + validation, train + validation + test};
  return parts;
}

}  // namespace sequent::train
