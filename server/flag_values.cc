#include "server/flag_values.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace sequent {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

// Ascending, so that the largest that divides a value is found from the back.
constexpr std::array<Unit, 5> kTimes = {
    {{"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}}};
constexpr std::array<Unit, 8> kSizes = {{{"B", 1},
                                         {"kB", 1e3},
                                         {"KB", 1e3},
                                         {"MB", 1e6},
                                         {"GB", 1e9},
                                         {"KiB", 1024.0},
                                         {"MiB", 1048576.0},
                                         {"GiB", 1073741824.0}}};

Status Invalid(const char* expected, std::string_view got) {
  return absl::InvalidArgumentError(StrCat("expected ", expected, ", got '", ToAbsl(got), "'"));
}

// The leading number, and the rest of the text as its unit.
bool SplitNumber(std::string_view text, double* number, std::string_view* unit) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), *number);
  if (code != std::errc() || !std::isfinite(*number) || *number < 0) return false;
  *unit = text.substr(end - text.data());
  return true;
}

template <size_t N>
const Unit* FindUnit(const std::array<Unit, N>& units, std::string_view name) {
  for (const Unit& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

std::string WithUnit(double value, const Unit& unit) {
  return StrCat(value / unit.factor, ToAbsl(unit.name));
}

bool Divides(const Unit& unit, double value) {
  const double count = value / unit.factor;
  return count >= 1 && std::abs(count - std::round(count)) < 1e-9 * count;
}

}  // namespace

StatusOr<double> ParseDuration(std::string_view text) {
  double number = 0;
  std::string_view name;
  const Unit* unit = SplitNumber(text, &number, &name) ? FindUnit(kTimes, name) : nullptr;
  if (unit == nullptr && !(number == 0 && text == "0")) {
    return Invalid("a duration like 500ms, 8s or 15m", text);
  }
  return unit == nullptr ? 0 : number * unit->factor;
}

StatusOr<size_t> ParseSize(std::string_view text) {
  double number = 0;
  std::string_view name;
  if (!SplitNumber(text, &number, &name)) return Invalid("a size like 4MiB or 4096", text);
  const Unit* unit = FindUnit(kSizes, name.empty() ? "B" : name);
  if (unit == nullptr) return Invalid("a size like 4MiB or 4096", text);
  const double bytes = number * unit->factor;
  if (bytes > 1e18 || bytes != std::floor(bytes)) return Invalid("a whole number of bytes", text);
  return static_cast<size_t>(bytes);
}

StatusOr<size_t> ParseCount(std::string_view text, size_t min) {
  size_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size() || value < min) {
    return absl::InvalidArgumentError(
        StrCat("expected a whole number >= ", min, ", got '", ToAbsl(text), "'"));
  }
  return value;
}

std::string FormatDuration(double seconds) {
  for (auto unit = kTimes.rbegin(); unit != kTimes.rend(); ++unit) {
    if (Divides(*unit, seconds)) return WithUnit(seconds, *unit);
  }
  return StrCat(seconds, "s");
}

std::string FormatSize(size_t bytes) {
  for (auto unit = kSizes.rbegin(); unit->name != "GB"; ++unit) {
    if (Divides(*unit, static_cast<double>(bytes))) return WithUnit(bytes, *unit);
  }
  return StrCat(bytes);
}

}  // namespace sequent
