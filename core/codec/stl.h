// Seasonal-trend decomposition by loess: Cleveland, Cleveland, McRae and Terpenning, "STL: A
// seasonal-trend decomposition procedure based on loess", J. Official Statistics 6, 1990.
//
// y = seasonal + trend + remainder. The inner loop smooths each phase's values over the cycles,
// takes away what is slow in that, and smooths the rest for the trend; the outer loop weighs down
// values that fit badly. Agrees with the authors' program to rounding. Thread safety: pure
// functions.
#ifndef SEQUENT_CORE_CODEC_STL_H_
#define SEQUENT_CORE_CODEC_STL_H_

#include <cstddef>
#include <span>
#include <vector>

#include "core/base/status.h"

namespace sequent {

// A loess smoother: how many values it spans (odd, >= 3), of which degree (0 or 1) it is, and at
// which distance it is computed (>= 1; interpolated in between).
struct LoessOptions {
  size_t span = 7;
  int degree = 1;
  size_t jump = 1;
};

struct StlOptions {
  size_t period = 12;
  LoessOptions seasonal, trend, low_pass;
  size_t inner = 2, outer = 0;
};

// The usual choice: spans of 0 become seasonal 7; trend the next odd number from 1.5 period / (1 -
// 1.5 / seasonal); low_pass the next odd number above the period. Degrees and jumps 1. Robust: 1
// inner and 15 outer iterations, else 2 and 0.
StlOptions UsualStl(size_t period, size_t seasonal, size_t trend, size_t low_pass, bool robust);

struct StlResult {
  std::vector<double> seasonal, trend;
  std::vector<double> weights;  // of robustness; 1 without outer iterations
};

// INVALID_ARGUMENT: a period under 2, fewer than two periods of values, a span that is even or
// under 3, a degree other than 0 and 1, a jump or `inner` of 0.
StatusOr<StlResult> DecomposeStl(std::span<const double> y, const StlOptions& options);

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_STL_H_
