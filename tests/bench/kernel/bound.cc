#include "tests/bench/kernel/bound.h"

#include <algorithm>

namespace sequent::bench {

namespace {

// Weights of the input half, or of the recurrent half.
size_t Half(const Shape& shape) { return Gates(shape.cell) * shape.units * shape.units; }

}  // namespace

double Bound::Bandwidth(size_t bytes) {
  auto found = readings_.find(bytes);
  if (found == readings_.end()) {
    found = readings_.emplace(bytes, Reading{BandwidthProbe(bytes)}).first;
  }
  Reading& reading = found->second;
  const double now = reading.probe.Best();
  reading.best = std::max(reading.best, now);
  return now;
}

double Bound::Probe(const Shape& shape, size_t weight_bytes) {
  const double peak = ProbeFlops();
  peak_ = std::max(peak_, peak);
  const size_t half = Half(shape);
  const double operations = weight_bytes == 1 ? 4 * peak : peak;
  const auto product = [&](size_t weights, size_t rows, double bandwidth) {
    return std::max(2.0 * static_cast<double>(weights * rows) / operations,
                    static_cast<double>(weights * weight_bytes) / bandwidth);
  };
  const double both = Bandwidth(2 * half * weight_bytes);
  if (shape.steps == 1) return product(2 * half, shape.rows, both);
  return product(half, shape.pairs(), both) +
         static_cast<double>(shape.steps) *
             product(half, shape.rows, Bandwidth(half * weight_bytes));
}

std::map<size_t, double> Bound::bandwidths() const {
  std::map<size_t, double> best;
  for (const auto& [bytes, reading] : readings_) best[bytes] = reading.best;
  return best;
}

}  // namespace sequent::bench
