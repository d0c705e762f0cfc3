#include "tests/bench/bound.h"

#include <algorithm>

namespace sequent::bench {

size_t Bound::RecurrentBytes(const Shape& shape) const {
  return Gates(shape.cell) * shape.units * shape.units * weight_bytes_;
}

void Bound::Probe(const Shape& shape) {
  peak_ = std::max(peak_, ProbeFlops());
  const size_t half = RecurrentBytes(shape);
  for (const size_t bytes : {2 * half, half}) {
    if (shape.steps == 1 && bytes == half) continue;
    Reading& reading = readings_.try_emplace(bytes, Reading{BandwidthProbe(bytes)}).first->second;
    reading.best = std::max(reading.best, reading.probe.Window());
  }
}

double Bound::Product(size_t bytes, size_t rows, double bandwidth) const {
  const double operations = 2.0 * static_cast<double>(bytes / weight_bytes_ * rows);
  return std::max(operations / peak_, static_cast<double>(bytes) / bandwidth);
}

double Bound::Seconds(const Shape& shape) const {
  const size_t half = RecurrentBytes(shape);
  const double both = readings_.at(2 * half).best;
  if (shape.steps == 1) return Product(2 * half, shape.rows, both);
  return Product(half, shape.pairs(), both) +
         static_cast<double>(shape.steps) * Product(half, shape.rows, readings_.at(half).best);
}

std::map<size_t, double> Bound::bandwidths() const {
  std::map<size_t, double> best;
  for (const auto& [bytes, reading] : readings_) best[bytes] = reading.best;
  return best;
}

}  // namespace sequent::bench
