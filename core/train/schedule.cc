#include "core/train/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sequent::train {
namespace {

uint64_t WarmupUpdates(const v1::Schedule& schedule) {
  switch (schedule.kind_case()) {
    case v1::Schedule::kCosine:
      return schedule.cosine().warmup_updates();
    case v1::Schedule::kExponential:
      return schedule.exponential().warmup_updates();
    case v1::Schedule::kStep:
      return schedule.step().warmup_updates();
    case v1::Schedule::kPlateau:
      return schedule.plateau().warmup_updates();
    case v1::Schedule::kInverseSqrt:
      return schedule.inverse_sqrt().warmup_updates();
    default:
      return schedule.constant().warmup_updates();
  }
}

// `progress`: from 0 at the end of warm-up to 1 where the decay ends.
double CosineFactor(const v1::Schedule::Cosine& cosine, double progress) {
  const double low = cosine.final_factor();
  return low + (1 - low) * 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, progress)));
}

}  // namespace

double LearningRate(const v1::Schedule& schedule, double base, uint64_t update, uint64_t updates,
                    uint64_t epoch_updates) {
  const uint64_t warmup = WarmupUpdates(schedule);
  if (update <= warmup) return base * static_cast<double>(update) / static_cast<double>(warmup);
  const double after = static_cast<double>(update - warmup);
  switch (schedule.kind_case()) {
    case v1::Schedule::kCosine: {
      const v1::Schedule::Cosine& cosine = schedule.cosine();
      const uint64_t last = cosine.updates() > 0 ? cosine.updates() : updates;
      const double whole = static_cast<double>(last > warmup ? last - warmup : 1);
      return base * CosineFactor(cosine, after / whole);
    }
    case v1::Schedule::kExponential: {
      const double every = static_cast<double>(schedule.exponential().every_updates());
      return base * std::pow(schedule.exponential().factor(), after / every);
    }
    case v1::Schedule::kStep: {
      const v1::Schedule::Step& step = schedule.step();
      const uint64_t every =
          step.every_updates() > 0 ? step.every_updates() : step.every_epochs() * epoch_updates;
      // The first update has number 1, and the first `every` of them the full rate.
      const uint64_t steps = (update - warmup - 1) / std::max<uint64_t>(every, 1);
      return base * std::pow(step.factor(), static_cast<double>(steps));
    }
    case v1::Schedule::kInverseSqrt:
      return base * std::sqrt(static_cast<double>(std::max<uint64_t>(warmup, 1)) /
                              static_cast<double>(update));
    default:
      return base;
  }
}

}  // namespace sequent::train
