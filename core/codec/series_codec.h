// Measurements to model inputs and predictions back to the user's units, one step at a time.
//
// Each column passes impute, log, season, differences, scale, in this order (model.proto,
// SeriesColumn); behind the columns stand missing flags and calendar terms. What the transforms
// need to remember is a block of floats in the session's row; whole series and streams give the
// same bits. Predictions are of steps ahead, so inverting them needs the state after the step they
// were made at: a *context* of context_size() floats, saved per step by Encode.
//
// What is h > 1 steps ahead is transformed by what is known at the step, value by value: each
// difference of lag L subtracts the last known value a multiple of L steps before it (lag 1: it is
// the change over h steps), a season that of its own phase; the scale is this step's.
//
// Thread safety: immutable; state and contexts belong to the caller.
#ifndef SEQUENT_CORE_CODEC_SERIES_CODEC_H_
#define SEQUENT_CORE_CODEC_SERIES_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/codec/series_transform.h"
#include "sequent/v1/model.pb.h"

namespace sequent {

// Consecutive steps of one series.
struct SeriesRows {
  std::span<const float> values;     // [n, columns]; NaN = missing
  std::span<const int64_t> unix_ms;  // [n]; may be empty if the codec does not use time
};

class SeriesCodec {
 public:
  // Checks the columns: unique names, finite learned values, factors > 0, lags <= 65536.
  // `horizons`: how many steps ahead each column is to be inverted; empty: 1.
  static StatusOr<std::unique_ptr<const SeriesCodec>> Create(const v1::FeatureInput& input,
                                                             std::span<const size_t> horizons = {});

  // Fills in what is learned (means, cycles, offsets, factors) from the training part alone, a
  // sequence of rows per series. A column that is constant or empty after its transforms:
  // INVALID_ARGUMENT naming it.
  // Means are over the values that are there; offsets and factors are of the transformed values,
  // leaving out missing ones and the first rows of each series that a difference has nothing to
  // compare with.
  static Status Fit(std::span<const SeriesRows> series, v1::FeatureInput* input);
  static Status Fit(std::span<const float> rows, v1::FeatureInput* input);

  size_t columns() const;       // raw values per step
  size_t input_width() const;   // model inputs per step
  size_t state_size() const;    // bytes, a multiple of 4
  size_t context_size() const;  // floats
  const std::vector<std::string>& names() const;
  // Whether Encode needs the time of the step.
  bool uses_time() const { return uses_time_; }
  // Names of the series that the last column chooses from; empty: there is no such column.
  const std::vector<std::string>& labels() const { return labels_; }

  // A state needs no alignment.
  void InitState(void* state) const;
  // DATA_LOSS unless this codec could have left `state`.
  Status ValidateState(const void* state) const;

  // INPUT_NOT_FINITE naming row (from 1) and column: an infinity, NaN in a column that does not
  // impute, a value that has no logarithm, no index of a label. `raw` is [steps, columns]. Call
  // before Encode.
  Status Check(std::span<const float> raw) const;

  // One step: `raw` [columns] -> `encoded` [input_width], finite if Check passes; advances `state`;
  // writes the context after the step if `context` is not null. `unix_ms`: read if uses_time().
  void Encode(void* state, const float* raw, float* encoded, float* context,
              int64_t unix_ms = 0) const;
  // The context of `state` as it stands (for the prediction made at the last step).
  void Context(const void* state, float* context) const;

  // A value of column `column`, `ahead` steps ahead (1 .. its horizon), in model units -> user's
  // units, and back. `context`: after the step at which the prediction was made. Forward of one
  // step is what Encode would give if `value` came next (under a window scale: on the scale of this
  // step's window); a missing one (NaN) stays NaN, since there is nothing to learn from it. Before
  // the first step a differenced column has no base: Inverse gives NaN. `column` is none of labels.
  float Inverse(size_t column, const float* context, float value, size_t ahead = 1) const;
  float Forward(size_t column, const float* context, float value, size_t ahead = 1) const;
  // The same, but for the log: a location, and a spread (standard deviation), in the *linear* units
  // in which the column's distribution keeps its shape. FromLinear goes the rest of the way.
  double Linear(size_t column, const float* context, float value, size_t ahead = 1) const;
  double LinearSpread(size_t column, const float* context, float spread) const;
  float FromLinear(size_t column, double linear) const;
  bool log(size_t column) const { return transforms_[column].log(); }
  // Whether Forward differs from what Encode gives next.
  bool per_window(size_t column) const { return transforms_[column].per_window(); }

 private:
  SeriesCodec() = default;
  int32_t LabelOf(float raw) const { return raw >= 0 ? static_cast<int32_t>(raw) : -1; }
  Status CheckValue(size_t row, size_t column, float value) const;
  int32_t StoredLabel(const std::byte* state) const;
  bool Started(const std::byte* state) const;

  std::vector<SeriesTransform> transforms_;  // all columns but that of labels
  std::vector<std::string> names_, labels_;
  std::vector<size_t> flags_;  // per transform: index of its missing flag in the input; 0 = none
  v1::Calendar calendar_;
  size_t input_width_ = 0, context_size_ = 0, calendar_at_ = 0;
  bool uses_time_ = false;
  // Words of 4 bytes. Word 0, if any column needs it: 1 once a step has been made. Then, if a scale
  // is per series: the label + 1.
  size_t state_words_ = 0, label_word_ = 0;
  bool has_started_word_ = false, has_label_word_ = false;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_SERIES_CODEC_H_
