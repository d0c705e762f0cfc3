// Times as people write them: milliseconds since 1970, UTC, in the proleptic Gregorian calendar.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_BASE_ISO_TIME_H_
#define SEQUENT_CORE_BASE_ISO_TIME_H_

#include <cstdint>
#include <optional>
#include <string_view>

namespace sequent {

// "1990", "1990-12", "1990-12-31", or that and 'T' or ' ' and "23:59", "23:59:59" or
// "23:59:59.999", and perhaps 'Z'. None: not a time of this form, or no day of the calendar.
std::optional<int64_t> ParseIsoTime(std::string_view text);

// The month that a day lies in. Days are counted from 1970-01-01, months from January 1970.
int64_t MonthOfDay(int64_t day);

// Division that rounds down, and its remainder, which is never negative. b > 0.
int64_t FloorDivide(int64_t a, int64_t b);
int64_t FloorModulo(int64_t a, int64_t b);

}  // namespace sequent

#endif  // SEQUENT_CORE_BASE_ISO_TIME_H_
