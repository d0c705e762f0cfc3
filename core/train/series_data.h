// Measurements over time, from CSV.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_SERIES_DATA_H_
#define SEQUENT_CORE_TRAIN_SERIES_DATA_H_

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

struct SeriesTable {
  std::string time_column;           // empty: rows are numbered
  std::vector<std::string> times;    // one per row
  std::vector<std::string> columns;  // targets, then covariates
  size_t targets = 0;
  std::vector<float> values;  // [rows, columns]; NaN = missing
  size_t rows() const { return times.size(); }
  std::span<const float> Rows(size_t begin, size_t end) const {
    return std::span(values).subspan(begin * columns.size(), (end - begin) * columns.size());
  }
};

// Reads the columns that `data` names: time (default: the first column that is not numeric),
// targets (default: every numeric column), covariates. Empty cells and data.missing (default "NA")
// are missing. Times must increase: as numbers if all are, else as text, which is the order of ISO
// dates. Several files are one after another and need the same header. INVALID_ARGUMENT: a column
// that is not there. DATA_LOSS, with file, line and column: the file's faults.
StatusOr<SeriesTable> ReadSeries(const v1::DataConfig& data);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_SERIES_DATA_H_
