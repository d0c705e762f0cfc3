#include "core/base/iso_time.h"

namespace sequent {
namespace {

constexpr int64_t kDayMs = 86'400'000;

// Days from 1970-01-01. This and MonthOfDay: Howard Hinnant, "chrono-Compatible Low-Level Date
// Algorithms". March is month 0 of a year there.
int64_t DaysOf(int64_t year, int64_t month, int64_t day) {
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = FloorDivide(y, 400);
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

// Reads a time from left to right.
class TimeReader {
 public:
  explicit TimeReader(std::string_view text) : rest_(text) {}

  bool Done() const { return rest_.empty(); }
  bool Skip(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // Exactly so many digits.
  std::optional<int64_t> Number(size_t digits) {
    if (rest_.size() < digits) return {};
    int64_t value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (rest_[i] < '0' || rest_[i] > '9') return {};
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  // The number after `mark`; `otherwise` if the text ends here.
  std::optional<int64_t> Next(char mark, size_t digits, int64_t otherwise) {
    if (Done()) return otherwise;
    return Skip(mark) ? Number(digits) : std::nullopt;
  }

 private:
  std::string_view rest_;
};

// Milliseconds of the day; the text after the date.
std::optional<int64_t> TimeOfDay(TimeReader* reader) {
  if (reader->Done()) return 0;
  if (!reader->Skip('T') && !reader->Skip(' ')) return {};
  const auto hour = reader->Number(2);
  const auto minute = reader->Next(':', 2, -1);
  if (!hour || !minute || *hour > 23 || *minute < 0 || *minute > 59) return {};
  int64_t ms = (*hour * 60 + *minute) * 60'000;
  if (reader->Skip(':')) {
    const auto second = reader->Number(2);
    if (!second || *second > 59) return {};
    ms += *second * 1000;
    if (reader->Skip('.')) {
      const auto fraction = reader->Number(3);
      if (!fraction) return {};
      ms += *fraction;
    }
  }
  reader->Skip('Z');
  return reader->Done() ? std::optional<int64_t>(ms) : std::nullopt;
}

}  // namespace

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
int64_t FloorModulo(int64_t a, int64_t b) { return a - FloorDivide(a, b) * b; }

int64_t MonthOfDay(int64_t days) {
  const int64_t z = days + 719468;
  const int64_t era = FloorDivide(z, 146097);
  const int64_t day_of_era = z - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t march_month = (5 * day_of_year + 2) / 153;
  const int64_t year = year_of_era + era * 400 + (march_month >= 10 ? 1 : 0);
  const int64_t month = march_month < 10 ? march_month + 3 : march_month - 9;
  return (year - 1970) * 12 + month - 1;
}

std::optional<int64_t> ParseIsoTime(std::string_view text) {
  TimeReader reader(text);
  const auto year = reader.Number(4);
  const auto month = reader.Next('-', 2, 1);
  const auto day = reader.Next('-', 2, 1);
  if (!year || !month || !day || *month < 1 || *month > 12 || *day < 1 || *day > 31) return {};
  const int64_t days = DaysOf(*year, *month, *day);
  if (MonthOfDay(days) != (*year - 1970) * 12 + *month - 1) return {};  // 31 April
  const auto of_day = TimeOfDay(&reader);
  if (!of_day) return {};
  return days * kDayMs + *of_day;
}

}  // namespace sequent
