// Comma-separated values, as spreadsheets write them (RFC 4180).
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_CSV_H_
#define SEQUENT_CORE_TRAIN_CSV_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/status.h"

namespace sequent::train {

struct CsvTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // each as wide as the header
  std::vector<size_t> lines;                   // where each row begins in the file, from 1
};

// A header row, then at least one row. Cells may stand in double quotes, with "" for a quote, and
// then hold commas and line breaks; unquoted cells are trimmed of spaces; empty lines are skipped.
// DATA_LOSS as "<file>:<line>:<column>: expected ..., got ...": no header, no rows, a column
// without a name or with another's, a row of another width, a quote that does not close.
StatusOr<CsvTable> ParseCsv(std::string_view text, std::string_view file);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_CSV_H_
