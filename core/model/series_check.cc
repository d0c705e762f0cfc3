// The checks of feature inputs; input_check.h declares them.
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_set>

#include "core/base/error.h"
#include "core/model/config_check.h"
#include "core/model/input_check.h"

namespace sequent {
namespace {

constexpr uint32_t kMaxHarmonics = 64;

Status CheckImpute(const std::string& path, const v1::SeriesColumn& column) {
  const v1::Impute& impute = column.impute();
  if (!v1::Impute::Kind_IsValid(impute.kind())) {
    return Expected(path + ".kind", "NONE | LAST | MEAN | SEASONAL_MEAN", StrCat(impute.kind()));
  }
  if (impute.missing_flag() && impute.kind() == v1::Impute::NONE) {
    return Expected(path + ".missing_flag", "false where impute.kind is NONE", "true");
  }
  if (impute.kind() == v1::Impute::SEASONAL_MEAN && column.season().period() == 0) {
    return Expected(path + ".kind", "LAST or MEAN where season.period is 0", "SEASONAL_MEAN");
  }
  return absl::OkStatus();
}

Status CheckSeason(const std::string& path, const v1::Season& season) {
  if (season.period() == 1 || season.period() > kMaxWidth) {
    return Expected(path + ".period", StrCat("0 or 2..", kMaxWidth), StrCat(season.period()));
  }
  if (!v1::Season::Clock_IsValid(season.clock())) {
    return Expected(path + ".clock", "STEPS | MINUTES | HOURS | DAYS | WEEKS | MONTHS",
                    StrCat(season.clock()));
  }
  if (season.subtract() && season.period() == 0) {
    return Expected(path + ".subtract", "false where season.period is 0", "true");
  }
  for (const auto& [key, span] :
       {std::pair(".seasonal", season.seasonal()), std::pair(".trend", season.trend()),
        std::pair(".low_pass", season.low_pass())}) {
    if (span == 0 || (span >= 3 && span % 2 == 1)) continue;
    return Expected(path + key, "0 or an odd number from 3", StrCat(span));
  }
  return absl::OkStatus();
}

Status CheckScale(const std::string& path, const v1::Scale& scale, bool labelled) {
  if (!v1::Scale::Kind_IsValid(scale.kind())) {
    return Expected(path + ".kind", "NONE | STANDARD | MIN_MAX | ROBUST", StrCat(scale.kind()));
  }
  if (!v1::Scale::Scope_IsValid(scale.scope())) {
    return Expected(path + ".scope", "GLOBAL | PER_SERIES | PER_WINDOW", StrCat(scale.scope()));
  }
  if (scale.scope() == v1::Scale::PER_SERIES && !labelled) {
    return Expected(path + ".scope", "GLOBAL or PER_WINDOW where no column has labels",
                    "PER_SERIES");
  }
  const bool window = scale.scope() == v1::Scale::PER_WINDOW;
  if (window && scale.kind() == v1::Scale::NONE) {
    return Expected(path + ".kind", "STANDARD, MIN_MAX or ROBUST with a scope of windows", "NONE");
  }
  if (window && (scale.window() < 2 || scale.window() > kMaxWidth)) {
    return Expected(path + ".window", StrCat("2..", kMaxWidth), StrCat(scale.window()));
  }
  return absl::OkStatus();
}

Status CheckLabelColumn(const std::string& path, const v1::SeriesColumn& column, bool last) {
  if (!last) return Expected(path + ".labels", "none but in the last column", "some");
  v1::SeriesColumn plain;
  plain.set_name(column.name());
  *plain.mutable_labels() = column.labels();
  if (plain.SerializeAsString() != column.SerializeAsString()) {
    return Expected(path, "no transforms in a column of labels", "some");
  }
  std::unordered_set<std::string_view> seen;
  for (int i = 0; i < column.labels_size(); ++i) {
    const std::string where = Indexed(path + ".labels", static_cast<size_t>(i));
    SEQ_RETURN_IF_ERROR(CheckLabel(where, column.labels(i)));
    if (!seen.insert(column.labels(i)).second) {
      return Expected(where, "a label not used before", StrCat("'", Quoted(column.labels(i)), "'"));
    }
  }
  return absl::OkStatus();
}

Status CheckColumn(const std::string& path, const v1::SeriesColumn& column, bool labelled) {
  SEQ_RETURN_IF_ERROR(CheckImpute(path + ".impute", column));
  SEQ_RETURN_IF_ERROR(CheckSeason(path + ".season", column.season()));
  for (const auto& [key, lag] : {std::pair(".difference", column.difference()),
                                 std::pair(".seasonal_difference", column.seasonal_difference())}) {
    if (lag > kMaxWidth) return Expected(path + key, StrCat("0..", kMaxWidth), StrCat(lag));
  }
  return CheckScale(path + ".scale", column.scale(), labelled);
}

Status CheckCalendar(const std::string& path, const v1::Calendar& calendar) {
  const std::pair<const char*, uint32_t> terms[] = {{".annual", calendar.annual()},
                                                    {".weekly", calendar.weekly()},
                                                    {".daily", calendar.daily()},
                                                    {".month", calendar.month()},
                                                    {".weekday", calendar.weekday()}};
  for (const auto& [key, harmonics] : terms) {
    if (harmonics > kMaxHarmonics) {
      return Expected(path + key, StrCat("0..", kMaxHarmonics, " harmonics"), StrCat(harmonics));
    }
  }
  return absl::OkStatus();
}

Status CheckFinite(const std::string& path, double value) {
  if (std::isfinite(value)) return absl::OkStatus();
  return Expected(path, "a finite number", StrCat(value));
}

Status CheckFactor(const std::string& path, double value) {
  SEQ_RETURN_IF_ERROR(CheckFinite(path, value));
  // What comes is divided by it in float.
  if (value >= std::numeric_limits<float>::min()) return absl::OkStatus();
  return Expected(path, value > 0 ? "at least 1.2e-38" : "> 0", StrCat(value));
}

template <typename Values>
Status CheckEach(const std::string& path, const Values& values, size_t count,
                 Status (*check)(const std::string&, double)) {
  if (static_cast<size_t>(values.size()) != count) {
    return Expected(path, StrCat(count, " values"), StrCat(values.size()));
  }
  for (int i = 0; i < values.size(); ++i) {
    SEQ_RETURN_IF_ERROR(check(Indexed(path, static_cast<size_t>(i)), values.Get(i)));
  }
  return absl::OkStatus();
}

Status CheckLearnedScale(const std::string& path, const v1::Scale& scale, size_t series) {
  SEQ_RETURN_IF_ERROR(CheckFinite(path + ".offset", scale.offset()));
  SEQ_RETURN_IF_ERROR(CheckFinite(path + ".factor", scale.factor()));
  if (scale.kind() == v1::Scale::NONE) return absl::OkStatus();
  if (scale.scope() != v1::Scale::PER_SERIES) return CheckFactor(path + ".factor", scale.factor());
  SEQ_RETURN_IF_ERROR(CheckEach(path + ".offsets", scale.offsets(), series, CheckFinite));
  return CheckEach(path + ".factors", scale.factors(), series, CheckFactor);
}

Status CheckLearnedColumn(const std::string& path, const v1::SeriesColumn& column, size_t series) {
  const v1::Impute& impute = column.impute();
  const bool log = column.log() && impute.kind() != v1::Impute::NONE;
  const auto check_mean = log ? CheckFactor : CheckFinite;
  SEQ_RETURN_IF_ERROR(check_mean(path + ".impute.mean", impute.mean()));
  const size_t period = column.season().period();
  if (impute.kind() == v1::Impute::SEASONAL_MEAN) {
    SEQ_RETURN_IF_ERROR(
        CheckEach(path + ".impute.seasonal_means", impute.seasonal_means(), period, check_mean));
  }
  if (column.season().subtract()) {
    SEQ_RETURN_IF_ERROR(
        CheckEach(path + ".season.cycle", column.season().cycle(), period, CheckFinite));
  }
  return CheckLearnedScale(path + ".scale", column.scale(), series);
}

// Of the column of labels; 0 if there is none.
size_t SeriesCount(const v1::FeatureInput& features) {
  if (features.columns_size() == 0) return 0;
  return static_cast<size_t>(features.columns(features.columns_size() - 1).labels_size());
}

}  // namespace

size_t CalendarWidth(const v1::Calendar& calendar) {
  size_t width =
      2 * size_t{calendar.annual()} + 2 * size_t{calendar.weekly()} + 2 * size_t{calendar.daily()};
  if (calendar.has_month()) width += calendar.month() == 0 ? 12 : 2 * size_t{calendar.month()};
  if (calendar.has_weekday()) {
    width += calendar.weekday() == 0 ? 7 : 2 * size_t{calendar.weekday()};
  }
  return width;
}

StatusOr<size_t> CheckFeatureInput(std::string_view path, const v1::FeatureInput& features) {
  const std::string list = StrCat(ToAbsl(path), ".columns");
  SEQ_RETURN_IF_ERROR(CheckCount(list, static_cast<uint64_t>(features.columns_size()), kMaxWidth));
  SEQ_RETURN_IF_ERROR(CheckCalendar(StrCat(ToAbsl(path), ".calendar"), features.calendar()));
  std::unordered_set<std::string_view> names;
  const bool labelled = SeriesCount(features) > 0;
  size_t width = CalendarWidth(features.calendar());
  for (int i = 0; i < features.columns_size(); ++i) {
    const v1::SeriesColumn& column = features.columns(i);
    const std::string where = Indexed(list, static_cast<size_t>(i));
    SEQ_RETURN_IF_ERROR(CheckLabel(where + ".name", column.name()));
    if (!names.insert(column.name()).second) {
      return Expected(where + ".name", "a name not used before",
                      StrCat("'", Quoted(column.name()), "'"));
    }
    if (column.labels_size() > 0) {
      SEQ_RETURN_IF_ERROR(
          CheckLabelColumn(where, column, i > 0 && i == features.columns_size() - 1));
      width += static_cast<size_t>(column.labels_size());
      continue;
    }
    SEQ_RETURN_IF_ERROR(CheckColumn(where, column, labelled));
    width += column.impute().missing_flag() ? 2 : 1;
  }
  SEQ_RETURN_IF_ERROR(CheckCount(list + " with missing flags", width, kMaxWidth));
  return width;
}

Status CheckLearned(std::string_view path, const v1::FeatureInput& features) {
  const std::string list = StrCat(ToAbsl(path), ".columns");
  for (int i = 0; i < features.columns_size(); ++i) {
    SEQ_RETURN_IF_ERROR(CheckLearnedColumn(Indexed(list, static_cast<size_t>(i)),
                                           features.columns(i), SeriesCount(features)));
  }
  return absl::OkStatus();
}

}  // namespace sequent
