// How many steps fit into a tick: measured, not guessed.
//
// Keeps a moving average of seconds per (row, step) of the ticks so far. Batches make steps
// cheaper, so what small ticks suggest is pessimistic; the average follows within a few ticks.
// Thread safety: one user at a time.
#ifndef SEQUENT_SERVER_ENGINE_COST_MODEL_H_
#define SEQUENT_SERVER_ENGINE_COST_MODEL_H_

#include <cstddef>

namespace sequent::engine {

class CostModel {
 public:
  explicit CostModel(double budget_seconds) : budget_seconds_(budget_seconds) {}

  // Whether a tick of so many (row, step) pairs would stay within the budget.
  bool Fits(size_t steps) const {
    return static_cast<double>(steps) * seconds_per_step_ <= budget_seconds_;
  }
  void Observe(size_t steps, double seconds) {
    if (steps == 0) return;
    const double now = seconds / static_cast<double>(steps);
    seconds_per_step_ =
        seconds_per_step_ == 0 ? now : seconds_per_step_ + kWeight * (now - seconds_per_step_);
  }
  double seconds_per_step() const { return seconds_per_step_; }

 private:
  static constexpr double kWeight = 0.2;  // half of what is known is older than three ticks

  const double budget_seconds_;
  double seconds_per_step_ = 0;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_COST_MODEL_H_
