#include "core/train/series_data.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/iso_time.h"
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
                                           const Cells& cells, std::optional<size_t> series) {
  if (!data.time().empty()) return FindColumn(table, "time", data.time());
  for (size_t c = 0; c < table.header.size(); ++c) {
    if (c != series && !cells.Numeric(c)) return c;
  }
  return std::optional<size_t>();
}

StatusOr<std::vector<size_t>> ValueColumns(const v1::DataConfig& data, const CsvTable& table,
                                           const Cells& cells, std::optional<size_t> time,
                                           std::optional<size_t> series, size_t* targets) {
  std::vector<size_t> columns;
  const auto add = [&](const char* key, const std::string& name) -> Status {
    SEQ_ASSIGN_OR_RETURN(const size_t column, FindColumn(table, key, name));
    if (column == time || column == series ||
        std::count(columns.begin(), columns.end(), column) > 0) {
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
    if (c != time && c != series && !covariate && cells.Numeric(c)) all.push_back(c);
  }
  *targets = all.size();
  all.insert(all.end(), columns.begin(), columns.end());
  if (*targets == 0) {
    return absl::DataLossError(
        StrCat(data.path(0), ":1:1: expected a numeric column to forecast, got none"));
  }
  return all;
}

// Compares rows by their times: as numbers if all are.
class TimeOrder {
 public:
  TimeOrder(const Source& source, size_t column) : source_(source), column_(column) {
    for (const auto& row : source.table.rows) {
      const auto number = Number(row[column]);
      if (!number) {
        numbers_.clear();
        break;
      }
      numbers_.push_back(*number);
    }
  }

  bool Before(size_t a, size_t b) const {
    return numbers_.empty() ? Text(a) < Text(b) : numbers_[a] < numbers_[b];
  }

  // Of a row and the one before it in its series.
  Status Check(size_t before, size_t row) const {
    if (Before(before, row)) return absl::OkStatus();
    if (!Before(row, before)) {
      return source_.Bad(row, column_, "each time once", StrCat("'", Quoted(Text(row)), "' again"));
    }
    return source_.Bad(row, column_, "times that increase",
                       StrCat("'", Quoted(Text(row)), "' after '", Quoted(Text(before)), "'"));
  }

 private:
  const std::string& Text(size_t row) const { return source_.table.rows[row][column_]; }

  const Source& source_;
  const size_t column_;
  std::vector<double> numbers_;
};

Status CheckTimes(const Source& source, size_t column, const std::vector<size_t>& series_of) {
  const TimeOrder order(source, column);
  std::map<size_t, size_t> last;  // row of each series
  for (size_t r = 0; r < source.table.rows.size(); ++r) {
    if (source.table.rows[r][column].empty()) {
      return source.Bad(r, column, "a time", "an empty cell");
    }
    const size_t series = series_of.empty() ? 0 : series_of[r];
    const auto [at, first] = last.emplace(series, r);
    if (!first) SEQ_RETURN_IF_ERROR(order.Check(std::exchange(at->second, r), r));
  }
  return absl::OkStatus();
}

// Fills in names (unless given) and the series of each row.
Status NameSeries(const Source& source, size_t column, SeriesTable* table) {
  const auto& rows = source.table.rows;
  std::vector<std::string> names;
  for (size_t r = 0; r < rows.size(); ++r) {
    if (rows[r][column].empty()) return source.Bad(r, column, "a series", "an empty cell");
    names.push_back(rows[r][column]);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  if (table->series.empty()) table->series = names;
  // Those that are not among the names given stand behind them.
  std::map<std::string, size_t> index_of;
  for (size_t i = 0; i < table->series.size(); ++i) index_of[table->series[i]] = i;
  for (const std::string& name : names) {
    if (index_of.emplace(name, table->series.size()).second) table->series.push_back(name);
  }
  for (const auto& row : rows) table->series_of.push_back(index_of[row[column]]);
  return absl::OkStatus();
}

std::vector<size_t> RowOrder(const Source& source, std::optional<size_t> time,
                             const SeriesTable& table) {
  std::vector<size_t> order(source.table.rows.size());
  std::iota(order.begin(), order.end(), size_t{0});
  if (table.series.empty() || !time) return order;
  const TimeOrder times(source, *time);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return times.Before(a, b); });
  return order;
}

// All, or none if one of them is no ISO time.
std::vector<int64_t> IsoTimes(const std::vector<std::string>& times) {
  std::vector<int64_t> all;
  for (const std::string& time : times) {
    const auto unix_ms = ParseIsoTime(time);
    if (!unix_ms) return {};
    all.push_back(*unix_ms);
  }
  return all;
}

}  // namespace

StatusOr<SeriesTable> ReadSeries(const v1::DataConfig& data,
                                 const std::vector<std::string>& series) {
  SEQ_ASSIGN_OR_RETURN(const Source source, ReadAll(data));
  const Cells cells(source, data);
  SeriesTable table;
  std::optional<size_t> which;
  if (!data.series().empty()) {
    SEQ_ASSIGN_OR_RETURN(which, FindColumn(source.table, "series", data.series()));
    table.series = series;
    SEQ_RETURN_IF_ERROR(NameSeries(source, *which, &table));
  }
  SEQ_ASSIGN_OR_RETURN(const std::optional<size_t> time,
                       TimeColumn(data, source.table, cells, which));
  SEQ_ASSIGN_OR_RETURN(const std::vector<size_t> columns,
                       ValueColumns(data, source.table, cells, time, which, &table.targets));
  if (time) {
    SEQ_RETURN_IF_ERROR(CheckTimes(source, *time, table.series_of));
    table.time_column = source.table.header[*time];
  }
  for (const size_t c : columns) table.columns.push_back(source.table.header[c]);
  if (which) table.columns.push_back(source.table.header[*which]);
  const size_t known = series.empty() ? table.series.size() : series.size();
  std::vector<size_t> ordered_series;
  for (const size_t r : RowOrder(source, time, table)) {
    table.times.push_back(time ? source.table.rows[r][*time] : StrCat(r + 1));
    for (const size_t c : columns) {
      SEQ_ASSIGN_OR_RETURN(const float value, cells.Value(r, c));
      table.values.push_back(value);
    }
    if (!which) continue;
    const size_t index = table.series_of[r];
    ordered_series.push_back(index);
    table.values.push_back(index < known ? static_cast<float>(index)
                                         : std::numeric_limits<float>::quiet_NaN());
  }
  table.series_of = std::move(ordered_series);
  table.unix_ms = IsoTimes(table.times);
  return table;
}

std::vector<SeriesPart> CutSeries(const SeriesTable& table, const Part& part,
                                  const Part& training) {
  std::vector<SeriesPart> parts(std::max<size_t>(1, table.series.size()));
  for (size_t s = 0; s < table.series.size(); ++s) parts[s].name = table.series[s];
  for (size_t r = 0; r < part.end; ++r) {
    SeriesPart& of = parts[table.series.empty() ? 0 : table.series_of[r]];
    of.columns = table.columns.size();
    const auto row = table.Rows(r, r + 1);
    of.values.insert(of.values.end(), row.begin(), row.end());
    if (!table.unix_ms.empty()) of.unix_ms.push_back(table.unix_ms[r]);
    of.context += r < part.begin ? 1 : 0;
    of.training += r < training.end ? 1 : 0;
  }
  std::erase_if(parts, [](const SeriesPart& of) { return of.rows() == of.context; });
  return parts;
}

}  // namespace sequent::train
