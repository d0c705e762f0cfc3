// How sure one can be that a forecast is better than another.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_BOOTSTRAP_H_
#define SEQUENT_CORE_TRAIN_BOOTSTRAP_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace sequent::train {

inline constexpr size_t kBootstrapBlock = 20;
inline constexpr size_t kBootstrapResamples = 2000;

struct Interval {
  double low = 0, high = 0;
};

// The 95 % interval of 1 - sqrt(sum errors / sum naive), given squared errors at the same times, in
// order: percentiles over resamples of circular blocks, since errors of neighbouring rows
// are not independent (Politis and Romano, "A circular block-resampling procedure for stationary
// data", 1992). None: fewer than two blocks of rows, or nothing to compare with.
std::optional<Interval> SkillInterval(std::span<const double> errors, std::span<const double> naive,
                                      uint64_t seed);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_BOOTSTRAP_H_
