// How many steps fit into a tick: measured, not guessed.
//
// A tick of P (row, step) pairs whose longest row takes S steps costs about a S + b P seconds: some
// for every step that has to wait for the one before, some for every pair. So a tick's cost per
// pair is a line over x = S / P, and the ticks so far are points around it; the newest count most.
// Ticks of one shape only say what such a tick costs, which is then taken for b.
//
// Thread safety: one user at a time.
#ifndef SEQUENT_SERVER_ENGINE_COST_MODEL_H_
#define SEQUENT_SERVER_ENGINE_COST_MODEL_H_

#include <algorithm>
#include <cstddef>

namespace sequent::engine {

class CostModel {
 public:
  explicit CostModel(double budget_seconds) : budget_(budget_seconds) {}

  // What a tick of so many pairs, `longest` of them one row's, is expected to take; 0 before the
  // first one.
  double Seconds(size_t longest, size_t pairs) const {
    return per_step_ * static_cast<double>(longest) + per_pair_ * static_cast<double>(pairs);
  }
  // Whether such a tick would stay within the budget.
  bool Fits(size_t longest, size_t pairs) const { return Seconds(longest, pairs) <= budget_; }
  // The steps, at most `most` and at least 1, that another row may take in such a tick.
  size_t StepsThatFit(size_t longest, size_t pairs, size_t most) const {
    size_t low = 1, high = most;
    while (low < high) {
      const size_t middle = low + (high - low + 1) / 2;
      if (Fits(std::max(longest, middle), pairs + middle)) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  void Observe(size_t longest, size_t pairs, double seconds) {
    if (pairs == 0) return;
    const double x = static_cast<double>(longest) / static_cast<double>(pairs);
    const double y = seconds / static_cast<double>(pairs);
    const double weight = known_ ? kWeight : 1;
    known_ = true;
    const double dx = x - x_, dy = y - y_;
    x_ += weight * dx;
    y_ += weight * dy;
    xx_ = (1 - weight) * (xx_ + weight * dx * dx);
    xy_ = (1 - weight) * (xy_ + weight * dx * dy);
    per_step_ = std::clamp(xx_ > kSpread ? xy_ / xx_ : 0, 0.0, y_ / x_);
    per_pair_ = y_ - per_step_ * x_;
  }

  double seconds_per_step() const { return per_step_; }
  double seconds_per_pair() const { return per_pair_; }

 private:
  static constexpr double kWeight = 0.2;   // half of what is known is older than three ticks
  static constexpr double kSpread = 1e-4;  // of x: less than this is one shape

  const double budget_;
  bool known_ = false;
  double x_ = 0, y_ = 0, xx_ = 0, xy_ = 0;  // moving means, and deviations from them
  double per_step_ = 0, per_pair_ = 0;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_COST_MODEL_H_
