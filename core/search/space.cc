#include "core/search/space.h"

#include <algorithm>
#include <cmath>

namespace sequent::search {
namespace {

// The two ends of the unit, on the axis where the parameter is even.
struct Ends {
  double low, high;
};

Ends EndsOf(const Parameter& p) {
  if (p.choices > 0) return {-0.5, static_cast<double>(p.choices) - 0.5};
  const double margin = p.whole ? 0.5 : 0;
  const double low = p.low - margin, high = p.high + margin;
  return p.log ? Ends{std::log(low), std::log(high)} : Ends{low, high};
}

Status Bad(size_t index, const char* key, const std::string& expected, double got) {
  return absl::InvalidArgumentError(
      StrCat("[", index, "].", key, ": expected ", expected, ", got ", got));
}

Status CheckParameter(const Parameter& p, size_t index) {
  if (p.choices > 0) return absl::OkStatus();
  if (!std::isfinite(p.low)) return Bad(index, "min", "a finite number", p.low);
  if (!std::isfinite(p.high)) return Bad(index, "max", "a finite number", p.high);
  if (!(p.high > p.low)) return Bad(index, "max", StrCat("> min, which is ", p.low), p.high);
  if (p.log && !(p.low > 0)) return Bad(index, "min", "> 0 on a logarithmic range", p.low);
  if (p.whole && p.low != std::floor(p.low)) return Bad(index, "min", "a whole number", p.low);
  if (p.whole && p.high != std::floor(p.high)) return Bad(index, "max", "a whole number", p.high);
  return absl::OkStatus();
}

}  // namespace

Status CheckSpace(const Space& space) {
  if (space.empty()) return absl::InvalidArgumentError(": expected a parameter, got none");
  for (size_t i = 0; i < space.size(); ++i) SEQ_RETURN_IF_ERROR(CheckParameter(space[i], i));
  return absl::OkStatus();
}

double FromUnit(const Parameter& p, double u) {
  const Ends ends = EndsOf(p);
  const double at = ends.low + std::clamp(u, 0.0, 1.0) * (ends.high - ends.low);
  if (p.choices > 0) {
    return std::clamp(std::round(at), 0.0, static_cast<double>(p.choices - 1));
  }
  if (u <= 0 || u >= 1) return u <= 0 ? p.low : p.high;  // not what rounding makes of it
  const double value = p.log ? std::exp(at) : at;
  return std::clamp(p.whole ? std::round(value) : value, p.low, p.high);
}

double ToUnit(const Parameter& p, double value) {
  const Ends ends = EndsOf(p);
  const double at = p.log && p.choices == 0 ? std::log(value) : value;
  return std::clamp((at - ends.low) / (ends.high - ends.low), 0.0, 1.0);
}

uint64_t CountPoints(const Space& space, uint64_t limit) {
  double count = 1;
  for (const Parameter& p : space) {
    if (p.choices == 0 && !p.whole) return limit;
    count *= p.choices > 0 ? static_cast<double>(p.choices) : p.high - p.low + 1;
  }
  return count < static_cast<double>(limit) ? static_cast<uint64_t>(count) : limit;
}

}  // namespace sequent::search
