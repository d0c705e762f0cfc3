#include "core/nn/sharing.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <limits>

namespace sequent {
namespace {

constexpr Sharing kWays[] = {Sharing::kNone, Sharing::kPanels, Sharing::kRows};
constexpr double kSecondsToSpend = 0.1;
// Each way runs some times in a row, as on a busy server: the first time the other cores may have
// to be woken. The ways take turns, so that another program does not meet with all turns of one: a
// few at least, and as many as a tenth of the time allows.
constexpr int kRuns = 3, kLeastTurns = 3, kMostTurns = 10;
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
    const double enough = spent + kSecondsToSpend / kClasses;
    const auto go_on = [&](int turns) {
      return spent < (turns < kLeastTurns ? kSecondsToSpend : enough) && turns < kMostTurns;
    };
    std::array<double, std::size(kWays)> seconds;
    seconds.fill(std::numeric_limits<double>::infinity());
    int turns = 0;
    do {
      for (size_t way = 0; way < std::size(kWays); ++way) {
        for (int i = 0; i < kRuns; ++i) {
          const double now = run(size_t{1} << c, kWays[way]);
          spent += now;
          seconds[way] = std::min(seconds[way], now);
        }
      }
    } while (go_on(++turns));
    seconds[0] *= kWorthwhile;
    plan.best_[c] = kWays[std::ranges::min_element(seconds) - seconds.begin()];
  }
  return plan;
}

Sharing SharingPlan::For(size_t rows) const {
  const size_t c = std::bit_width(std::max<size_t>(rows, 1)) - 1;
  return best_[std::min(c, kClasses - 1)];
}

}  // namespace sequent
