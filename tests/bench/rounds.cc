#include "tests/bench/rounds.h"

#include <algorithm>
#include <chrono>

namespace sequent::bench {
namespace {

constexpr double kLongCall = 10e-3;  // seconds; a cache is refilled in one or two milliseconds

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

double Window::Measure(double window) {
  if (last_ < kLongCall) run_();
  const auto batch = static_cast<size_t>(std::max(1.0, last_ > 0 ? window / last_ / 8 : 1.0));
  size_t calls = 0;
  const double begin = Seconds();
  double end = begin;
  do {
    for (size_t i = 0; i < batch; ++i) run_();
    calls += batch;
    end = Seconds();
  } while (end < begin + window);
  last_ = (end - begin) / static_cast<double>(calls);
  return last_;
}

double Median(std::vector<double> values) {
  const size_t half = values.size() / 2;
  std::sort(values.begin(), values.end());
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double MedianRatio(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> ratios;
  for (size_t i = 0; i < a.size(); ++i) ratios.push_back(a[i] / b[i]);
  return Median(std::move(ratios));
}

}  // namespace sequent::bench
