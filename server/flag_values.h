// Durations, sizes and counts as people write them.
//
// Thread safety: pure functions. Errors are INVALID_ARGUMENT and say what was expected.
#ifndef SEQUENT_SERVER_FLAG_VALUES_H_
#define SEQUENT_SERVER_FLAG_VALUES_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/status.h"

namespace sequent {

// "500us", "500ms", "8s", "15m", "2h", with fractions ("1.5s"); the unit is required. Seconds, >=
// 0.
StatusOr<double> ParseDuration(std::string_view text);
// "4MiB", "512KiB", "1GiB", "2MB", "100kB", "4096". Bytes.
StatusOr<size_t> ParseSize(std::string_view text);
// A whole number >= min.
StatusOr<size_t> ParseCount(std::string_view text, size_t min);

// The shortest of these forms that says the same: "8s", "2ms", "15m"; "4MiB", "100".
std::string FormatDuration(double seconds);
std::string FormatSize(size_t bytes);

}  // namespace sequent

#endif  // SEQUENT_SERVER_FLAG_VALUES_H_
