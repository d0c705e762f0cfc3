#include "core/train/csv.h"

#include <algorithm>

#include "core/base/error.h"

namespace sequent::train {
namespace {

class Parser {
 public:
  Parser(std::string_view text, std::string_view file) : text_(text), file_(file) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // the byte order mark that Excel writes
  }

  bool done() const { return at_ >= text_.size(); }
  size_t line() const { return line_; }

  // The cells of the next line; an empty line has none.
  StatusOr<std::vector<std::string>> NextRow() {
    std::vector<std::string> cells;
    if (EndLine()) return cells;
    while (true) {
      SEQ_ASSIGN_OR_RETURN(std::string cell, NextCell(cells.size() + 1));
      cells.push_back(std::move(cell));
      if (done() || EndLine()) return cells;
      ++at_;  // the comma
    }
  }

  Status Bad(size_t line, size_t column, std::string_view expected, std::string_view got) const {
    return absl::DataLossError(StrCat(ToAbsl(file_), ":", line, ":", column, ": expected ",
                                      ToAbsl(expected), ", got ", ToAbsl(got)));
  }

 private:
  bool EndLine() {
    if (done()) return true;
    if (text_[at_] == '\r' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') ++at_;
    if (text_[at_] != '\n') return false;
    ++at_;
    ++line_;
    return true;
  }

  StatusOr<std::string> NextCell(size_t column) {
    while (!done() && text_[at_] == ' ') ++at_;
    if (!done() && text_[at_] == '"') return QuotedCell(column);
    const size_t end = std::min(text_.find_first_of(",\n", at_), text_.size());
    std::string cell(text_.substr(at_, end - at_));
    at_ = end;
    while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\r')) cell.pop_back();
    return cell;
  }

  StatusOr<std::string> QuotedCell(size_t column) {
    const size_t first_line = line_;
    std::string cell;
    for (++at_; !done(); ++at_) {
      const char c = text_[at_];
      if (c == '\n') ++line_;
      if (c != '"') {
        cell += c;
        continue;
      }
      ++at_;
      if (!done() && text_[at_] == '"') {
        cell += '"';
        continue;
      }
      while (!done() && (text_[at_] == ' ' || text_[at_] == '\r')) ++at_;
      if (done() || text_[at_] == ',' || text_[at_] == '\n') return cell;
      return Bad(line_, column, "a comma after the quoted cell",
                 StrCat("'", Quoted(text_.substr(at_, 1)), "'"));
    }
    return Bad(first_line, column, "a closing quote", "the end of the file");
  }

  const std::string_view text_, file_;
  size_t at_ = 0, line_ = 1;
};

Status CheckHeader(const Parser& parser, size_t line, const std::vector<std::string>& header) {
  for (size_t i = 0; i < header.size(); ++i) {
    if (header[i].empty()) return parser.Bad(line, i + 1, "a column name", "an empty cell");
    if (std::find(header.begin(), header.begin() + static_cast<ptrdiff_t>(i), header[i]) !=
        header.begin() + static_cast<ptrdiff_t>(i)) {
      return parser.Bad(line, i + 1, "different column names",
                        StrCat("'", Quoted(header[i]), "' twice"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

StatusOr<CsvTable> ParseCsv(std::string_view text, std::string_view file) {
  Parser parser(text, file);
  CsvTable table;
  while (!parser.done()) {
    const size_t line = parser.line();
    SEQ_ASSIGN_OR_RETURN(std::vector<std::string> cells, parser.NextRow());
    if (cells.empty()) continue;
    if (table.header.empty()) {
      SEQ_RETURN_IF_ERROR(CheckHeader(parser, line, cells));
      table.header = std::move(cells);
      continue;
    }
    if (cells.size() != table.header.size()) {
      return parser.Bad(line, std::min(cells.size(), table.header.size()) + 1,
                        StrCat(table.header.size(), " cells as in the header"),
                        StrCat(cells.size()));
    }
    table.lines.push_back(line);
    table.rows.push_back(std::move(cells));
  }
  if (table.header.empty()) return parser.Bad(1, 1, "a header row", "an empty file");
  if (table.rows.empty()) {
    return parser.Bad(parser.line(), 1, "rows below the header", "the end of the file");
  }
  return table;
}

}  // namespace sequent::train
