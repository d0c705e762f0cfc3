#include "core/kernels/layout.h"

#include <unistd.h>

#include <algorithm>

namespace sequent::kernels {

size_t SecondLevelCacheBytes() {
  static const long bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  return bytes > 0 ? static_cast<size_t>(bytes) : size_t{1} << 20;
}

size_t SourceOf(size_t column, size_t gates, size_t units, size_t lanes, size_t outputs) {
  if (gates <= 1) return std::min(column, outputs);
  const size_t group = column / (gates * lanes);
  const size_t gate = column / lanes % gates;
  const size_t unit = group * lanes + column % lanes;
  return unit < units ? gate * units + unit : outputs;
}

bool TooLargeToStay(size_t bytes) { return bytes > SecondLevelCacheBytes() / 2; }
bool TooLargeToStayWhole(size_t bytes) { return bytes > SecondLevelCacheBytes() / 4; }
bool TooLargeToStayNear(size_t bytes) { return bytes > SecondLevelCacheBytes() * 8; }

}  // namespace sequent::kernels
