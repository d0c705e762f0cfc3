// Scales are learned from what the codec itself makes of the rows: a copy of the column with its
// scale left out encodes them, so that fitting and using can not differ.
#include "core/codec/series_fit.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/codec/series_codec.h"
#include "core/model/input_check.h"

namespace sequent {
namespace {

// Mean and population standard deviation (Welford), and whether all values were the same.
class Moments {
 public:
  void Add(float value) {
    ++count_;
    const double step = value - mean_;
    mean_ += step / static_cast<double>(count_);
    squares_ += step * (value - mean_);
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
  }
  size_t count() const { return count_; }
  double mean() const { return mean_; }
  double deviation() const { return std::sqrt(squares_ / static_cast<double>(count_)); }
  // Differences too small to square count as none.
  bool constant() const { return low_ == high_ || deviation() == 0; }
  float value() const { return low_; }

 private:
  size_t count_ = 0;
  double mean_ = 0, squares_ = 0;
  float low_ = std::numeric_limits<float>::infinity();
  float high_ = -std::numeric_limits<float>::infinity();
};

std::vector<float> ColumnOf(std::span<const float> rows, size_t columns, size_t column) {
  std::vector<float> values;
  values.reserve(rows.size() / columns);
  for (size_t i = column; i < rows.size(); i += columns) values.push_back(rows[i]);
  return values;
}

Status Unfit(const v1::SeriesColumn& column, std::string_view why) {
  return absl::InvalidArgumentError(StrCat("column '", Quoted(column.name()), "': ", ToAbsl(why)));
}

Status FitImpute(const std::vector<float>& values, v1::SeriesColumn* column) {
  Moments present;
  for (size_t row = 0; row < values.size(); ++row) {
    const float value = values[row];
    if (std::isinf(value)) {
      return Unfit(*column, StrCat("row ", row, ": expected a finite value or NaN, got ", value));
    }
    if (!std::isnan(value)) {
      present.Add(value);
    } else if (column->impute().kind() == v1::Impute::NONE) {
      return Unfit(*column,
                   StrCat("row ", row, ": a value is missing and the column imputes none"));
    }
  }
  if (present.count() == 0) return Unfit(*column, "expected values to learn from, got none");
  if (column->impute().kind() != v1::Impute::NONE) {
    column->mutable_impute()->set_mean(present.mean());
  }
  return absl::OkStatus();
}

// Of the column's imputed and differenced values.
StatusOr<Moments> TransformedMoments(const std::vector<float>& values,
                                     const v1::SeriesColumn& column) {
  v1::FeatureInput alone;
  *alone.add_columns() = column;
  alone.mutable_columns(0)->clear_scale();
  alone.mutable_columns(0)->mutable_impute()->set_missing_flag(false);
  SEQ_ASSIGN_OR_RETURN(const std::unique_ptr<const SeriesCodec> codec, SeriesCodec::Create(alone));
  std::vector<std::byte> state(codec->state_size());
  codec->InitState(state.data());
  Moments moments;
  for (size_t row = 0; row < values.size(); ++row) {
    float encoded = 0;
    codec->Encode(state.data(), &values[row], &encoded, nullptr);
    if (row >= column.difference() && !std::isnan(values[row])) moments.Add(encoded);
  }
  return moments;
}

Status FitColumn(const std::vector<float>& values, v1::SeriesColumn* column) {
  SEQ_RETURN_IF_ERROR(FitImpute(values, column));
  SEQ_ASSIGN_OR_RETURN(const Moments moments, TransformedMoments(values, *column));
  if (moments.count() == 0) {
    return Unfit(*column, StrCat("expected more rows than its difference, ", column->difference(),
                                 ", got ", values.size()));
  }
  if (moments.constant()) {
    return Unfit(*column, StrCat("expected values that vary",
                                 column->difference() > 0 ? " after the difference" : "",
                                 ", got only ", moments.value()));
  }
  if (column->scale().kind() == v1::Scale::STANDARD) {
    column->mutable_scale()->set_offset(moments.mean());
    column->mutable_scale()->set_factor(moments.deviation());
  }
  return absl::OkStatus();
}

}  // namespace

Status FitSeries(std::span<const float> rows, v1::FeatureInput* input) {
  SEQ_RETURN_IF_ERROR(CheckFeatureInput("features", *input).status());
  const size_t columns = static_cast<size_t>(input->columns_size());
  if (rows.size() % columns != 0) {
    return absl::InvalidArgumentError(
        StrCat("rows: expected a multiple of ", columns, " values, got ", rows.size()));
  }
  for (size_t i = 0; i < columns; ++i) {
    SEQ_RETURN_IF_ERROR(
        FitColumn(ColumnOf(rows, columns, i), input->mutable_columns(static_cast<int>(i))));
  }
  return absl::OkStatus();
}

}  // namespace sequent
