// Measurements to model inputs and predictions back to the user's units, one step at a time.
//
// Each column passes impute, difference, scale, in this order (model.proto, SeriesColumn). What the
// transforms need to remember is a block of floats in the session's row; whole series and streams
// give the same bits. Predictions are one step ahead, so inverting them needs the state after the
// step they were made at: a *context* of context_size() floats, saved per step by Encode.
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
#include "sequent/v1/model.pb.h"

namespace sequent {

class SeriesCodec {
 public:
  // Checks the columns: unique names, finite learned values, factor > 0, difference <= 65536.
  static StatusOr<std::unique_ptr<const SeriesCodec>> Create(const v1::FeatureInput& input);

  // Fills in what is learned (means, offsets, factors) from `rows` [n, columns] of raw values, NaN
  // = missing: the training part only. A column that is constant or empty after its transforms:
  // INVALID_ARGUMENT naming it.
  // Means are over the values that are there; offset and factor are mean and population standard
  // deviation of the transformed values, leaving out missing ones and, under a difference, the
  // first `lag` rows, which have nothing to be compared with.
  static Status Fit(std::span<const float> rows, v1::FeatureInput* input);

  size_t columns() const;       // raw values per step
  size_t input_width() const;   // model inputs per step: columns + missing flags
  size_t state_size() const;    // bytes, a multiple of 4
  size_t context_size() const;  // floats
  const std::vector<std::string>& names() const;

  // A state needs no alignment.
  void InitState(void* state) const;
  // DATA_LOSS unless this codec could have left `state`.
  Status ValidateState(const void* state) const;

  // INPUT_NOT_FINITE naming row (from 1) and column: an infinity, or NaN in a column that does not
  // impute. `raw` is [steps, columns]. Call before Encode.
  Status Check(std::span<const float> raw) const;

  // One step: `raw` [columns] -> `encoded` [input_width], finite if Check passes; advances `state`;
  // writes the context after the step if `context` is not null.
  void Encode(void* state, const float* raw, float* encoded, float* context) const;
  // The context of `state` as it stands (for the prediction made at the last step).
  void Context(const void* state, float* context) const;

  // A one-step-ahead value of column `column` in model units -> user's units, and back. `context`:
  // after the step at which the prediction was made. Forward is what Encode would give if `value`
  // came next; a missing one (NaN) stays NaN, since there is nothing to learn from it. Before the
  // first step a differenced column has no base: Inverse gives NaN.
  float Inverse(size_t column, const float* context, float value) const;
  float Forward(size_t column, const float* context, float value) const;
  // A spread (standard deviation) in model units -> user's units.
  float InverseScale(size_t column, float spread) const;

 private:
  // A column's transforms and its place in state, context and output.
  struct Column {
    v1::Impute::Kind impute = v1::Impute::NONE;
    float mean = 0;
    uint32_t lag = 0;  // of the difference; 0 = none
    bool scaled = false;
    double offset = 0, factor = 1;
    size_t last = 0;     // word of the last value seen (impute LAST)
    size_t ring = 0;     // word of the ring's position (lag > 0); the lag values follow it
    size_t context = 0;  // index of the difference's base (lag > 0)
    size_t flag = 0;     // index of the missing flag in the output; 0 = none
  };

  SeriesCodec() = default;
  // The value as the difference sees it: imputed; remembers it for the next gap.
  float Imputed(const Column& column, std::byte* state, float raw) const;
  // What comes in minus what came in `lag` steps ago; the newest replaces the oldest.
  static double Differenced(const Column& column, bool first, std::byte* state, float value);
  Status ValidateColumn(const Column& column, const std::string& name, bool started,
                        const std::byte* state) const;

  std::vector<Column> columns_;
  std::vector<std::string> names_;
  size_t input_width_ = 0, context_size_ = 0;
  // Words of 4 bytes. Word 0, there if any column is differenced: 1 once a step has been made.
  size_t state_words_ = 0;
  bool has_started_word_ = false;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_SERIES_CODEC_H_
