// Where a step stands in the year, the week, the day, and in a cycle of steps. Times are
// milliseconds since 1970, UTC, in the proleptic Gregorian calendar.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_CODEC_CALENDAR_H_
#define SEQUENT_CORE_CODEC_CALENDAR_H_

#include <cstdint>

#include "sequent/v1/model.pb.h"

namespace sequent {

// Writes the calendar's terms (CalendarWidth of them, core/model/input_check.h) to `out`.
void CalendarTerms(const v1::Calendar& calendar, int64_t unix_ms, float* out);

// The phase, 0 .. period-1, of a step at this time. `clock` is not STEPS.
uint32_t PhaseAt(v1::Season::Clock clock, uint32_t period, int64_t unix_ms);

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_CALENDAR_H_
