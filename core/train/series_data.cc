#include "core/train/series_data.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/train/csv.h"

namespace sequent::train {
namespace {

std::optional<double> Number(std::string_view text) {
  double value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  if (!std::isfinite(value) || std::abs(value) > std::numeric_limits<float>::max()) return {};
  return value;
}

// The rows of all files, and which file and line each came from.
struct Source {
  CsvTable table;
  std::vector<const std::string*> files;

  Status Bad(size_t row, size_t column, std::string_view expected, std::string_view got) const {
    return absl::DataLossError(StrCat(*files[row], ":", table.lines[row], ":", column + 1,
                                      ": expected ", ToAbsl(expected), " in column '",
                                      Quoted(table.header[column]), "', got ", ToAbsl(got)));
  }
};

StatusOr<Source> ReadAll(const v1::DataConfig& data) {
  Source all;
  for (const std::string& path : data.path()) {
    SEQ_ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
    SEQ_ASSIGN_OR_RETURN(CsvTable table, ParseCsv(text, path));
    if (all.files.empty()) all.table.header = table.header;
    if (table.header != all.table.header) {
      return absl::DataLossError(
          StrCat(path, ":1:1: expected the same header as ", data.path(0), ", got another"));
    }
    all.files.insert(all.files.end(), table.rows.size(), &path);
    std::move(table.rows.begin(), table.rows.end(), std::back_inserter(all.table.rows));
    all.table.lines.insert(all.table.lines.end(), table.lines.begin(), table.lines.end());
  }
  return all;
}

class Cells {
 public:
  Cells(const Source& source, const v1::DataConfig& data)
      : source_(source), missing_(data.missing().empty() ? "NA" : data.missing()) {}

  bool Missing(const std::string& cell) const { return cell.empty() || cell == missing_; }

  // Whether the first cell that is there is a number; the others are then held to it.
  bool Numeric(size_t column) const {
    for (const auto& row : source_.table.rows) {
      if (!Missing(row[column])) return Number(row[column]).has_value();
    }
    return true;
  }

  StatusOr<float> Value(size_t row, size_t column) const {
    const std::string& cell = source_.table.rows[row][column];
    if (Missing(cell)) return std::numeric_limits<float>::quiet_NaN();
    if (const auto number = Number(cell)) return static_cast<float>(*number);
    return source_.Bad(row, column, "a number", StrCat("'", Quoted(cell), "'"));
  }

 private:
  const Source& source_;
  const std::string missing_;
};

StatusOr<size_t> FindColumn(const CsvTable& table, const char* key, const std::string& name) {
  const auto at = std::find(table.header.begin(), table.header.end(), name);
  if (at != table.header.end()) return static_cast<size_t>(at - table.header.begin());
  std::vector<std::string_view> names(table.header.begin(), table.header.end());
  const std::string_view nearest = Nearest(name, names.data(), names.size());
  std::string hint;
  if (!nearest.empty()) hint = StrCat("; did you mean '", ToAbsl(nearest), "'?");
  return absl::InvalidArgumentError(
      StrCat("data.", key, ": expected a column of the file, got '", Quoted(name), "'", hint));
}

StatusOr<std::optional<size_t>> TimeColumn(const v1::DataConfig& data, const CsvTable& table,
                                           const Cells& cells) {
  if (!data.time().empty()) return FindColumn(table, "time", data.time());
  for (size_t c = 0; c < table.header.size(); ++c) {
    if (!cells.Numeric(c)) return c;
  }
  return std::optional<size_t>();
}

StatusOr<std::vector<size_t>> ValueColumns(const v1::DataConfig& data, const CsvTable& table,
                                           const Cells& cells, std::optional<size_t> time,
                                           size_t* targets) {
  std::vector<size_t> columns;
  const auto add = [&](const char* key, const std::string& name) -> Status {
    SEQ_ASSIGN_OR_RETURN(const size_t column, FindColumn(table, key, name));
    if (column == time || std::count(columns.begin(), columns.end(), column) > 0) {
      return absl::InvalidArgumentError(
          StrCat("data.", key, ": expected each column once, got '", Quoted(name), "' again"));
    }
    columns.push_back(column);
    return absl::OkStatus();
  };
  for (const auto& name : data.targets()) SEQ_RETURN_IF_ERROR(add("targets", name));
  *targets = columns.size();
  for (const auto& name : data.covariates()) SEQ_RETURN_IF_ERROR(add("covariates", name));
  if (*targets > 0) return columns;
  std::vector<size_t> all;
  for (size_t c = 0; c < table.header.size(); ++c) {
    const bool covariate = std::count(columns.begin(), columns.end(), c) > 0;
    if (c != time && !covariate && cells.Numeric(c)) all.push_back(c);
  }
  *targets = all.size();
  all.insert(all.end(), columns.begin(), columns.end());
  if (*targets == 0) {
    return absl::DataLossError(
        StrCat(data.path(0), ":1:1: expected a numeric column to forecast, got none"));
  }
  return all;
}

Status CheckTimes(const Source& source, size_t column) {
  const auto& rows = source.table.rows;
  const bool numeric = std::all_of(
      rows.begin(), rows.end(), [&](const auto& row) { return Number(row[column]).has_value(); });
  for (size_t r = 0; r < rows.size(); ++r) {
    const std::string& now = rows[r][column];
    if (now.empty()) return source.Bad(r, column, "a time", "an empty cell");
    if (r == 0) continue;
    const std::string& before = rows[r - 1][column];
    const bool same = numeric ? *Number(now) == *Number(before) : now == before;
    const bool later = numeric ? *Number(now) > *Number(before) : now > before;
    if (same) return source.Bad(r, column, "each time once", StrCat("'", Quoted(now), "' again"));
    if (!later) {
      return source.Bad(r, column, "times that increase",
                        StrCat("'", Quoted(now), "' after '", Quoted(before), "'"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<SeriesTable> ReadSeries(const v1::DataConfig& data) {
  SEQ_ASSIGN_OR_RETURN(const Source source, ReadAll(data));
  const Cells cells(source, data);
  SeriesTable series;
  SEQ_ASSIGN_OR_RETURN(const std::optional<size_t> time, TimeColumn(data, source.table, cells));
  SEQ_ASSIGN_OR_RETURN(const std::vector<size_t> columns,
                       ValueColumns(data, source.table, cells, time, &series.targets));
  if (time) {
    SEQ_RETURN_IF_ERROR(CheckTimes(source, *time));
    series.time_column = source.table.header[*time];
  }
  for (const size_t c : columns) series.columns.push_back(source.table.header[c]);
  for (size_t r = 0; r < source.table.rows.size(); ++r) {
    series.times.push_back(time ? source.table.rows[r][*time] : StrCat(r + 1));
    for (const size_t c : columns) {
      SEQ_ASSIGN_OR_RETURN(const float value, cells.Value(r, c));
      series.values.push_back(value);
    }
  }
  return series;
}

}  // namespace sequent::train
