// State, in words of 4 bytes: [started] [label] then what each column remembers
// (series_transform.cc). Arithmetic between the transforms is done in double, so that the way there
// and back loses no more than one rounding to float each.
#include "core/codec/series_codec.h"

#include <cmath>
#include <cstring>

#include "core/base/error.h"
#include "core/codec/calendar.h"
#include "core/codec/series_fit.h"
#include "core/model/input_check.h"

namespace sequent {

StatusOr<std::unique_ptr<const SeriesCodec>> SeriesCodec::Create(const v1::FeatureInput& input,
                                                                 std::span<const size_t> horizons) {
  SEQ_ASSIGN_OR_RETURN(const size_t width, CheckFeatureInput("features", input));
  SEQ_RETURN_IF_ERROR(CheckLearned("features", input));
  std::unique_ptr<SeriesCodec> codec(new SeriesCodec);
  codec->input_width_ = width;
  codec->calendar_ = input.calendar();
  codec->calendar_at_ = width - CalendarWidth(input.calendar());
  codec->uses_time_ = codec->calendar_at_ < width;
  for (const v1::SeriesColumn& source : input.columns()) {
    codec->names_.push_back(source.name());
    codec->labels_.assign(source.labels().begin(), source.labels().end());
    if (source.labels_size() == 0) codec->transforms_.emplace_back(source);
  }
  for (const SeriesTransform& transform : codec->transforms_) {
    codec->has_started_word_ |= transform.needs_start();
    codec->has_label_word_ |= transform.per_series();
    codec->uses_time_ |= transform.uses_time();
  }
  size_t word = codec->has_started_word_ ? 1 : 0;
  if (codec->has_label_word_) codec->label_word_ = word++;
  size_t flag = codec->transforms_.size() + codec->labels_.size();
  for (size_t i = 0; i < codec->transforms_.size(); ++i) {
    const size_t horizon = horizons.empty() ? 1 : horizons[i];
    codec->transforms_[i].Place(horizon, &word, &codec->context_size_);
    const bool flagged = input.columns(static_cast<int>(i)).impute().missing_flag();
    codec->flags_.push_back(flagged ? flag++ : 0);
  }
  codec->state_words_ = word;
  return std::unique_ptr<const SeriesCodec>(std::move(codec));
}

Status SeriesCodec::Fit(std::span<const SeriesRows> series, v1::FeatureInput* input) {
  return FitSeries(series, input);
}

Status SeriesCodec::Fit(std::span<const float> rows, v1::FeatureInput* input) {
  const SeriesRows series{rows, {}};
  return FitSeries({&series, 1}, input);
}

size_t SeriesCodec::columns() const { return names_.size(); }
size_t SeriesCodec::input_width() const { return input_width_; }
size_t SeriesCodec::state_size() const { return state_words_ * 4; }
size_t SeriesCodec::context_size() const { return context_size_; }
const std::vector<std::string>& SeriesCodec::names() const { return names_; }

void SeriesCodec::InitState(void* state) const {
  if (state_words_ == 0) return;
  auto* bytes = static_cast<std::byte*>(state);
  std::memset(bytes, 0, state_size());
  for (const SeriesTransform& transform : transforms_) transform.InitState(bytes);
}

bool SeriesCodec::Started(const std::byte* state) const {
  return has_started_word_ && LoadWord<uint32_t>(state, 0) == 1;
}

int32_t SeriesCodec::StoredLabel(const std::byte* state) const {
  return has_label_word_ ? LoadWord<int32_t>(state, label_word_) - 1 : -1;
}

Status SeriesCodec::ValidateState(const void* state) const {
  const auto* bytes = static_cast<const std::byte*>(state);
  if (has_started_word_ && LoadWord<uint32_t>(bytes, 0) > 1) {
    return absl::DataLossError(StrCat("series codec state: expected 0 or 1 as its first word, got ",
                                      LoadWord<uint32_t>(bytes, 0)));
  }
  if (has_label_word_ && LoadWord<uint32_t>(bytes, label_word_) > labels_.size()) {
    return absl::DataLossError(StrCat("series codec state: expected a series from 0 to ",
                                      labels_.size(), ", got ",
                                      LoadWord<uint32_t>(bytes, label_word_)));
  }
  for (size_t i = 0; i < transforms_.size(); ++i) {
    SEQ_RETURN_IF_ERROR(transforms_[i].ValidateState(names_[i], Started(bytes), bytes));
  }
  return absl::OkStatus();
}

Status SeriesCodec::CheckValue(size_t row, size_t column, float value) const {
  std::string_view expected;
  if (column == transforms_.size()) {  // of labels
    const bool index =
        value >= 0 && value < static_cast<float>(labels_.size()) && value == std::floor(value);
    if (index || (std::isnan(value) && !has_label_word_)) return absl::OkStatus();
    expected = "the index of a series";
  } else {
    const SeriesTransform& transform = transforms_[column];
    if (std::isnan(value)) {
      if (transform.imputes()) return absl::OkStatus();
      expected = "a finite value (this column imputes none)";
    } else if (std::isfinite(value) && (!transform.log() || value > 0)) {
      return absl::OkStatus();
    } else {
      expected =
          transform.log() ? "a value > 0, since its logarithm is taken" : "a finite value or NaN";
    }
  }
  return MakeError(Reason::kInputNotFinite,
                   StrCat("row ", row + 1, ", column '", Quoted(names_[column]), "': expected ",
                          ToAbsl(expected), ", got ", value));
}

Status SeriesCodec::Check(std::span<const float> raw) const {
  const size_t count = columns();
  if (raw.size() % count != 0) {
    return MakeError(Reason::kInputWidth, StrCat("features: expected a multiple of ", count,
                                                 " values, got ", raw.size()));
  }
  for (size_t i = 0; i < raw.size(); i += count) {
    for (size_t c = 0; c < count; ++c) SEQ_RETURN_IF_ERROR(CheckValue(i / count, c, raw[i + c]));
  }
  return absl::OkStatus();
}

void SeriesCodec::Encode(void* state, const float* raw, float* encoded, float* context,
                         int64_t unix_ms) const {
  auto* bytes = static_cast<std::byte*>(state);
  const bool first = has_started_word_ && LoadWord<uint32_t>(bytes, 0) == 0;
  const int32_t label = labels_.empty() ? -1 : LabelOf(raw[transforms_.size()]);
  for (size_t i = 0; i < transforms_.size(); ++i) {
    if (flags_[i] > 0) encoded[flags_[i]] = std::isnan(raw[i]) ? 1.0f : 0.0f;
    encoded[i] = transforms_[i].Encode(raw[i], unix_ms, first, label, bytes);
  }
  for (size_t i = 0; i < labels_.size(); ++i) {
    encoded[transforms_.size() + i] = static_cast<int32_t>(i) == label ? 1.0f : 0.0f;
  }
  if (calendar_at_ < input_width_) CalendarTerms(calendar_, unix_ms, encoded + calendar_at_);
  if (first) StoreWord(bytes, 0, uint32_t{1});
  if (has_label_word_) StoreWord(bytes, label_word_, label + 1);
  if (context != nullptr) Context(state, context);
}

void SeriesCodec::Context(const void* state, float* context) const {
  const auto* bytes = static_cast<const std::byte*>(state);
  const bool started = Started(bytes);
  const int32_t label = StoredLabel(bytes);
  for (const SeriesTransform& transform : transforms_) {
    transform.WriteContext(bytes, started, label, context);
  }
}

double SeriesCodec::Linear(size_t column, const float* context, float value, size_t ahead) const {
  return transforms_[column].Linear(context, value, ahead);
}

double SeriesCodec::LinearSpread(size_t column, const float* context, float spread) const {
  return transforms_[column].Factor(context) * spread;
}

float SeriesCodec::FromLinear(size_t column, double linear) const {
  return NarrowToFloat(transforms_[column].FromLinear(linear));
}

float SeriesCodec::Inverse(size_t column, const float* context, float value, size_t ahead) const {
  return FromLinear(column, Linear(column, context, value, ahead));
}

float SeriesCodec::Forward(size_t column, const float* context, float value, size_t ahead) const {
  return transforms_[column].Forward(context, value, ahead);
}

}  // namespace sequent
