// Scales are learned from what the codec itself makes of the rows: a copy of the column with its
// scale left out encodes them, so that fitting and using can not differ.
#include "core/codec/series_fit.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/codec/calendar.h"
#include "core/codec/scale_statistics.h"
#include "core/codec/stl.h"
#include "core/model/input_check.h"

namespace sequent {
namespace {

// One column of one series.
struct Values {
  std::vector<float> raw;  // NaN = missing
  std::span<const int64_t> unix_ms;
  size_t label = 0;  // of the series; 0 if there are no labels

  int64_t time(size_t row) const { return unix_ms.empty() ? 0 : unix_ms[row]; }
};

std::vector<Values> ColumnOf(std::span<const SeriesRows> series, size_t columns, size_t column,
                             bool labelled) {
  std::vector<Values> all;
  for (const SeriesRows& rows : series) {
    Values values;
    values.unix_ms = rows.unix_ms;
    for (size_t i = column; i < rows.values.size(); i += columns) {
      values.raw.push_back(rows.values[i]);
    }
    if (labelled && !rows.values.empty()) {
      values.label = static_cast<size_t>(rows.values[columns - 1]);
    }
    all.push_back(std::move(values));
  }
  return all;
}

Status Unfit(const v1::SeriesColumn& column, std::string_view why) {
  return absl::InvalidArgumentError(StrCat("column '", Quoted(column.name()), "': ", ToAbsl(why)));
}

Status CheckRaw(const v1::SeriesColumn& column, size_t row, float value) {
  if (std::isinf(value)) {
    return Unfit(column, StrCat("row ", row + 1, ": expected a finite value or NaN, got ", value));
  }
  if (std::isnan(value) && column.impute().kind() == v1::Impute::NONE) {
    return Unfit(column,
                 StrCat("row ", row + 1, ": a value is missing and the column imputes none"));
  }
  if (column.log() && value <= 0) {
    return Unfit(column, StrCat("row ", row + 1, ": expected a value > 0, since its logarithm is ",
                                "taken, got ", value));
  }
  return absl::OkStatus();
}

uint32_t PhaseOf(const v1::Season& season, const Values& values, size_t row) {
  if (season.clock() != v1::Season::STEPS) {
    return PhaseAt(season.clock(), season.period(), values.time(row));
  }
  return static_cast<uint32_t>(row % season.period());
}

// The mean of all, and of each phase (of all where a phase has none).
Status FitImpute(const std::vector<Values>& series, v1::SeriesColumn* column) {
  const size_t period = std::max<size_t>(1, column->season().period());
  std::vector<double> sums(period), counts(period);
  double sum = 0, count = 0;
  for (const Values& values : series) {
    for (size_t row = 0; row < values.raw.size(); ++row) {
      const float value = values.raw[row];
      SEQ_RETURN_IF_ERROR(CheckRaw(*column, row, value));
      if (std::isnan(value)) continue;
      sum += value;
      ++count;
      const size_t phase = period == 1 ? 0 : PhaseOf(column->season(), values, row);
      sums[phase] += value;
      ++counts[phase];
    }
  }
  if (count == 0) return Unfit(*column, "expected values to learn from, got none");
  v1::Impute* impute = column->mutable_impute();
  if (impute->kind() != v1::Impute::NONE) impute->set_mean(sum / count);
  if (impute->kind() != v1::Impute::SEASONAL_MEAN) return absl::OkStatus();
  for (size_t phase = 0; phase < period; ++phase) {
    impute->add_seasonal_means(counts[phase] > 0 ? sums[phase] / counts[phase] : sum / count);
  }
  return absl::OkStatus();
}

// The values through the column's transforms but for the scale; missing ones imputed.
StatusOr<std::vector<double>> Filled(const Values& values, const v1::SeriesColumn& column) {
  v1::FeatureInput alone;
  *alone.add_columns() = column;
  alone.mutable_columns(0)->clear_scale();
  alone.mutable_columns(0)->mutable_impute()->set_missing_flag(false);
  SEQ_ASSIGN_OR_RETURN(const std::unique_ptr<const SeriesCodec> codec, SeriesCodec::Create(alone));
  std::vector<std::byte> state(codec->state_size());
  codec->InitState(state.data());
  std::vector<double> filled;
  for (size_t row = 0; row < values.raw.size(); ++row) {
    float encoded = 0;
    codec->Encode(state.data(), &values.raw[row], &encoded, nullptr, values.time(row));
    filled.push_back(encoded);
  }
  return filled;
}

// The column as it is without what comes behind the log.
v1::SeriesColumn UpToTheLog(const v1::SeriesColumn& column) {
  v1::SeriesColumn plain = column;
  plain.clear_difference();
  plain.clear_seasonal_difference();
  plain.mutable_season()->set_subtract(false);
  return plain;
}

// The last value of the seasonal term at each phase.
Status FitCycle(const std::vector<Values>& series, v1::SeriesColumn* column) {
  v1::Season* season = column->mutable_season();
  if (!season->subtract()) return absl::OkStatus();
  if (series.size() != 1) {
    return Unfit(*column, StrCat("season.subtract: expected one series, got ", series.size()));
  }
  SEQ_ASSIGN_OR_RETURN(const std::vector<double> values, Filled(series[0], UpToTheLog(*column)));
  const uint32_t period = season->period();
  for (size_t row = 1; row < values.size(); ++row) {
    const uint32_t before = PhaseOf(*season, series[0], row - 1);
    const uint32_t phase = PhaseOf(*season, series[0], row);
    if (phase == (before + 1) % period) continue;
    return Unfit(*column,
                 StrCat("season.subtract: expected rows one unit of season.clock apart, got "
                        "phase ",
                        phase, " of ", period, " after ", before, " in row ", row + 1,
                        "; write rows of empty cells for those that are missing"));
  }
  const auto result =
      DecomposeStl(values, UsualStl(season->period(), season->seasonal(), season->trend(),
                                    season->low_pass(), season->robust()));
  if (!result.ok()) return Unfit(*column, StrCat("season: ", result.status().message()));
  season->mutable_cycle()->Resize(static_cast<int>(season->period()), 0);
  for (size_t row = 0; row < values.size(); ++row) {
    season->set_cycle(static_cast<int>(PhaseOf(*season, series[0], row)), result->seasonal[row]);
  }
  return absl::OkStatus();
}

// Of each series, the column's values but for the scale.
StatusOr<std::vector<std::vector<float>>> Transformed(const std::vector<Values>& series,
                                                      const v1::SeriesColumn& column) {
  const size_t lag = size_t{column.difference()} + column.seasonal_difference();
  std::vector<std::vector<float>> all;
  for (const Values& values : series) {
    SEQ_ASSIGN_OR_RETURN(const std::vector<double> filled, Filled(values, column));
    std::vector<float>& moved = all.emplace_back();
    for (size_t row = lag; row < filled.size(); ++row) {
      if (!std::isnan(values.raw[row])) moved.push_back(static_cast<float>(filled[row]));
    }
  }
  return all;
}

StatusOr<OffsetAndFactor> VaryingScale(const v1::SeriesColumn& column, std::vector<float> values,
                                       size_t rows) {
  const uint32_t lag = column.difference() + column.seasonal_difference();
  if (values.empty()) {
    return Unfit(column, StrCat("expected more rows than its difference, ", lag, ", got ", rows));
  }
  const float first = values[0];
  const v1::Scale::Kind kind = column.scale().kind();
  OffsetAndFactor scale = ScaleOf(kind == v1::Scale::NONE ? v1::Scale::STANDARD : kind, values);
  // More than half of the values are the same: what spread there is lies outside the quartiles.
  if (kind == v1::Scale::ROBUST && scale.factor == 0) {
    scale.factor = ScaleOf(v1::Scale::STANDARD, values).factor;
  }
  if (scale.factor > 0) return scale;
  return Unfit(column, StrCat("expected values that vary", lag > 0 ? " after the difference" : "",
                              ", got only ", first));
}

Status FitPerSeries(const std::vector<Values>& series,
                    const std::vector<std::vector<float>>& transformed, size_t labels,
                    v1::SeriesColumn* column) {
  std::vector<OffsetAndFactor> by_label(labels);
  std::vector<bool> there(labels);
  for (size_t i = 0; i < series.size(); ++i) {
    SEQ_ASSIGN_OR_RETURN(by_label[series[i].label],
                         VaryingScale(*column, transformed[i], series[i].raw.size()));
    there[series[i].label] = true;
  }
  for (size_t label = 0; label < labels; ++label) {
    if (!there[label])
      return Unfit(*column, StrCat("series ", label, " has no rows to learn from"));
    column->mutable_scale()->add_offsets(by_label[label].offset);
    column->mutable_scale()->add_factors(by_label[label].factor);
  }
  return absl::OkStatus();
}

Status FitColumn(const std::vector<Values>& series, size_t labels, v1::SeriesColumn* column) {
  SEQ_RETURN_IF_ERROR(FitImpute(series, column));
  SEQ_RETURN_IF_ERROR(FitCycle(series, column));
  SEQ_ASSIGN_OR_RETURN(const auto transformed, Transformed(series, *column));
  if (column->scale().kind() != v1::Scale::NONE &&
      column->scale().scope() == v1::Scale::PER_SERIES) {
    return FitPerSeries(series, transformed, labels, column);
  }
  std::vector<float> all;
  size_t rows = 0;
  for (size_t i = 0; i < series.size(); ++i) {
    all.insert(all.end(), transformed[i].begin(), transformed[i].end());
    rows += series[i].raw.size();
  }
  SEQ_ASSIGN_OR_RETURN(const OffsetAndFactor scale, VaryingScale(*column, std::move(all), rows));
  if (column->scale().kind() == v1::Scale::NONE) return absl::OkStatus();
  column->mutable_scale()->set_offset(scale.offset);
  column->mutable_scale()->set_factor(scale.factor);
  return absl::OkStatus();
}

Status CheckRows(const SeriesRows& rows, size_t columns, size_t labels) {
  if (rows.values.size() % columns != 0) {
    return absl::InvalidArgumentError(
        StrCat("rows: expected a multiple of ", columns, " values, got ", rows.values.size()));
  }
  for (size_t i = columns - 1; labels > 0 && i < rows.values.size(); i += columns) {
    if (rows.values[i] >= 0 && rows.values[i] < static_cast<float>(labels)) continue;
    return absl::InvalidArgumentError(
        StrCat("rows: expected the index of a series, got ", rows.values[i]));
  }
  return absl::OkStatus();
}

}  // namespace

Status FitSeries(std::span<const SeriesRows> series, v1::FeatureInput* input) {
  SEQ_RETURN_IF_ERROR(CheckFeatureInput("features", *input).status());
  const size_t columns = static_cast<size_t>(input->columns_size());
  const auto labels = static_cast<size_t>(input->columns(input->columns_size() - 1).labels_size());
  for (const SeriesRows& rows : series) SEQ_RETURN_IF_ERROR(CheckRows(rows, columns, labels));
  for (size_t i = 0; i < columns; ++i) {
    v1::SeriesColumn* column = input->mutable_columns(static_cast<int>(i));
    if (column->labels_size() > 0) continue;
    SEQ_RETURN_IF_ERROR(FitColumn(ColumnOf(series, columns, i, labels > 0), labels, column));
  }
  return absl::OkStatus();
}

}  // namespace sequent
