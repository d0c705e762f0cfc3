#include "core/train/labelled_data.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "core/model/config_check.h"
#include "core/train/csv.h"
#include "core/train/text_data.h"

namespace sequent::train {
namespace {

using Cells = std::vector<std::string>;

Status Bad(const std::string& place, std::string_view expected, std::string_view got) {
  return absl::DataLossError(StrCat(place, ": expected ", ToAbsl(expected), ", got ", ToAbsl(got)));
}

// Where the text and the labels stand in a row, from 0.
struct Columns {
  size_t text = 0;
  std::vector<size_t> labels;
};

StatusOr<size_t> ColumnNumber(const std::string& key, const std::string& text) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 1 && number <= 1000) {
    return number - 1;
  }
  return Expected(key, "the number of a column, from 1", StrCat("'", Quoted(text), "'"));
}

StatusOr<Columns> NumberedColumns(const v1::DataConfig& data, const char* text, const char* label) {
  Columns columns;
  SEQ_ASSIGN_OR_RETURN(columns.text,
                       ColumnNumber("data.text", data.text().empty() ? text : data.text()));
  Cells labels(data.labels().begin(), data.labels().end());
  if (labels.empty()) labels.push_back(label);
  for (size_t i = 0; i < labels.size(); ++i) {
    SEQ_ASSIGN_OR_RETURN(const size_t column, ColumnNumber(Indexed("data.labels", i), labels[i]));
    if (column == columns.text) {
      return Expected(Indexed("data.labels", i), "another column than data.text's", labels[i]);
    }
    columns.labels.push_back(column);
  }
  return columns;
}

// Each line of each file that has one, without its end.
template <typename Take>
Status ForEachLine(const v1::DataConfig& data, const Take& take) {
  for (const std::string& path : data.path()) {
    SEQ_ASSIGN_OR_RETURN(const std::string text, ReadText({path}));
    size_t line = 0;
    for (std::string_view rest = text; !rest.empty();) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      std::string_view content = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (content.ends_with('\r')) content.remove_suffix(1);
      SEQ_RETURN_IF_ERROR(take(StrCat(path, ":", ++line), content));
    }
    // A sequence does not go on in the next file.
    SEQ_RETURN_IF_ERROR(take(StrCat(path, ":", ++line), std::string_view()));
  }
  return absl::OkStatus();
}

Cells SplitAtTabs(std::string_view line) {
  Cells cells;
  for (size_t begin = 0; begin <= line.size();) {
    const size_t end = std::min(line.find('\t', begin), line.size());
    cells.emplace_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return cells;
}

Cells SplitAtSpaces(std::string_view line) {
  constexpr std::string_view kSpaces = " \t";
  Cells cells;
  size_t begin = line.find_first_not_of(kSpaces);
  while (begin != line.npos) {
    const size_t end = std::min(line.find_first_of(kSpaces, begin), line.size());
    cells.emplace_back(line.substr(begin, end - begin));
    begin = line.find_first_not_of(kSpaces, end);
  }
  return cells;
}

// Gives each row of one width its text and labels.
class RowReader {
 public:
  RowReader(Columns columns, bool with_labels)
      : columns_(std::move(columns)), with_labels_(with_labels) {}

  // The columns that a file of `width` columns has; the error is `place`'s.
  Status Begin(const std::string& place, size_t width) {
    width_ = width;
    if (!with_labels_ && width == 1) {
      columns_.text = 0;
      return absl::OkStatus();
    }
    size_t needed = columns_.text;
    for (const size_t label : columns_.labels) needed = std::max(needed, label);
    has_labels_ = needed < width;
    if (has_labels_ || (!with_labels_ && columns_.text < width)) return absl::OkStatus();
    return Bad(place, StrCat("at least ", needed + 1, " columns (data.text, data.labels)"),
               StrCat(width));
  }

  Status Append(const std::string& place, const Cells& cells, LabelledSequence* to) {
    if (width_ == 0) SEQ_RETURN_IF_ERROR(Begin(place, cells.size()));
    if (cells.size() != width_) {
      return Bad(place, StrCat(width_, " columns as in the first line"), StrCat(cells.size()));
    }
    if (to->items.empty()) {
      to->place = place;
      if (has_labels_) to->labels.resize(columns_.labels.size());
    }
    to->items.push_back(cells[columns_.text]);
    for (size_t i = 0; i < to->labels.size(); ++i) {
      to->labels[i].push_back(cells[columns_.labels[i]]);
    }
    return absl::OkStatus();
  }

 private:
  Columns columns_;
  const bool with_labels_;
  size_t width_ = 0;  // 0: no row was seen yet
  bool has_labels_ = false;
};

StatusOr<std::vector<LabelledSequence>> ReadTsv(const v1::DataConfig& data, bool with_labels) {
  SEQ_ASSIGN_OR_RETURN(Columns columns, NumberedColumns(data, "2", "1"));
  RowReader reader(std::move(columns), with_labels);
  std::vector<LabelledSequence> sequences;
  SEQ_RETURN_IF_ERROR(ForEachLine(data, [&](const std::string& place, std::string_view line) {
    if (line.empty()) return absl::OkStatus();
    return reader.Append(place, SplitAtTabs(line), &sequences.emplace_back());
  }));
  return sequences;
}

StatusOr<size_t> Named(const CsvTable& table, const std::string& key, const std::string& name) {
  const auto at = std::find(table.header.begin(), table.header.end(), name);
  if (at != table.header.end()) return static_cast<size_t>(at - table.header.begin());
  std::vector<std::string_view> names(table.header.begin(), table.header.end());
  const std::string_view nearest = Nearest(name, names.data(), names.size());
  std::string got = StrCat("'", Quoted(name), "'");
  if (!nearest.empty()) got += StrCat("; did you mean '", ToAbsl(nearest), "'?");
  return Expected(key, "a column of the file", got);
}

StatusOr<Columns> NamedColumns(const v1::DataConfig& data, const CsvTable& table,
                               bool with_labels) {
  Columns columns;
  SEQ_ASSIGN_OR_RETURN(columns.text,
                       Named(table, "data.text", data.text().empty() ? "text" : data.text()));
  Cells labels(data.labels().begin(), data.labels().end());
  if (labels.empty()) labels.push_back("label");
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto column = Named(table, Indexed("data.labels", i), labels[i]);
    if (!column.ok() && with_labels) return column.status();
    columns.labels.push_back(column.ok() ? *column : table.header.size());
  }
  return columns;
}

StatusOr<std::vector<LabelledSequence>> ReadCsv(const v1::DataConfig& data, bool with_labels) {
  std::vector<LabelledSequence> sequences;
  for (const std::string& path : data.path()) {
    SEQ_ASSIGN_OR_RETURN(const std::string text, ReadText({path}));
    SEQ_ASSIGN_OR_RETURN(const CsvTable table, ParseCsv(text, path));
    SEQ_ASSIGN_OR_RETURN(Columns columns, NamedColumns(data, table, with_labels));
    RowReader reader(std::move(columns), with_labels);
    for (size_t i = 0; i < table.rows.size(); ++i) {
      SEQ_RETURN_IF_ERROR(reader.Append(StrCat(path, ":", table.lines[i]), table.rows[i],
                                        &sequences.emplace_back()));
    }
  }
  return sequences;
}

StatusOr<bool> IsCsv(const v1::DataConfig& data) {
  static constexpr std::string_view kFormats[] = {"tsv", "csv"};
  SEQ_ASSIGN_OR_RETURN(const size_t format, CheckChoice("data.format", data.format(), kFormats));
  if (!data.format().empty()) return format == 1;
  return std::all_of(data.path().begin(), data.path().end(),
                     [](const std::string& path) { return path.ends_with(".csv"); });
}

Status CheckAny(const v1::DataConfig& data, const std::vector<LabelledSequence>& sequences) {
  if (!sequences.empty()) return absl::OkStatus();
  return Bad(data.path(0), "sequences", "none");
}

}  // namespace

StatusOr<std::vector<LabelledSequence>> ReadTexts(const v1::DataConfig& data, bool with_labels) {
  SEQ_ASSIGN_OR_RETURN(const bool csv, IsCsv(data));
  SEQ_ASSIGN_OR_RETURN(std::vector<LabelledSequence> sequences,
                       csv ? ReadCsv(data, with_labels) : ReadTsv(data, with_labels));
  SEQ_RETURN_IF_ERROR(CheckAny(data, sequences));
  for (const LabelledSequence& sequence : sequences) {
    if (sequence.items[0].empty()) return Bad(sequence.place, "a text", "none");
  }
  return sequences;
}

StatusOr<std::vector<LabelledSequence>> ReadTagged(const v1::DataConfig& data, bool with_labels) {
  SEQ_ASSIGN_OR_RETURN(Columns columns, NumberedColumns(data, "1", "2"));
  RowReader reader(std::move(columns), with_labels);
  std::vector<LabelledSequence> sequences;
  LabelledSequence current;
  SEQ_RETURN_IF_ERROR(ForEachLine(data, [&](const std::string& place, std::string_view line) {
    const Cells cells = SplitAtSpaces(line);
    const auto& ends = data.sequence_ends();
    if (!cells.empty() && std::find(ends.begin(), ends.end(), line) == ends.end()) {
      return reader.Append(place, cells, &current);
    }
    if (!current.items.empty()) sequences.push_back(std::exchange(current, {}));
    return absl::OkStatus();
  }));
  SEQ_RETURN_IF_ERROR(CheckAny(data, sequences));
  return sequences;
}

size_t LabelColumns(const v1::DataConfig& data) {
  return std::max<size_t>(1, static_cast<size_t>(data.labels_size()));
}

}  // namespace sequent::train
