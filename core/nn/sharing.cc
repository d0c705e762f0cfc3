#include "core/nn/sharing.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace sequent {
namespace {

constexpr double kSecondsToSpend = 0.05;
constexpr int kRuns = 3;
// What another core has to win to be worth keeping from others.
constexpr double kWorthwhile = 0.9;

}  // namespace

SharingPlan SharingPlan::Measure(const std::function<double(size_t, Sharing)>& run) {
  SharingPlan plan;
  double spent = 0;
  for (size_t c = 0; c < kClasses; ++c) {
    if (spent > kSecondsToSpend) {  // larger batches: as the largest that was tried
      plan.best_[c] = plan.best_[c - 1];
      continue;
    }
    const auto seconds = [&](Sharing sharing) {
      double best = std::numeric_limits<double>::infinity();
      for (int i = 0; i < kRuns; ++i) {
        const double now = run(size_t{1} << c, sharing);
        spent += now;
        best = std::min(best, now);
      }
      return best;
    };
    double best = seconds(Sharing::kNone) * kWorthwhile;
    for (const Sharing sharing : {Sharing::kPanels, Sharing::kRows}) {
      const double now = seconds(sharing);
      if (now < best) {
        best = now;
        plan.best_[c] = sharing;
      }
    }
  }
  return plan;
}

Sharing SharingPlan::For(size_t rows) const {
  const size_t c = std::bit_width(std::max<size_t>(rows, 1)) - 1;
  return best_[std::min(c, kClasses - 1)];
}

}  // namespace sequent
