// The transforms of one column, as SeriesCodec applies them: impute, log, season, differences,
// scale; and the way back.
//
// What a column remembers stands in words of 4 bytes of the codec's state; what the way back needs
// to know of the step a prediction was made at, in floats of its context. Both are laid out by
// Place. Values between the transforms are doubles, those remembered are floats.
//
// Thread safety: immutable once placed; state and context belong to the caller.
#ifndef SEQUENT_CORE_CODEC_SERIES_TRANSFORM_H_
#define SEQUENT_CORE_CODEC_SERIES_TRANSFORM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/codec/scale_statistics.h"
#include "sequent/v1/model.pb.h"

namespace sequent {

// A word of a state, which needs no alignment.
template <typename T>
T LoadWord(const std::byte* state, size_t word) {
  static_assert(sizeof(T) == 4);
  T value;
  std::memcpy(&value, state + word * 4, 4);
  return value;
}
template <typename T>
void StoreWord(std::byte* state, size_t word, T value) {
  static_assert(sizeof(T) == 4);
  std::memcpy(state + word * 4, &value, 4);
}

// To float, never to an infinity.
float NarrowToFloat(double value);

class SeriesTransform {
 public:
  // `column` has passed the checks of core/model/input_check.h and is no column of labels.
  explicit SeriesTransform(const v1::SeriesColumn& column);

  // Takes the next words, and the context floats that the way back of `horizon` steps needs.
  void Place(size_t horizon, size_t* words, size_t* context);

  bool imputes() const { return impute_ != v1::Impute::NONE; }
  bool log() const { return log_; }
  bool uses_time() const { return period_ > 0 && clock_ != v1::Season::STEPS; }
  bool per_window() const { return window_ > 0; }
  bool per_series() const { return scope_ == v1::Scale::PER_SERIES; }
  // Whether the way back depends on the steps so far, or the first step is unlike the others.
  bool needs_start() const { return !cycle_.empty() || lags_[0] + lags_[1] > 0 || window_ > 0; }

  // `state` is zeroed.
  void InitState(std::byte* state) const;
  Status ValidateState(const std::string& name, bool started, const std::byte* state) const;

  // One step: `raw` -> model units; remembers it. `first`: of the session. `label`: which series,
  // -1 if unknown.
  float Encode(float raw, int64_t unix_ms, bool first, int32_t label, std::byte* state) const;
  void WriteContext(const std::byte* state, bool started, int32_t label, float* context) const;

  // A value `ahead` steps ahead, 1 .. horizon, in model units -> before the log was inverted (the
  // *linear* value), and from there to the user's units.
  double Linear(const float* context, double value, size_t ahead) const;
  double FromLinear(double linear) const;
  // The way in: NaN stays NaN.
  float Forward(const float* context, float value, size_t ahead) const;
  // The factor of the scale.
  double Factor(const float* context) const;

 private:
  // A ring of the last values: a word for the position of the oldest, then the values.
  struct Ring {
    size_t word = 0;
    uint32_t size = 0;
  };

  double Imputed(float raw, uint32_t phase, std::byte* state) const;
  double ToLinear(double value) const;
  double Differenced(const Ring& ring, bool first, std::byte* state, double value) const;
  OffsetAndFactor Window(const std::byte* state) const;
  OffsetAndFactor ScaleFor(int32_t label) const;
  Status ValidateRing(const std::string& name, const Ring& ring, bool started,
                      const std::byte* state) const;
  Status ValidateWindow(const std::string& name, bool started, const std::byte* state) const;
  double OffsetIn(const float* context) const;
  // What is subtracted going in: floats of a context that repeat, step by step ahead.
  struct Cycle {
    size_t at = 0, size = 0;  // size 0: there is none
    float In(const float* context, size_t ahead) const { return context[at + (ahead - 1) % size]; }
  };
  static Cycle TakeCycle(size_t horizon, size_t length, size_t* context);

  v1::Impute::Kind impute_;
  float mean_;
  std::vector<float> seasonal_means_;
  bool log_;
  uint32_t period_;
  v1::Season::Clock clock_;
  std::vector<float> cycle_;
  std::array<uint32_t, 2> lags_;  // seasonal, plain; 0 = none
  v1::Scale::Kind scale_;
  v1::Scale::Scope scope_;
  uint32_t window_;  // 0: the scale does not go with a window
  OffsetAndFactor learned_;
  std::vector<OffsetAndFactor> by_label_;

  size_t last_word_ = 0, phase_word_ = 0;
  std::array<Ring, 2> rings_;
  Ring window_ring_;  // behind it a word for the number of values so far
  size_t scale_context_ = 0;
  Cycle season_context_;
  std::array<Cycle, 2> base_context_;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_CODEC_SERIES_TRANSFORM_H_
