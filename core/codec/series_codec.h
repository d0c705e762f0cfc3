// Measurements to model inputs and predictions back to the user's units, one step at a time.
//
// Each column passes impute, difference, scale, in this order (model.proto, SeriesColumn). What the
// transforms need to remember is a block of floats in the session's row; whole series and streams give
// the same bits. Predictions are one step ahead, so inverting them needs the state after the step they
// were made at: a *context* of context_size() floats, saved per step by Encode.
//
// Thread safety: immutable; state and contexts belong to the caller.
#ifndef SEQUENT_CORE_CODEC_SERIES_CODEC_H_
#define SEQUENT_CORE_CODEC_SERIES_CODEC_H_

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "sequent/v1/model.pb.h"

namespace sequent {

class SeriesCodec {
 public:
  // Checks the columns: unique names, finite learned values, factor > 0, difference <= 65536.
  static StatusOr<std::unique_ptr<const SeriesCodec>> Create(const v1::FeatureInput& input);

  // Fills in what is learned (means, offsets, factors) from `rows` [n, columns] of raw values, NaN =
  // missing: the training part only. A column that is constant or empty after its transforms:
  // INVALID_ARGUMENT naming it.
  static Status Fit(std::span<const float> rows, v1::FeatureInput* input);

  size_t columns() const;       // raw values per step
  size_t input_width() const;   // model inputs per step: columns + missing flags
  size_t state_size() const;    // bytes, a multiple of 4
  size_t context_size() const;  // floats
  const std::vector<std::string>& names() const;

  void InitState(void* state) const;
  Status ValidateState(const void* state) const;

  // INPUT_NOT_FINITE naming step and column: an infinity, or NaN in a column that does not impute.
  // `raw` is [steps, columns]. Call before Encode.
  Status Check(std::span<const float> raw) const;

  // One step: `raw` [columns] -> `encoded` [input_width]; advances `state`; writes the context after
  // the step if `context` is not null.
  void Encode(void* state, const float* raw, float* encoded, float* context) const;
  // The context of `state` as it stands (for the prediction made at the last step).
  void Context(const void* state, float* context) const;

  // A one-step-ahead value of column `column` in model units -> user's units, and back. `context`:
  // after the step at which the prediction was made. Forward is what Encode would give if `value` came
  // next.
  float Inverse(size_t column, const float* context, float value) const;
  float Forward(size_t column, const float* context, float value) const;
  // A spread (standard deviation) in model units -> user's units.
  float InverseScale(size_t column, float spread) const;

 private:
  SeriesCodec() = default;
  struct Column;
  std::vector<Column> columns_;
  std::vector<std::string> names_;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_SERIES_CODEC_H_
