#include "core/nn/sharing.h"

#include <algorithm>
#include <bit>
#include <limits>

namespace sequent {
namespace {

constexpr Sharing kWays[kSharings] = {Sharing::kNone, Sharing::kPanels, Sharing::kRows};
// In passes over all sizes of batch, so that no size depends on one moment: a virtual machine's
// other core can be away for tens of milliseconds. Sizes that the first pass has no time for are
// left out.
constexpr double kSecondsToSpend = 0.25, kSecondsOfFirstPass = kSecondsToSpend / 4;
constexpr int kMostPasses = 100;
// Each way runs some times in a row, as on a busy server: the first time the other cores may have
// to be woken.
constexpr int kRuns = 3;

}  // namespace

SharingPlan SharingPlan::Measure(const std::function<double(size_t, Sharing)>& run) {
  std::array<std::array<double, kSharings>, kClasses> best;
  for (auto& seconds : best) seconds.fill(std::numeric_limits<double>::infinity());
  double spent = 0;
  const auto measure = [&](size_t c) {
    for (size_t way = 0; way < kSharings; ++way) {
      for (int i = 0; i < kRuns; ++i) {
        const double now = run(size_t{1} << c, kWays[way]);
        spent += now;
        best[c][way] = std::min(best[c][way], now);
      }
    }
  };
  size_t tried = 0;
  while (tried < kClasses && spent <= kSecondsOfFirstPass) measure(tried++);
  const double pass_seconds = spent;
  for (int pass = 1; pass < kMostPasses && spent + pass_seconds <= kSecondsToSpend; ++pass) {
    for (size_t c = 0; c < tried; ++c) measure(c);
  }
  SharingPlan plan;
  for (size_t c = 0; c < kClasses; ++c) {
    auto& seconds = best[c];
    seconds[0] *= kWorthwhile;
    // Larger batches than were tried: as the largest that was.
    plan.best_[c] =
        c < tried ? kWays[std::ranges::min_element(seconds) - seconds.begin()] : plan.best_[c - 1];
  }
  return plan;
}

Sharing SharingPlan::For(size_t rows) const { return best_[Class(rows)]; }

size_t SharingPlan::Class(size_t rows) {
  const size_t c = std::bit_width(std::max<size_t>(rows, 1)) - 1;
  return std::min(c, kClasses - 1);
}

}  // namespace sequent
