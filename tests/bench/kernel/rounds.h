// Time of several contestants in turn, so that each meets the same clocks and neighbours.
#ifndef SEQUENT_TESTS_BENCH_KERNEL_ROUNDS_H_
#define SEQUENT_TESTS_BENCH_KERNEL_ROUNDS_H_

#include <cstddef>
#include <functional>
#include <vector>

namespace sequent::bench {

// Windows of one contestant. Each begins with calls that are not measured and bring the weights
// back into the cache that they live in while nothing else runs. A window in which the system gave
// the core to somebody else is measured again, a few times; then the best of them counts.
class Window {
 public:
  explicit Window(std::function<void()> run) : run_(std::move(run)) {}

  // Seconds per call over a window of about `window` seconds, at least one call.
  double Measure(double window);

 private:
  void WarmUp();
  double MeasureOnce(double window);

  const std::function<void()> run_;
  double last_ = 0;  // seconds per call, of the window before
};

double Median(std::vector<double> values);
// The median of a[i] / b[i].
double MedianRatio(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace sequent::bench

#endif  // SEQUENT_TESTS_BENCH_KERNEL_ROUNDS_H_
