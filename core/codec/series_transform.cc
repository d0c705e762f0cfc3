// Words of a column's state, each there if it is needed: [last value] [next phase] [position, ring
// of the seasonal lag] [position, ring of the lag] [position, ring of the window, number of
// values]. The first step fills the rings of the lags with its own value, which is how the first
// value stands in for what came before; after that a ring is a ring.
#include "core/codec/series_transform.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.h"
#include "core/codec/calendar.h"

namespace sequent {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
// A window's factor is never below this part of the training part's.
constexpr double kSmallestWindowFactor = 1e-3;

Status BadState(const std::string& column, std::string_view expected, std::string_view got) {
  return absl::DataLossError(StrCat("series codec state, column '", Quoted(column), "': expected ",
                                    ToAbsl(expected), ", got ", ToAbsl(got)));
}

}  // namespace

float NarrowToFloat(double value) {
  constexpr double kMax = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(value, -kMax, kMax));
}

SeriesTransform::SeriesTransform(const v1::SeriesColumn& column)
    : impute_(column.impute().kind()),
      mean_(NarrowToFloat(column.impute().mean())),
      log_(column.log()),
      period_(column.season().period()),
      clock_(column.season().clock()),
      lags_{column.seasonal_difference(), column.difference()},
      scale_(column.scale().kind()),
      scope_(scale_ == v1::Scale::NONE ? v1::Scale::GLOBAL : column.scale().scope()),
      window_(scope_ == v1::Scale::PER_WINDOW ? column.scale().window() : 0) {
  if (scale_ != v1::Scale::NONE) learned_ = {column.scale().offset(), column.scale().factor()};
  for (const double mean : column.impute().seasonal_means()) {
    seasonal_means_.push_back(NarrowToFloat(mean));
  }
  if (column.season().subtract()) {
    for (const double value : column.season().cycle()) cycle_.push_back(NarrowToFloat(value));
  }
  for (int i = 0; scope_ == v1::Scale::PER_SERIES && i < column.scale().factors_size(); ++i) {
    // As the context holds them.
    by_label_.push_back(
        {NarrowToFloat(column.scale().offsets(i)), NarrowToFloat(column.scale().factors(i))});
  }
}

// Ahead of a whole cycle what is known of it comes again.
SeriesTransform::Cycle SeriesTransform::TakeCycle(size_t horizon, size_t length, size_t* context) {
  const Cycle cycle{*context, std::min(horizon, length)};
  *context += cycle.size;
  return cycle;
}

void SeriesTransform::Place(size_t horizon, size_t* words, size_t* context) {
  if (impute_ == v1::Impute::LAST) last_word_ = (*words)++;
  if (period_ > 0) phase_word_ = (*words)++;
  if (!cycle_.empty()) season_context_ = TakeCycle(horizon, cycle_.size(), context);
  for (size_t i = 0; i < 2; ++i) {
    if (lags_[i] == 0) continue;
    rings_[i] = {*words, lags_[i]};
    *words += 1 + size_t{lags_[i]};
    base_context_[i] = TakeCycle(horizon, lags_[i], context);
  }
  if (window_ > 0) {
    window_ring_ = {*words, window_};
    *words += 2 + size_t{window_};
  }
  if (scope_ != v1::Scale::GLOBAL) {
    scale_context_ = *context;
    *context += 2;
  }
}

void SeriesTransform::InitState(std::byte* state) const {
  if (impute_ == v1::Impute::LAST) StoreWord(state, last_word_, mean_);
}

Status SeriesTransform::ValidateRing(const std::string& name, const Ring& ring, bool started,
                                     const std::byte* state) const {
  const uint32_t position = LoadWord<uint32_t>(state, ring.word);
  if (position >= ring.size) {
    return BadState(name, StrCat("a position under ", ring.size), StrCat(position));
  }
  if (!started && position != 0) {
    return BadState(name, "position 0 before a step", StrCat(position));
  }
  for (uint32_t i = 0; i < ring.size; ++i) {
    const float value = LoadWord<float>(state, ring.word + 1 + i);
    if (!std::isfinite(value)) return BadState(name, "finite values", StrCat(value));
    if (!started && value != 0) return BadState(name, "zeros before a step", StrCat(value));
  }
  return absl::OkStatus();
}

Status SeriesTransform::ValidateWindow(const std::string& name, bool started,
                                       const std::byte* state) const {
  SEQ_RETURN_IF_ERROR(ValidateRing(name, window_ring_, started, state));
  const uint32_t position = LoadWord<uint32_t>(state, window_ring_.word);
  const uint32_t count = LoadWord<uint32_t>(state, window_ring_.word + 1 + window_);
  const bool filling = count < window_ && position == count;
  if (started ? count >= 1 && (filling || count == window_) : count == 0) return absl::OkStatus();
  return BadState(name, "a window with as many values as were seen", StrCat(count));
}

Status SeriesTransform::ValidateState(const std::string& name, bool started,
                                      const std::byte* state) const {
  if (impute_ == v1::Impute::LAST) {
    const float last = LoadWord<float>(state, last_word_);
    if (!std::isfinite(last)) return BadState(name, "a finite last value", StrCat(last));
  }
  if (period_ > 0) {
    const uint32_t phase = LoadWord<uint32_t>(state, phase_word_);
    if (phase >= period_) return BadState(name, StrCat("a phase under ", period_), StrCat(phase));
  }
  for (size_t i = 0; i < 2; ++i) {
    if (lags_[i] > 0) SEQ_RETURN_IF_ERROR(ValidateRing(name, rings_[i], started, state));
  }
  return window_ > 0 ? ValidateWindow(name, started, state) : absl::OkStatus();
}

double SeriesTransform::Imputed(float raw, uint32_t phase, std::byte* state) const {
  const bool missing = std::isnan(raw);
  switch (impute_) {
    case v1::Impute::LAST:
      if (missing) return LoadWord<float>(state, last_word_);
      StoreWord(state, last_word_, raw);
      return raw;
    case v1::Impute::MEAN:
      return missing ? mean_ : raw;
    case v1::Impute::SEASONAL_MEAN:
      return missing ? seasonal_means_[phase] : raw;
    default:
      return raw;
  }
}

double SeriesTransform::ToLinear(double value) const {
  // What is fed back may have been rounded to 0.
  constexpr double kSmallest = std::numeric_limits<float>::min();
  return log_ ? std::log(std::max(value, kSmallest)) : value;
}

double SeriesTransform::FromLinear(double linear) const {
  constexpr float kSmallest = std::numeric_limits<float>::min();
  return log_ ? std::max(kSmallest, NarrowToFloat(std::exp(linear))) : linear;
}

double SeriesTransform::Differenced(const Ring& ring, bool first, std::byte* state,
                                    double value) const {
  const float stored = NarrowToFloat(value);
  if (first) {
    for (uint32_t i = 0; i < ring.size; ++i) StoreWord(state, ring.word + 1 + i, stored);
  }
  const uint32_t position = LoadWord<uint32_t>(state, ring.word);
  const float base = LoadWord<float>(state, ring.word + 1 + position);
  StoreWord(state, ring.word + 1 + position, stored);
  StoreWord(state, ring.word, position + 1 == ring.size ? 0 : position + 1);
  return first ? 0 : value - base;
}

OffsetAndFactor SeriesTransform::Window(const std::byte* state) const {
  thread_local std::vector<float> values;
  values.resize(LoadWord<uint32_t>(state, window_ring_.word + 1 + window_));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = LoadWord<float>(state, window_ring_.word + 1 + i);
  }
  if (values.size() < 2) return {values.empty() ? 0 : values[0], learned_.factor};
  OffsetAndFactor scale = ScaleOf(scale_, values);
  scale.factor = std::max(scale.factor, kSmallestWindowFactor * learned_.factor);
  return scale;
}

OffsetAndFactor SeriesTransform::ScaleFor(int32_t label) const {
  if (scope_ != v1::Scale::PER_SERIES) return learned_;
  return label < 0 ? OffsetAndFactor{} : by_label_[static_cast<size_t>(label)];
}

float SeriesTransform::Encode(float raw, int64_t unix_ms, bool first, int32_t label,
                              std::byte* state) const {
  uint32_t phase = 0;
  if (period_ > 0) {
    phase = clock_ == v1::Season::STEPS ? LoadWord<uint32_t>(state, phase_word_)
                                        : PhaseAt(clock_, period_, unix_ms);
    StoreWord(state, phase_word_, (phase + 1) % period_);
  }
  double value = ToLinear(Imputed(raw, phase, state));
  if (!cycle_.empty()) value -= cycle_[phase];
  for (size_t i = 0; i < 2; ++i) {
    if (lags_[i] > 0) value = Differenced(rings_[i], first, state, value);
  }
  if (window_ == 0) {
    const OffsetAndFactor scale = ScaleFor(label);
    return NarrowToFloat((value - scale.offset) / scale.factor);
  }
  const uint32_t position = LoadWord<uint32_t>(state, window_ring_.word);
  const size_t count_word = window_ring_.word + 1 + window_;
  const uint32_t count = LoadWord<uint32_t>(state, count_word);
  StoreWord(state, window_ring_.word + 1 + position, NarrowToFloat(value));
  StoreWord(state, window_ring_.word, position + 1 == window_ ? 0 : position + 1);
  StoreWord(state, count_word, std::min(count + 1, window_));
  const OffsetAndFactor scale = Window(state);
  return NarrowToFloat((value - scale.offset) / scale.factor);
}

void SeriesTransform::WriteContext(const std::byte* state, bool started, int32_t label,
                                   float* context) const {
  if (!cycle_.empty()) {
    const bool known = started || clock_ == v1::Season::STEPS;
    const uint32_t next = LoadWord<uint32_t>(state, phase_word_);
    for (size_t i = 0; i < season_context_.size; ++i) {
      context[season_context_.at + i] = known ? cycle_[(next + i) % cycle_.size()] : kNone;
    }
  }
  for (size_t i = 0; i < 2; ++i) {
    if (lags_[i] == 0) continue;
    const uint32_t position = LoadWord<uint32_t>(state, rings_[i].word);
    for (size_t j = 0; j < base_context_[i].size; ++j) {
      const size_t word = rings_[i].word + 1 + (position + j) % lags_[i];
      context[base_context_[i].at + j] = started ? LoadWord<float>(state, word) : kNone;
    }
  }
  if (scope_ == v1::Scale::GLOBAL) return;
  const OffsetAndFactor scale = window_ > 0 ? Window(state) : ScaleFor(label);
  context[scale_context_] = started || window_ == 0 ? NarrowToFloat(scale.offset) : kNone;
  context[scale_context_ + 1] = NarrowToFloat(scale.factor);
}

double SeriesTransform::OffsetIn(const float* context) const {
  return scope_ == v1::Scale::GLOBAL ? learned_.offset : context[scale_context_];
}

double SeriesTransform::Factor(const float* context) const {
  return scope_ == v1::Scale::GLOBAL ? learned_.factor : context[scale_context_ + 1];
}

double SeriesTransform::Linear(const float* context, double value, size_t ahead) const {
  double linear = value * Factor(context) + OffsetIn(context);
  for (size_t i = 2; i-- > 0;) {
    if (lags_[i] > 0) linear += base_context_[i].In(context, ahead);
  }
  return cycle_.empty() ? linear : linear + season_context_.In(context, ahead);
}

float SeriesTransform::Forward(const float* context, float value, size_t ahead) const {
  if (std::isnan(value)) return value;
  double moved = ToLinear(value);
  if (!cycle_.empty()) moved -= season_context_.In(context, ahead);
  for (size_t i = 0; i < 2; ++i) {
    if (lags_[i] == 0) continue;
    const float base = base_context_[i].In(context, ahead);
    moved = std::isnan(base) ? 0 : moved - base;
  }
  const double offset = OffsetIn(context);
  const double centred = window_ > 0 && std::isnan(offset) ? 0 : moved - offset;
  return NarrowToFloat(centred / Factor(context));
}

}  // namespace sequent
