#include "tests/bench/kernel/point.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sequent::bench {

void Point::Add(std::string name, std::unique_ptr<Contestant> contestant, size_t weight_bytes) {
  result_.timings.push_back({std::move(name), weight_bytes, {}, {}});
  windows_.emplace_back([&runner = *contestant] { runner.Run(); });
  contestants_.push_back(std::move(contestant));
}

double Point::LargestDifference() {
  const std::vector<float> expected = contestants_[0]->FirstOutputs();
  double largest = 0;
  for (size_t i = 1; i < contestants_.size(); ++i) {
    const std::vector<float> outputs = contestants_[i]->FirstOutputs();
    for (size_t k = 0; k < expected.size(); ++k) {
      const double difference = std::abs(static_cast<double>(outputs[k]) - expected[k]);
      if (!(difference <= largest)) largest = difference;  // NaN too
    }
  }
  return largest;
}

double Point::Round(double window, Bound* bound) {
  for (size_t i = 0; i < windows_.size(); ++i) {
    Timing& timing = result_.timings[i];
    const Timing& first = result_.timings[0];
    if (i > 0 && timing.weight_bytes == first.weight_bytes) {
      timing.seconds.push_back(windows_[i].Measure(window));
      timing.bounds.push_back(first.bounds.back());
      continue;
    }
    const double before = bound->Probe(result_.shape, timing.weight_bytes);
    timing.seconds.push_back(windows_[i].Measure(window));
    timing.bounds.push_back(std::min(before, bound->Probe(result_.shape, timing.weight_bytes)));
  }
  return result_.timings[0].seconds.back();
}

}  // namespace sequent::bench
