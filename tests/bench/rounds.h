// Time of several contestants in turn, so that each meets the same clocks and neighbours.
#ifndef SEQUENT_TESTS_BENCH_ROUNDS_H_
#define SEQUENT_TESTS_BENCH_ROUNDS_H_

#include <cstddef>
#include <functional>
#include <vector>

namespace sequent::bench {

// Seconds per call of `run` over a window of about `window` seconds, at least one call. A call goes
// before it unmeasured, to bring the weights back into their cache, unless calls are so long that
// this does not matter.
class Window {
 public:
  explicit Window(std::function<void()> run) : run_(std::move(run)) {}

  double Measure(double window);

 private:
  const std::function<void()> run_;
  double last_ = 0;  // seconds per call, of the window before
};

double Median(std::vector<double> values);
// The median of a[i] / b[i].
double MedianRatio(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace sequent::bench

#endif  // SEQUENT_TESTS_BENCH_ROUNDS_H_
