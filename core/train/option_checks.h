// The small checks of training options. `key` is without its "train." in front; every error is
// INVALID_ARGUMENT and reads "train.<key>: expected <what>, got <what came>".
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_OPTION_CHECKS_H_
#define SEQUENT_CORE_TRAIN_OPTION_CHECKS_H_

#include <cmath>
#include <string>

#include "core/base/status.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

inline Status Bad(const std::string& key, const std::string& expected, const std::string& got) {
  return absl::InvalidArgumentError(StrCat("train.", key, ": expected ", expected, ", got ", got));
}

inline Status CheckPositive(const std::string& key, double value) {
  if (value > 0 && std::isfinite(value)) return absl::OkStatus();
  return Bad(key, "> 0", StrCat(value));
}

inline Status CheckNotNegative(const std::string& key, double value) {
  if (value >= 0 && std::isfinite(value)) return absl::OkStatus();
  return Bad(key, ">= 0", StrCat(value));
}

// 0 <= value < 1.
inline Status CheckFraction(const std::string& key, double value) {
  if (value >= 0 && value < 1) return absl::OkStatus();
  return Bad(key, "0 <= x < 1", StrCat(value));
}

inline Status CheckChoice(const std::string& key, const std::string& value,
                          const std::string& first, const std::string& second) {
  if (value == first || value == second) return absl::OkStatus();
  return Bad(key, StrCat(first, " or ", second), StrCat("'", value, "'"));
}

// Fill in the defaults, and check. `adamw` becomes `adam`.
Status ResolveOptimizer(v1::Optimizer* optimizer);
Status ResolveSchedule(v1::Schedule* schedule);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_OPTION_CHECKS_H_
