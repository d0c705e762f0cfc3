#include "core/codec/calendar.h"

#include <cmath>
#include <numbers>

#include "core/base/iso_time.h"

namespace sequent {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr double kYearDays = 365.2425;

float* Harmonics(uint32_t count, double fraction, float* out) {
  for (uint32_t k = 1; k <= count; ++k) {
    const double angle = 2 * std::numbers::pi * k * fraction;
    *out++ = static_cast<float>(std::sin(angle));
    *out++ = static_cast<float>(std::cos(angle));
  }
  return out;
}

float* OneOf(uint32_t harmonics, int64_t index, int64_t count, float* out) {
  if (harmonics > 0) {
    return Harmonics(harmonics, static_cast<double>(index) / static_cast<double>(count), out);
  }
  for (int64_t i = 0; i < count; ++i) *out++ = i == index ? 1.0f : 0.0f;
  return out;
}

}  // namespace

void CalendarTerms(const v1::Calendar& calendar, int64_t unix_ms, float* out) {
  const int64_t day = FloorDivide(unix_ms, kDayMs);
  const double of_day = static_cast<double>(FloorModulo(unix_ms, kDayMs)) / kDayMs;
  const int64_t weekday = FloorModulo(day + 3, 7);  // 1970-01-01 was a Thursday
  const double years = (static_cast<double>(day) + of_day) / kYearDays;
  out = Harmonics(calendar.annual(), years - std::floor(years), out);
  out = Harmonics(calendar.weekly(), (static_cast<double>(weekday) + of_day) / 7, out);
  out = Harmonics(calendar.daily(), of_day, out);
  if (calendar.has_month()) {
    out = OneOf(calendar.month(), FloorModulo(MonthOfDay(day), 12), 12, out);
  }
  if (calendar.has_weekday()) OneOf(calendar.weekday(), weekday, 7, out);
}

uint32_t PhaseAt(v1::Season::Clock clock, uint32_t period, int64_t unix_ms) {
  int64_t count = 0;
  if (clock == v1::Season::MONTHS) {
    count = MonthOfDay(FloorDivide(unix_ms, kDayMs));
  } else {
    const int64_t unit = clock == v1::Season::MINUTES ? 60'000
                         : clock == v1::Season::HOURS ? 3'600'000
                         : clock == v1::Season::DAYS  ? kDayMs
                                                      : 7 * kDayMs;
    count = FloorDivide(unix_ms, unit);
  }
  return static_cast<uint32_t>(FloorModulo(count, period));
}

}  // namespace sequent
