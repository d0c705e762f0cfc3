// The transforms of a column beyond imputing, one lag and a global scale (series_codec_test.cc).
#include <cmath>
#include <cstring>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "core/base/iso_time.h"
#include "core/base/random.h"
#include "core/codec/series_codec.h"

namespace sequent {
namespace {

using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

v1::FeatureInput OneColumn(v1::SeriesColumn column = {}) {
  v1::FeatureInput input;
  column.set_name("x");
  *input.add_columns() = column;
  return input;
}

v1::SeriesColumn Seasonal(v1::Season::Clock clock, std::vector<double> cycle) {
  v1::SeriesColumn column;
  column.mutable_season()->set_period(static_cast<uint32_t>(cycle.size()));
  column.mutable_season()->set_clock(clock);
  column.mutable_season()->set_subtract(true);
  column.mutable_season()->mutable_cycle()->Assign(cycle.begin(), cycle.end());
  return column;
}

v1::SeriesColumn Windowed(v1::Scale::Kind kind, uint32_t window) {
  v1::SeriesColumn column;
  column.mutable_scale()->set_kind(kind);
  column.mutable_scale()->set_scope(v1::Scale::PER_WINDOW);
  column.mutable_scale()->set_window(window);
  column.mutable_scale()->set_factor(2);
  return column;
}

// Two series, "a" at 10 +- 1 and "b" at 100 +- 10, and a column that tells them apart.
v1::FeatureInput TwoSeries() {
  v1::FeatureInput input = OneColumn();
  v1::Scale* scale = input.mutable_columns(0)->mutable_scale();
  scale->set_kind(v1::Scale::STANDARD);
  scale->set_scope(v1::Scale::PER_SERIES);
  for (const double offset : {10, 100}) scale->add_offsets(offset);
  for (const double factor : {1, 10}) scale->add_factors(factor);
  v1::SeriesColumn* labels = input.add_columns();
  labels->set_name("series");
  for (const char* label : {"a", "b"}) labels->add_labels(label);
  return input;
}

class Stream {
 public:
  explicit Stream(const v1::FeatureInput& input, const std::vector<size_t>& horizons = {})
      : codec(SeriesCodec::Create(input, horizons).value()),
        state(codec->state_size()),
        context(codec->context_size()) {
    codec->InitState(state.data());
  }
  std::vector<float> Step(const std::vector<float>& raw, int64_t unix_ms = 0) {
    std::vector<float> encoded(codec->input_width());
    codec->Encode(state.data(), raw.data(), encoded.data(), context.data(), unix_ms);
    return encoded;
  }
  std::vector<float> Steps(const std::vector<float>& values) {
    std::vector<float> out;
    for (const float value : values) out.push_back(Step({value})[0]);
    return out;
  }
  float Back(float value, size_t ahead = 1) const {
    return codec->Inverse(0, context.data(), value, ahead);
  }
  float There(float value, size_t ahead) const {
    return codec->Forward(0, context.data(), value, ahead);
  }

  std::unique_ptr<const SeriesCodec> codec;
  std::vector<std::byte> state;
  std::vector<float> context;
};

TEST(Log, IsTakenAndUndone) {
  v1::SeriesColumn column;
  column.set_log(true);
  Stream stream(OneColumn(column));
  EXPECT_THAT(stream.Steps({1, std::exp(2.0f)}), ElementsAre(0, FloatEq(2)));
  EXPECT_FLOAT_EQ(stream.Back(3), std::exp(3.0f));
  EXPECT_DOUBLE_EQ(stream.codec->Linear(0, stream.context.data(), 3), 3);
}

TEST(Log, RefusesWhatHasNone) {
  v1::SeriesColumn column;
  column.set_log(true);
  const Stream stream(OneColumn(column));
  const std::vector<float> raw = {1, 0};
  const Status status = stream.codec->Check(raw);
  EXPECT_EQ(ReasonOf(status), Reason::kInputNotFinite);
  EXPECT_THAT(std::string(Message(status)), HasSubstr("row 2, column 'x': expected a value > 0"));
}

TEST(Log, WhatComesOutCanGoInAgain) {
  v1::SeriesColumn column;
  column.set_log(true);
  Stream stream(OneColumn(column));
  stream.Steps({1});
  for (const float far : {-1e30f, 1e30f}) {
    const std::vector<float> back = {stream.Back(far)};
    EXPECT_TRUE(stream.codec->Check(back).ok()) << back[0];
  }
}

TEST(SeasonalDifference, IsTakenBeforeTheOther) {
  v1::SeriesColumn column;
  column.set_seasonal_difference(2);
  column.set_difference(1);
  Stream stream(OneColumn(column));
  // Minus two steps before: 0 0 4 5 6; minus one before that.
  EXPECT_THAT(stream.Steps({1, 1, 5, 6, 11}), ElementsAre(0, 0, 4, 1, 1));
  // 6 + (11 - 5) + 3.
  EXPECT_FLOAT_EQ(stream.Back(3), 15);
  EXPECT_FLOAT_EQ(stream.codec->Forward(0, stream.context.data(), 15), 3);
}

TEST(StepsAhead, OfADifferenceAreChangesSinceTheLastValue) {
  v1::SeriesColumn column;
  column.set_difference(1);
  Stream stream(OneColumn(column), {3});
  stream.Steps({1, 4, 9});
  for (size_t ahead = 1; ahead <= 3; ++ahead) {
    EXPECT_FLOAT_EQ(stream.There(20, ahead), 11);
    EXPECT_FLOAT_EQ(stream.Back(11, ahead), 20);
  }
}

TEST(StepsAhead, OfASeasonalDifferenceAreChangesSinceTheLastValueOfTheirPhase) {
  v1::SeriesColumn column;
  column.set_seasonal_difference(3);
  Stream stream(OneColumn(column), {5});
  stream.Steps({1, 2, 3, 10, 20, 30, 40});
  std::vector<float> moved;
  for (size_t ahead = 1; ahead <= 5; ++ahead) moved.push_back(stream.There(100, ahead));
  EXPECT_THAT(moved, ElementsAre(80, 70, 60, 80, 70));
}

TEST(StepsAhead, OfASeasonAreOfTheirOwnPhases) {
  Stream stream(OneColumn(Seasonal(v1::Season::STEPS, {1, 2, 4})), {5});
  stream.Steps({0});
  std::vector<float> back;
  for (size_t ahead = 1; ahead <= 5; ++ahead) back.push_back(stream.Back(10, ahead));
  EXPECT_THAT(back, ElementsAre(12, 14, 11, 12, 14));
}

// Whatever the horizon, the next step is what Encode then makes of it, and the way there and back
// ends where it began.
TEST(StepsAhead, AreTheNextStepAndComeBack) {
  v1::FeatureInput input = OneColumn(Seasonal(v1::Season::STEPS, {0.5, -1, 2}));
  v1::SeriesColumn* column = input.mutable_columns(0);
  column->set_log(true);
  column->set_seasonal_difference(4);
  column->set_difference(2);
  column->mutable_scale()->set_kind(v1::Scale::STANDARD);
  column->mutable_scale()->set_offset(0.5);
  column->mutable_scale()->set_factor(3);
  Stream far(input, {7});
  const RandomStream random(5, 6, 7);
  for (uint64_t t = 0; t < 40; ++t) {
    const float value = static_cast<float>(std::exp(random.Normal(t)));
    const float forward = far.codec->Forward(0, far.context.data(), value);
    const float encoded = far.Step({value})[0];
    if (t > 0) EXPECT_EQ(forward, encoded) << t;
    for (size_t ahead = 1; ahead <= 7; ++ahead) {
      EXPECT_NEAR(far.Back(far.There(value, ahead), ahead), value, 1e-5 * value) << ahead;
    }
  }
}

TEST(Season, IsSubtractedByTheNumberOfTheStep) {
  Stream stream(OneColumn(Seasonal(v1::Season::STEPS, {1, 2, 4})));
  stream.codec->Context(stream.state.data(), stream.context.data());
  EXPECT_FLOAT_EQ(stream.Back(0), 1);
  EXPECT_THAT(stream.Steps({1, 2, 4, 11}), ElementsAre(0, 0, 0, 10));
  EXPECT_FLOAT_EQ(stream.Back(5), 7);
}

TEST(Season, IsSubtractedByTheTimeOfTheStep) {
  std::vector<double> cycle(12);
  for (size_t month = 0; month < 12; ++month) cycle[month] = static_cast<double>(month + 1);
  Stream stream(OneColumn(Seasonal(v1::Season::MONTHS, cycle)));
  EXPECT_TRUE(stream.codec->uses_time());
  EXPECT_EQ(stream.Step({20}, *ParseIsoTime("1955-11"))[0], 9);
  EXPECT_FLOAT_EQ(stream.Back(9), 21);  // December
  EXPECT_EQ(stream.Step({20}, *ParseIsoTime("1955-12"))[0], 8);
  EXPECT_FLOAT_EQ(stream.Back(9), 10);  // January
}

TEST(SeasonalMean, FillsAGapByItsPhase) {
  v1::SeriesColumn column;
  column.mutable_season()->set_period(3);
  column.mutable_impute()->set_kind(v1::Impute::SEASONAL_MEAN);
  for (const double mean : {7, 8, 9}) column.mutable_impute()->add_seasonal_means(mean);
  Stream stream(OneColumn(column));
  EXPECT_THAT(stream.Steps({1, kNan, kNan, kNan, 2}), ElementsAre(1, 8, 9, 7, 2));
}

TEST(SeasonalMean, IsLearnedByPhase) {
  v1::SeriesColumn column;
  column.mutable_season()->set_period(2);
  column.mutable_impute()->set_kind(v1::Impute::SEASONAL_MEAN);
  v1::FeatureInput input = OneColumn(column);
  ASSERT_TRUE(SeriesCodec::Fit(std::vector<float>{1, 10, 3, kNan, 5, 20}, &input).ok());
  EXPECT_THAT(input.columns(0).impute().seasonal_means(), ElementsAre(3, 15));
}

TEST(WindowScale, FollowsTheLastValues) {
  Stream stream(OneColumn(Windowed(v1::Scale::MIN_MAX, 3)));
  // Alone: the training part's factor. Then of {4, 8}, {4, 8, 6}, {8, 6, 108}.
  EXPECT_THAT(stream.Steps({4, 8, 6, 108}), ElementsAre(0, 1, 0.5f, 1));
  EXPECT_FLOAT_EQ(stream.Back(0.5f), 57);
  EXPECT_FLOAT_EQ(stream.codec->Forward(0, stream.context.data(), 57), 0.5f);
  EXPECT_TRUE(stream.codec->per_window(0));
}

TEST(WindowScale, OfEqualValuesIsNotZero) {
  for (const auto kind : {v1::Scale::STANDARD, v1::Scale::MIN_MAX, v1::Scale::ROBUST}) {
    Stream stream(OneColumn(Windowed(kind, 3)));
    EXPECT_THAT(stream.Steps({5, 5, 5, 5}), ElementsAre(0, 0, 0, 0));
    EXPECT_FLOAT_EQ(stream.Back(1), 5.002f);
  }
}

TEST(SeriesScale, GoesByTheSeries) {
  Stream stream(TwoSeries());
  EXPECT_EQ(stream.codec->input_width(), 3u);
  EXPECT_THAT(stream.Step({12, 0}), ElementsAre(2, 1, 0));
  EXPECT_FLOAT_EQ(stream.Back(3), 13);
  Stream other(TwoSeries());
  EXPECT_THAT(other.Step({80, 1}), ElementsAre(-2, 0, 1));
  EXPECT_FLOAT_EQ(other.Back(-2), 80);
}

TEST(SeriesScale, NeedsASeriesThatItKnows) {
  const Stream stream(TwoSeries());
  for (const float label : {2.0f, -1.0f, 0.5f, kNan}) {
    const std::vector<float> raw = {1, label};
    EXPECT_EQ(ReasonOf(stream.codec->Check(raw)), Reason::kInputNotFinite) << label;
  }
  v1::FeatureInput global = TwoSeries();
  global.mutable_columns(0)->clear_scale();
  Stream unseen(global);
  const std::vector<float> raw = {1, kNan};
  EXPECT_TRUE(unseen.codec->Check(raw).ok());
  EXPECT_THAT(unseen.Step(raw), ElementsAre(1, 0, 0));
}

TEST(SeriesScale, IsLearnedPerSeries) {
  v1::FeatureInput input = TwoSeries();
  input.mutable_columns(0)->mutable_scale()->clear_offsets();
  input.mutable_columns(0)->mutable_scale()->clear_factors();
  const std::vector<float> a = {1, 0, 3, 0}, b = {10, 1, 30, 1};
  const SeriesRows series[] = {{b, {}}, {a, {}}};
  ASSERT_TRUE(SeriesCodec::Fit(series, &input).ok());
  EXPECT_THAT(input.columns(0).scale().offsets(), ElementsAre(2, 20));
  EXPECT_THAT(input.columns(0).scale().factors(), ElementsAre(1, 10));
}

TEST(Fit, LearnsTheLastCycleOfTheSeasonByItsClock) {
  v1::SeriesColumn column;
  column.set_log(true);
  column.mutable_season()->set_period(4);
  column.mutable_season()->set_clock(v1::Season::HOURS);
  column.mutable_season()->set_subtract(true);
  v1::FeatureInput input = OneColumn(column);
  const double cycle[] = {0.5, -0.5, 0.25, -0.25};
  std::vector<float> values;
  std::vector<int64_t> times;
  for (int64_t hour = 2; hour < 42; ++hour) {
    values.push_back(
        static_cast<float>(std::exp(0.01 * static_cast<double>(hour) + cycle[hour % 4])));
    times.push_back(hour * 3'600'000);
  }
  const SeriesRows rows{values, times};
  ASSERT_TRUE(SeriesCodec::Fit({&rows, 1}, &input).ok());
  for (int phase = 0; phase < 4; ++phase) {
    EXPECT_NEAR(input.columns(0).season().cycle(phase), cycle[phase], 1e-5) << phase;
  }
  Stream stream(input);
  EXPECT_NEAR(stream.Step({values[0]}, times[0])[0], 0.02, 1e-5);
}

TEST(Fit, ASeasonNeedsTwoPeriodsOfOneSeries) {
  v1::SeriesColumn column;
  column.mutable_season()->set_period(3);
  column.mutable_season()->set_subtract(true);
  v1::FeatureInput input = OneColumn(column);
  const std::vector<float> rows = {1, 2, 3, 4, 5};
  EXPECT_THAT(std::string(Message(SeriesCodec::Fit(rows, &input))),
              HasSubstr("column 'x': season: expected at least two periods of 3 values, got 5"));
  const SeriesRows series[] = {{rows, {}}, {rows, {}}};
  EXPECT_THAT(std::string(Message(SeriesCodec::Fit(series, &input))),
              HasSubstr("column 'x': season.subtract: expected one series, got 2"));
}

TEST(Fit, ADifferenceDoesNotReachIntoAnotherSeries) {
  v1::SeriesColumn column;
  column.set_difference(1);
  column.mutable_scale()->set_kind(v1::Scale::MIN_MAX);
  v1::FeatureInput input = OneColumn(column);
  const std::vector<float> a = {1, 2, 4}, b = {1000, 1001};
  const SeriesRows series[] = {{a, {}}, {b, {}}};
  ASSERT_TRUE(SeriesCodec::Fit(series, &input).ok());
  EXPECT_EQ(input.columns(0).scale().offset(), 1);
  EXPECT_EQ(input.columns(0).scale().factor(), 1);
}

TEST(Fit, LearnsSmallestAndRange) {
  v1::SeriesColumn column;
  column.mutable_scale()->set_kind(v1::Scale::MIN_MAX);
  v1::FeatureInput input = OneColumn(column);
  ASSERT_TRUE(SeriesCodec::Fit(std::vector<float>{3, 11, 5}, &input).ok());
  EXPECT_EQ(input.columns(0).scale().offset(), 3);
  EXPECT_EQ(input.columns(0).scale().factor(), 8);
}

TEST(Fit, LearnsMedianAndQuartiles) {
  v1::SeriesColumn column;
  column.mutable_scale()->set_kind(v1::Scale::ROBUST);
  v1::FeatureInput input = OneColumn(column);
  ASSERT_TRUE(SeriesCodec::Fit(std::vector<float>{1, 1000, 2, 3, 4}, &input).ok());
  EXPECT_EQ(input.columns(0).scale().offset(), 3);
  EXPECT_EQ(input.columns(0).scale().factor(), 2);
}

TEST(Fit, RefusesALogOfNothingByRow) {
  v1::SeriesColumn column;
  column.set_log(true);
  v1::FeatureInput input = OneColumn(column);
  EXPECT_THAT(std::string(Message(SeriesCodec::Fit(std::vector<float>{1, -2}, &input))),
              HasSubstr("column 'x': row 2: expected a value > 0"));
}

// Everything at once, and a stream of it.
class EverythingTest : public ::testing::Test {
 protected:
  static v1::FeatureInput Input() {
    v1::FeatureInput input;
    input.mutable_calendar()->set_daily(1);
    for (int i = 0; i < 3; ++i) {
      v1::SeriesColumn* column = input.add_columns();
      *column = Seasonal(i == 0 ? v1::Season::STEPS : v1::Season::HOURS, {0.1, -0.3, 0.25, 0.4});
      column->set_name(StrCat("c", i));
      column->set_log(i != 1);
      column->set_difference(static_cast<uint32_t>(i));
      column->set_seasonal_difference(3);
      column->mutable_impute()->set_kind(v1::Impute::LAST);
      column->mutable_impute()->set_mean(2);
      column->mutable_scale()->set_kind(v1::Scale::STANDARD);
      column->mutable_scale()->set_factor(0.7);
      column->mutable_scale()->set_offset(0.2);
    }
    v1::Scale* scale = input.mutable_columns(0)->mutable_scale();
    scale->set_scope(v1::Scale::PER_SERIES);
    for (const double offset : {0.1, 0.2}) scale->add_offsets(offset);
    for (const double factor : {0.3, 1.4}) scale->add_factors(factor);
    input.mutable_columns(2)->mutable_scale()->set_scope(v1::Scale::PER_WINDOW);
    input.mutable_columns(2)->mutable_scale()->set_window(5);
    v1::SeriesColumn* labels = input.add_columns();
    labels->set_name("series");
    for (const char* label : {"a", "b"}) labels->add_labels(label);
    return input;
  }
  static std::vector<float> Raw(uint64_t step) {
    const RandomStream random(7, step, 0);
    std::vector<float> raw;
    for (uint64_t i = 0; i < 3; ++i) {
      raw.push_back(static_cast<float>(std::exp(random.Normal(i))));
    }
    raw.push_back(1);
    return raw;
  }
  static int64_t Time(uint64_t step) { return static_cast<int64_t>(step) * 3'600'000; }

  Stream stream_{Input()};
};

TEST_F(EverythingTest, ForwardIsWhatEncodeGivesNext) {
  stream_.Step(Raw(0), Time(0));
  for (uint64_t step = 1; step < 40; ++step) {
    const std::vector<float> raw = Raw(step);
    std::vector<float> expected;
    for (size_t i = 0; i < 2; ++i) {  // not the column with a window
      expected.push_back(stream_.codec->Forward(i, stream_.context.data(), raw[i]));
    }
    std::vector<float> encoded = stream_.Step(raw, Time(step));
    encoded.resize(2);
    ASSERT_EQ(encoded, expected) << "step " << step;
  }
}

TEST_F(EverythingTest, InverseUndoesForward) {
  for (uint64_t step = 0; step < 40; ++step) {
    stream_.Step(Raw(step), Time(step));
    for (size_t i = 0; i < 3; ++i) {
      const float next = Raw(100 + step)[i];
      const float there = stream_.codec->Forward(i, stream_.context.data(), next);
      EXPECT_NEAR(stream_.codec->Inverse(i, stream_.context.data(), there), next,
                  1e-5 * (1 + next));
    }
  }
}

TEST_F(EverythingTest, WhatTheCodecLeavesIsValid) {
  for (uint64_t step = 0; step < 20; ++step) {
    EXPECT_TRUE(stream_.codec->ValidateState(stream_.state.data()).ok()) << step;
    stream_.Step(Raw(step), Time(step));
  }
}

// Every word of a state, made impossible in turn: as a number far too large, and as no number.
TEST_F(EverythingTest, NoOtherStateIsTaken) {
  for (uint64_t step = 0; step < 20; ++step) stream_.Step(Raw(step), Time(step));
  const uint32_t words[] = {0x7f800000u, 0x7fc00000u};  // infinity, NaN; also huge integers
  for (size_t at = 0; at < stream_.state.size(); at += 4) {
    for (const uint32_t word : words) {
      std::vector<std::byte> state = stream_.state;
      std::memcpy(state.data() + at, &word, 4);
      EXPECT_FALSE(stream_.codec->ValidateState(state.data()).ok()) << "word " << at / 4;
    }
  }
}

TEST_F(EverythingTest, AForeignStateCanBeStepped) {
  stream_.Step(Raw(0), Time(0));
  Stream copy(Input());
  copy.state = stream_.state;
  EXPECT_EQ(copy.Step(Raw(1), Time(1)), stream_.Step(Raw(1), Time(1)));
}

}  // namespace
}  // namespace sequent
