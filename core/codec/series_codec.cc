// State, in words of 4 bytes: [started] then per column [last] if it imputes LAST and
// [position, ring of the last `lag` values] if it is differenced. The first step fills its ring
// with its own value, which is how the first value stands in for what came before; after that a
// ring is a ring. Differences and scaling are done in double, so that the way there and back loses
// no more than one rounding to float each.
#include "core/codec/series_codec.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/error.h"
#include "core/codec/series_fit.h"
#include "core/model/input_check.h"

namespace sequent {
namespace {

constexpr size_t kWord = 4;

template <typename T>
T Load(const std::byte* state, size_t word) {
  T value;
  std::memcpy(&value, state + word * kWord, kWord);
  return value;
}

template <typename T>
void Store(std::byte* state, size_t word, T value) {
  static_assert(sizeof(T) == kWord);
  std::memcpy(state + word * kWord, &value, kWord);
}

// To float, never to an infinity.
float Narrow(double value) {
  constexpr double kMax = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(value, -kMax, kMax));
}

Status BadState(const std::string& column, std::string_view expected, std::string_view got) {
  return absl::DataLossError(StrCat("series codec state, column '", Quoted(column), "': expected ",
                                    ToAbsl(expected), ", got ", ToAbsl(got)));
}

}  // namespace

StatusOr<std::unique_ptr<const SeriesCodec>> SeriesCodec::Create(const v1::FeatureInput& input) {
  SEQ_ASSIGN_OR_RETURN(const size_t width, CheckFeatureInput("features", input));
  SEQ_RETURN_IF_ERROR(CheckLearned("features", input));
  std::unique_ptr<SeriesCodec> codec(new SeriesCodec);
  codec->input_width_ = width;
  for (const v1::SeriesColumn& source : input.columns()) {
    codec->has_started_word_ |= source.difference() > 0;
  }
  size_t word = codec->has_started_word_ ? 1 : 0;
  size_t flag = static_cast<size_t>(input.columns_size());
  for (const v1::SeriesColumn& source : input.columns()) {
    Column column;
    column.impute = source.impute().kind();
    column.mean = Narrow(source.impute().mean());
    column.lag = source.difference();
    column.scaled = source.scale().kind() == v1::Scale::STANDARD;
    if (column.scaled) {
      column.offset = source.scale().offset();
      column.factor = source.scale().factor();
    }
    if (column.impute == v1::Impute::LAST) column.last = word++;
    if (column.lag > 0) {
      column.ring = word;
      word += 1 + column.lag;
      column.context = codec->context_size_++;
    }
    if (source.impute().missing_flag()) column.flag = flag++;
    codec->columns_.push_back(column);
    codec->names_.push_back(source.name());
  }
  codec->state_words_ = word;
  return std::unique_ptr<const SeriesCodec>(std::move(codec));
}

Status SeriesCodec::Fit(std::span<const float> rows, v1::FeatureInput* input) {
  return FitSeries(rows, input);
}

size_t SeriesCodec::columns() const { return columns_.size(); }
size_t SeriesCodec::input_width() const { return input_width_; }
size_t SeriesCodec::state_size() const { return state_words_ * kWord; }
size_t SeriesCodec::context_size() const { return context_size_; }
const std::vector<std::string>& SeriesCodec::names() const { return names_; }

void SeriesCodec::InitState(void* state) const {
  if (state_words_ == 0) return;
  auto* bytes = static_cast<std::byte*>(state);
  std::memset(bytes, 0, state_size());
  for (const Column& column : columns_) {
    if (column.impute == v1::Impute::LAST) Store(bytes, column.last, column.mean);
  }
}

Status SeriesCodec::ValidateState(const void* state) const {
  const auto* bytes = static_cast<const std::byte*>(state);
  const uint32_t started = has_started_word_ ? Load<uint32_t>(bytes, 0) : 0;
  if (started > 1) {
    return absl::DataLossError(
        StrCat("series codec state: expected 0 or 1 as its first word, got ", started));
  }
  for (size_t i = 0; i < columns_.size(); ++i) {
    SEQ_RETURN_IF_ERROR(ValidateColumn(columns_[i], names_[i], started == 1, bytes));
  }
  return absl::OkStatus();
}

Status SeriesCodec::ValidateColumn(const Column& column, const std::string& name, bool started,
                                   const std::byte* state) const {
  if (column.impute == v1::Impute::LAST) {
    const float last = Load<float>(state, column.last);
    if (!std::isfinite(last)) return BadState(name, "a finite last value", StrCat(last));
  }
  if (column.lag == 0) return absl::OkStatus();
  const uint32_t position = Load<uint32_t>(state, column.ring);
  if (position >= column.lag) {
    return BadState(name, StrCat("a position under ", column.lag), StrCat(position));
  }
  if (!started && position != 0)
    return BadState(name, "position 0 before a step", StrCat(position));
  for (uint32_t i = 0; i < column.lag; ++i) {
    const float value = Load<float>(state, column.ring + 1 + i);
    if (!std::isfinite(value)) return BadState(name, "finite values", StrCat(value));
    if (!started && value != 0) return BadState(name, "zeros before a step", StrCat(value));
  }
  return absl::OkStatus();
}

Status SeriesCodec::Check(std::span<const float> raw) const {
  const size_t count = columns_.size();
  if (raw.size() % count != 0) {
    return MakeError(Reason::kInputWidth, StrCat("features: expected a multiple of ", count,
                                                 " values, got ", raw.size()));
  }
  for (size_t i = 0; i < raw.size(); ++i) {
    if (std::isfinite(raw[i])) continue;
    const size_t column = i % count;
    const bool missing = std::isnan(raw[i]);
    if (missing && columns_[column].impute != v1::Impute::NONE) continue;
    return MakeError(
        Reason::kInputNotFinite,
        StrCat("row ", i / count + 1, ", column '", Quoted(names_[column]), "': expected a finite ",
               missing ? "value (this column imputes none)" : "value or NaN", ", got ", raw[i]));
  }
  return absl::OkStatus();
}

float SeriesCodec::Imputed(const Column& column, std::byte* state, float raw) const {
  if (column.impute == v1::Impute::NONE) return raw;
  const bool missing = std::isnan(raw);
  if (column.impute == v1::Impute::MEAN) return missing ? column.mean : raw;
  if (missing) return Load<float>(state, column.last);
  Store(state, column.last, raw);
  return raw;
}

double SeriesCodec::Differenced(const Column& column, bool first, std::byte* state, float value) {
  if (first) {
    for (uint32_t i = 0; i < column.lag; ++i) Store(state, column.ring + 1 + i, value);
  }
  const uint32_t position = Load<uint32_t>(state, column.ring);
  const float base = Load<float>(state, column.ring + 1 + position);
  Store(state, column.ring + 1 + position, value);
  Store(state, column.ring, position + 1 == column.lag ? 0 : position + 1);
  return static_cast<double>(value) - base;
}

void SeriesCodec::Encode(void* state, const float* raw, float* encoded, float* context) const {
  auto* bytes = static_cast<std::byte*>(state);
  const bool first = has_started_word_ && Load<uint32_t>(bytes, 0) == 0;
  for (size_t i = 0; i < columns_.size(); ++i) {
    const Column& column = columns_[i];
    if (column.flag > 0) encoded[column.flag] = std::isnan(raw[i]) ? 1.0f : 0.0f;
    const float value = Imputed(column, bytes, raw[i]);
    const double moved = column.lag > 0 ? Differenced(column, first, bytes, value) : value;
    encoded[i] = Narrow((moved - column.offset) / column.factor);
  }
  if (first) Store(bytes, 0, uint32_t{1});
  if (context != nullptr) Context(state, context);
}

void SeriesCodec::Context(const void* state, float* context) const {
  const auto* bytes = static_cast<const std::byte*>(state);
  const bool started = has_started_word_ && Load<uint32_t>(bytes, 0) == 1;
  for (const Column& column : columns_) {
    if (column.lag == 0) continue;
    const uint32_t position = Load<uint32_t>(bytes, column.ring);
    context[column.context] = started ? Load<float>(bytes, column.ring + 1 + position)
                                      : std::numeric_limits<float>::quiet_NaN();
  }
}

float SeriesCodec::Inverse(size_t column, const float* context, float value) const {
  const Column& c = columns_[column];
  const double unscaled = static_cast<double>(value) * c.factor + c.offset;
  return Narrow(c.lag > 0 ? unscaled + context[c.context] : unscaled);
}

float SeriesCodec::Forward(size_t column, const float* context, float value) const {
  const Column& c = columns_[column];
  double moved = value;
  if (c.lag > 0) moved -= std::isnan(context[c.context]) ? value : context[c.context];
  return Narrow((moved - c.offset) / c.factor);
}

float SeriesCodec::InverseScale(size_t column, float spread) const {
  return Narrow(static_cast<double>(spread) * columns_[column].factor);
}

}  // namespace sequent
