// Measurements over time, of one series or several, from CSV.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_TRAIN_SERIES_DATA_H_
#define SEQUENT_CORE_TRAIN_SERIES_DATA_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/train/forecasts.h"
#include "core/train/split.h"
#include "sequent/v1/train.pb.h"

namespace sequent::train {

struct SeriesTable {
  std::string time_column;         // empty: rows are numbered
  std::vector<std::string> times;  // one per row
  // Targets, covariates, and, if there are several series, the column that says which: its values
  // are indexes of `series`, NaN for one that is not among them.
  std::vector<std::string> columns;
  size_t targets = 0;
  std::vector<float> values;     // [rows, columns]; NaN = missing
  std::vector<int64_t> unix_ms;  // one per row, if all times are ISO times; else empty
  // Names of the series, and which each row is of; empty: there is one series without a name.
  std::vector<std::string> series;
  std::vector<size_t> series_of;
  size_t rows() const { return times.size(); }
  std::span<const float> Rows(size_t begin, size_t end) const {
    return std::span(values).subspan(begin * columns.size(), (end - begin) * columns.size());
  }
};

// Reads the columns that `data` names: time (default: the first column that is not numeric),
// targets (default: every numeric column), covariates. Empty cells and data.missing (default "NA")
// are missing. Times must increase: as numbers if all are, else as text, which is the order of ISO
// dates. Several files are one after another and need the same header. With data.series times must
// increase within each series; rows are then put in order of time, those of equal times in the
// file's. `series`: the names of series, in order; empty: all there are, sorted.
// INVALID_ARGUMENT: a column that is not there. DATA_LOSS, with file, line and column: the file's
// faults.
StatusOr<SeriesTable> ReadSeries(const v1::DataConfig& data,
                                 const std::vector<std::string>& series = {});

// The rows of `part` of each series that has any, with its rows before them; in order of the
// series. Rows before training.end count as training rows.
std::vector<SeriesPart> CutSeries(const SeriesTable& table, const Part& part, const Part& training);

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_SERIES_DATA_H_
