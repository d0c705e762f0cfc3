#include "tests/bench/kernel/rounds.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>

namespace sequent::bench {
namespace {

// Weights that the others drove out of a big victim cache are back after some eight calls. Long
// calls come with fewer, or none: they read their weights several times each, or compute so much
// that it does not matter.
constexpr int kWarmCalls = 8;
constexpr double kWarmUp = 30e-3;    // seconds
constexpr double kLongCall = 60e-3;  // seconds

// Of windows that were disturbed.
constexpr int kTries = 10;
constexpr double kAllTries = 0.3;  // seconds; no further try after so long

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// How often the system took a core away from this program.
long Preemptions() {
  rusage own = {};
  getrusage(RUSAGE_SELF, &own);
  return own.ru_nivcsw;
}

}  // namespace

void Window::WarmUp() {
  if (last_ > kLongCall) return;
  const double begin = Seconds();
  int calls = 0;
  do {
    run_();
  } while (++calls < kWarmCalls && Seconds() < begin + kWarmUp);
}

double Window::Measure(double window) {
  const double begin = Seconds();
  double best = 0;
  for (int tries = 0; tries < kTries; ++tries) {
    WarmUp();
    const long before = Preemptions();
    const double seconds = MeasureOnce(window);
    if (Preemptions() == before) return seconds;
    best = best > 0 ? std::min(best, seconds) : seconds;
    if (Seconds() > begin + kAllTries) break;
  }
  return best;
}

double Window::MeasureOnce(double window) {
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
