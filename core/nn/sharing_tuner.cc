#include "core/nn/sharing_tuner.h"

#include <algorithm>

namespace sequent {
namespace {

// Ticks between trials of one way: at first, and when it has lost again and again. They double with
// each that is lost, and fall to a quarter with each that is won.
constexpr uint32_t kFirstWait = 8, kLongestWait = 4096;
// Ticks of a trial, the last of which counts: for the first one other cores may have to be woken.
constexpr int kRuns = 3;
constexpr uint32_t kWinsToTakeOver = 4;

}  // namespace

SharingTuner::SharingTuner(const SharingPlan& plan) : shares_(true) {
  for (size_t c = 0; c < sizes_.size(); ++c) SetBest(plan.For(size_t{1} << c), &sizes_[c]);
}

void SharingTuner::SetBest(Sharing best, Size* size) {
  size->best = best;
  size->cost = 0;
  size->challengers.fill({.wait = kFirstWait, .left = kFirstWait, .wins = 0});
}

Sharing SharingTuner::Next(size_t rows) {
  if (!shares_) return Sharing::kNone;
  size_ = SharingPlan::Class(rows);
  Size& size = sizes_[size_];
  if (size.runs_left > 0) return size.tried;
  for (size_t way = 0; way < kSharings; ++way) {
    Challenger& challenger = size.challengers[way];
    if (way == static_cast<size_t>(size.best) || --challenger.left > 0) continue;
    challenger.left = 1;  // if another one comes first
    size.tried = static_cast<Sharing>(way);
    size.runs_left = kRuns;
  }
  return size.runs_left > 0 ? size.tried : size.best;
}

void SharingTuner::Took(double cost) {
  if (!shares_) return;
  Size& size = sizes_[size_];
  if (size.runs_left == 0) {
    size.cost = cost;
  } else if (--size.runs_left == 0) {
    const double worthwhile = size.tried == Sharing::kNone ? 1 : SharingPlan::kWorthwhile;
    Judge(cost > 0 && cost < worthwhile * size.cost, &size);
  }
}

void SharingTuner::Judge(bool won, Size* size) {
  Challenger& challenger = size->challengers[static_cast<size_t>(size->tried)];
  if (won) {
    challenger.wait = std::max(challenger.wait / 4, kFirstWait);
    if (++challenger.wins == kWinsToTakeOver) return SetBest(size->tried, size);
  } else {
    challenger.wait = std::min(2 * challenger.wait, kLongestWait);
    challenger.wins -= challenger.wins > 0 ? 1 : 0;
  }
  challenger.left = challenger.wait;
}

}  // namespace sequent
