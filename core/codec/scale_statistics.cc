#include "core/codec/scale_statistics.h"

#include <algorithm>
#include <cmath>

namespace sequent {
namespace {

// Mean and population standard deviation, in two passes.
OffsetAndFactor Standard(std::span<const float> values) {
  const double n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const float value : values) sum += value;
  const double mean = sum / n;
  for (const float value : values) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / n)};
}

double QuantileOfSorted(std::span<const float> sorted, double level) {
  const double place = level * static_cast<double>(sorted.size() - 1);
  const size_t below = static_cast<size_t>(place);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (place - static_cast<double>(below)) *
                             (static_cast<double>(sorted[above]) - sorted[below]);
}

}  // namespace

OffsetAndFactor ScaleOf(v1::Scale::Kind kind, std::span<float> values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  // Of equal values rounding could make a deviation.
  if (*low == *high) return {*low, 0};
  if (kind == v1::Scale::STANDARD) return Standard(values);
  if (kind == v1::Scale::MIN_MAX) return {*low, static_cast<double>(*high) - *low};
  std::sort(values.begin(), values.end());
  return {QuantileOfSorted(values, 0.5),
          QuantileOfSorted(values, 0.75) - QuantileOfSorted(values, 0.25)};
}

}  // namespace sequent
