#include "tests/bench/kernel/bound.h"

#include <algorithm>

namespace sequent::bench {

namespace {

// Weights of the input half, or of the recurrent half.
size_t Half(const Shape& shape) { return Gates(shape.cell) * shape.units * shape.units; }

}  // namespace

void Bound::Probe(const Shape& shape, size_t weight_bytes) {
  peak_ = std::max(peak_, ProbeFlops());
  const size_t half = Half(shape) * weight_bytes;
  for (const size_t bytes : {2 * half, half}) {
    if (shape.steps == 1 && bytes == half) continue;
    Reading& reading = readings_.try_emplace(bytes, Reading{BandwidthProbe(bytes)}).first->second;
    reading.best = std::max(reading.best, reading.probe.Window());
  }
}

double Bound::Product(size_t weights, size_t weight_bytes, size_t rows, double bandwidth) const {
  const double peak = weight_bytes == 1 ? 4 * peak_ : peak_;
  return std::max(2.0 * static_cast<double>(weights * rows) / peak,
                  static_cast<double>(weights * weight_bytes) / bandwidth);
}

double Bound::Seconds(const Shape& shape, size_t weight_bytes) const {
  const size_t half = Half(shape);
  const double both = readings_.at(2 * half * weight_bytes).best;
  if (shape.steps == 1) return Product(2 * half, weight_bytes, shape.rows, both);
  const double recurrent = readings_.at(half * weight_bytes).best;
  return Product(half, weight_bytes, shape.pairs(), both) +
         static_cast<double>(shape.steps) * Product(half, weight_bytes, shape.rows, recurrent);
}

std::map<size_t, double> Bound::bandwidths() const {
  std::map<size_t, double> best;
  for (const auto& [bytes, reading] : readings_) best[bytes] = reading.best;
  return best;
}

}  // namespace sequent::bench
