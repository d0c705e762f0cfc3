#include "core/codec/series_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "core/base/error.h"
#include "core/base/random.h"

namespace sequent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

v1::SeriesColumn* AddColumn(v1::FeatureInput* input, const std::string& name) {
  v1::SeriesColumn* column = input->add_columns();
  column->set_name(name);
  return column;
}

v1::FeatureInput OneColumn() {
  v1::FeatureInput input;
  AddColumn(&input, "x");
  return input;
}

v1::FeatureInput Imputing(v1::Impute::Kind kind, double mean) {
  v1::FeatureInput input = OneColumn();
  input.mutable_columns(0)->mutable_impute()->set_kind(kind);
  input.mutable_columns(0)->mutable_impute()->set_mean(mean);
  return input;
}

v1::FeatureInput Scaled(double offset, double factor) {
  v1::FeatureInput input = OneColumn();
  input.mutable_columns(0)->mutable_scale()->set_kind(v1::Scale::STANDARD);
  input.mutable_columns(0)->mutable_scale()->set_offset(offset);
  input.mutable_columns(0)->mutable_scale()->set_factor(factor);
  return input;
}

v1::FeatureInput Differenced(uint32_t lag) {
  v1::FeatureInput input = OneColumn();
  input.mutable_columns(0)->set_difference(lag);
  return input;
}

// Three columns, one for each kind of imputing, with everything on.
v1::FeatureInput Everything() {
  v1::FeatureInput input;
  const v1::Impute::Kind kinds[] = {v1::Impute::NONE, v1::Impute::LAST, v1::Impute::MEAN};
  for (int i = 0; i < 3; ++i) {
    v1::SeriesColumn* column = AddColumn(&input, StrCat("c", i));
    column->mutable_impute()->set_kind(kinds[i]);
    column->mutable_impute()->set_mean(10.5 + i);
    column->mutable_impute()->set_missing_flag(i > 0);
    column->set_difference(static_cast<uint32_t>(1 + 2 * i));
    column->mutable_scale()->set_kind(v1::Scale::STANDARD);
    column->mutable_scale()->set_offset(0.1 * i);
    column->mutable_scale()->set_factor(3.7 + i);
  }
  return input;
}

// A codec with a state, fed step by step.
class Stream {
 public:
  explicit Stream(const v1::FeatureInput& input)
      : codec(SeriesCodec::Create(input).value()),
        state(codec->state_size()),
        context(codec->context_size()) {
    codec->InitState(state.data());
  }
  std::vector<float> Step(const std::vector<float>& raw) {
    std::vector<float> encoded(codec->input_width());
    codec->Encode(state.data(), raw.data(), encoded.data(), context.data());
    return encoded;
  }
  // The first output of steps of one column.
  std::vector<float> Steps(const std::vector<float>& values) {
    std::vector<float> out;
    for (const float value : values) out.push_back(Step({value})[0]);
    return out;
  }

  std::unique_ptr<const SeriesCodec> codec;
  std::vector<std::byte> state;
  std::vector<float> context;
};

TEST(SeriesCodec, PassesAPlainColumnAsItIs) {
  Stream stream(OneColumn());
  EXPECT_THAT(stream.Steps({1.5f, -2, 0}), ElementsAre(1.5f, -2, 0));
  EXPECT_EQ(stream.codec->state_size(), 0u);
  EXPECT_EQ(stream.codec->context_size(), 0u);
}

TEST(SeriesCodec, Standardises) {
  Stream stream(Scaled(10, 4));
  EXPECT_THAT(stream.Steps({10, 14, 2}), ElementsAre(0, 1, -2));
}

TEST(SeriesCodec, TheFirstDifferenceIsZero) {
  Stream stream(Differenced(1));
  EXPECT_THAT(stream.Steps({5, 7, 4}), ElementsAre(0, 2, -3));
}

TEST(SeriesCodec, TheFirstValueStandsInForALagBeforeIt) {
  Stream stream(Differenced(3));
  EXPECT_THAT(stream.Steps({5, 7, 4, 9, 9}), ElementsAre(0, 2, -1, 4, 2));
}

TEST(SeriesCodec, ImputesTheLastValueAndBeforeAnyTheMean) {
  Stream stream(Imputing(v1::Impute::LAST, 2.5));
  EXPECT_THAT(stream.Steps({kNan, 7, kNan, kNan, 1}), ElementsAre(2.5f, 7, 7, 7, 1));
}

TEST(SeriesCodec, ImputesTheMean) {
  Stream stream(Imputing(v1::Impute::MEAN, 2.5));
  EXPECT_THAT(stream.Steps({kNan, 7, kNan}), ElementsAre(2.5f, 7, 2.5f));
}

TEST(SeriesCodec, ImputesBeforeItDifferences) {
  v1::FeatureInput input = Imputing(v1::Impute::LAST, 2);
  input.mutable_columns(0)->set_difference(1);
  Stream stream(input);
  EXPECT_THAT(stream.Steps({kNan, 7, kNan, 8}), ElementsAre(0, 5, 0, 1));
}

TEST(SeriesCodec, FlagsStandBehindAllColumns) {
  v1::FeatureInput input = Imputing(v1::Impute::MEAN, 4);
  input.mutable_columns(0)->mutable_impute()->set_missing_flag(true);
  AddColumn(&input, "y");
  Stream stream(input);
  EXPECT_EQ(stream.codec->columns(), 2u);
  EXPECT_EQ(stream.codec->input_width(), 3u);
  EXPECT_THAT(stream.Step({kNan, 1}), ElementsAre(4, 1, 1));
  EXPECT_THAT(stream.Step({6, 2}), ElementsAre(6, 2, 0));
}

TEST(SeriesCodec, EncodesExtremesToFiniteNumbers) {
  v1::FeatureInput input = Scaled(0, 1e-30);
  input.mutable_columns(0)->set_difference(1);
  Stream stream(input);
  for (const float value : stream.Steps({-3e38f, 3e38f, -3e38f})) {
    EXPECT_TRUE(std::isfinite(value));
  }
  EXPECT_TRUE(std::isfinite(stream.codec->Inverse(0, stream.context.data(), 3e38f)));
}

TEST(SeriesCodec, InverseAddsTheValueOneLagBack) {
  v1::FeatureInput input = Scaled(1, 2);
  input.mutable_columns(0)->set_difference(2);
  Stream stream(input);
  stream.Steps({10, 20, 30});
  // The next step's lag is the value 20: 20 + 3 * 2 + 1.
  EXPECT_FLOAT_EQ(stream.codec->Inverse(0, stream.context.data(), 3), 27);
  EXPECT_FLOAT_EQ(stream.codec->Forward(0, stream.context.data(), 27), 3);
}

TEST(SeriesCodec, SpreadsAreScaledButNotShifted) {
  Stream stream(Scaled(100, 2.5));
  EXPECT_DOUBLE_EQ(stream.codec->LinearSpread(0, stream.context.data(), 2), 5);
}

TEST(SeriesCodec, ForwardIsWhatEncodeGivesNext) {
  Stream stream(Everything());
  const RandomStream random(5, 0, 0);
  for (uint64_t step = 0; step < 50; ++step) {
    std::vector<float> raw(3);
    for (size_t i = 0; i < 3; ++i) raw[i] = static_cast<float>(20 * random.Normal(3 * step + i));
    stream.codec->Context(stream.state.data(), stream.context.data());
    std::vector<float> expected(3);
    for (size_t i = 0; i < 3; ++i) {
      expected[i] = stream.codec->Forward(i, stream.context.data(), raw[i]);
    }
    std::vector<float> encoded = stream.Step(raw);
    encoded.resize(3);
    ASSERT_EQ(encoded, expected) << "step " << step;
  }
}

TEST(SeriesCodec, InverseUndoesForward) {
  Stream stream(Everything());
  const RandomStream random(6, 0, 0);
  for (uint64_t step = 0; step < 50; ++step) {
    const float raw = static_cast<float>(15 + 20 * random.Normal(step));
    stream.Step({raw, raw, raw});
    for (size_t i = 0; i < 3; ++i) {
      const float next = static_cast<float>(15 + 20 * random.Normal(1000 + step));
      const float encoded = stream.codec->Forward(i, stream.context.data(), next);
      const float back = stream.codec->Inverse(i, stream.context.data(), encoded);
      EXPECT_NEAR(back, next, 1e-5 * std::max(1.0f, std::abs(next)));
    }
  }
}

TEST(SeriesCodec, AMissingTargetStaysMissing) {
  Stream stream(Everything());
  stream.Step({1, 2, 3});
  EXPECT_TRUE(std::isnan(stream.codec->Forward(1, stream.context.data(), kNan)));
}

TEST(SeriesCodec, BeforeTheFirstStepThereIsNoBase) {
  Stream stream(Differenced(1));
  stream.codec->Context(stream.state.data(), stream.context.data());
  EXPECT_TRUE(std::isnan(stream.codec->Inverse(0, stream.context.data(), 1)));
  EXPECT_EQ(stream.codec->Forward(0, stream.context.data(), 5), 0);
}

TEST(SeriesCodec, TwoStreamsOfOneCodecDoNotMeet) {
  Stream a(Everything()), b(Everything());
  a.Step({100, 100, 100});
  EXPECT_EQ(b.Step({1, 2, 3}), Stream(Everything()).Step({1, 2, 3}));
}

TEST(SeriesCheck, TakesMissingValuesWhereTheyAreImputed) {
  const Stream stream(Everything());
  const std::vector<float> raw = {1, kNan, kNan, 2, 3, 4};
  EXPECT_TRUE(stream.codec->Check(raw).ok());
}

TEST(SeriesCheck, NamesStepAndColumnOfAMissingValue) {
  const Stream stream(Everything());
  const std::vector<float> raw = {1, 1, 1, kNan, 1, 1};
  const Status status = stream.codec->Check(raw);
  EXPECT_EQ(ReasonOf(status), Reason::kInputNotFinite);
  EXPECT_THAT(std::string(Message(status)), HasSubstr("row 2, column 'c0': expected a finite"));
}

TEST(SeriesCheck, NamesStepAndColumnOfAnInfinity) {
  const Stream stream(Everything());
  const std::vector<float> raw = {1, 1, -kInf};
  const Status status = stream.codec->Check(raw);
  EXPECT_EQ(ReasonOf(status), Reason::kInputNotFinite);
  EXPECT_THAT(std::string(Message(status)), HasSubstr("row 1, column 'c2'"));
}

TEST(SeriesCheck, RefusesAPartOfAStep) {
  const Stream stream(Everything());
  const std::vector<float> raw = {1, 1, 1, 1};
  EXPECT_EQ(ReasonOf(stream.codec->Check(raw)), Reason::kInputWidth);
}

// --- states from outside ---

class SeriesStateTest : public ::testing::Test {
 protected:
  // Words: 0 started; x (LAST, lag 2): 1 last, 2 position, 3-4 ring.
  SeriesStateTest() : stream_(Input()) {}

  static v1::FeatureInput Input() {
    v1::FeatureInput input = Imputing(v1::Impute::LAST, 1.5);
    input.mutable_columns(0)->set_difference(2);
    return input;
  }
  template <typename T>
  void Set(size_t word, T value) {
    static_assert(sizeof(T) == 4);
    std::memcpy(stream_.state.data() + 4 * word, &value, 4);
  }
  std::string Refusal() {
    const Status status = stream_.codec->ValidateState(stream_.state.data());
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    return std::string(Message(status));
  }

  Stream stream_;
};

TEST_F(SeriesStateTest, WhatTheCodecLeavesIsValid) {
  EXPECT_EQ(stream_.state.size(), 5 * 4u);
  for (int step = 0; step < 5; ++step) {
    EXPECT_TRUE(stream_.codec->ValidateState(stream_.state.data()).ok());
    stream_.Step({static_cast<float>(step)});
  }
}

TEST_F(SeriesStateTest, RefusesAnUnknownFirstWord) {
  Set(0, uint32_t{2});
  EXPECT_THAT(Refusal(), HasSubstr("expected 0 or 1 as its first word, got 2"));
}

TEST_F(SeriesStateTest, RefusesALastValueThatIsNotFinite) {
  Set(1, kNan);
  EXPECT_THAT(Refusal(), HasSubstr("column 'x': expected a finite last value, got nan"));
}

TEST_F(SeriesStateTest, RefusesAPositionOutsideTheRing) {
  stream_.Step({1});
  Set(2, uint32_t{2});
  EXPECT_THAT(Refusal(), HasSubstr("column 'x': expected a position under 2, got 2"));
}

TEST_F(SeriesStateTest, RefusesARingThatIsNotFinite) {
  stream_.Step({1});
  Set(4, kInf);
  EXPECT_THAT(Refusal(), HasSubstr("column 'x': expected finite values, got inf"));
}

TEST_F(SeriesStateTest, RefusesHistoryBeforeTheFirstStep) {
  Set(3, 1.0f);
  EXPECT_THAT(Refusal(), HasSubstr("column 'x': expected zeros before a step, got 1"));
}

TEST_F(SeriesStateTest, RefusesAPositionBeforeTheFirstStep) {
  Set(2, uint32_t{1});
  EXPECT_THAT(Refusal(), HasSubstr("column 'x': expected position 0 before a step, got 1"));
}

// --- fitting ---

v1::FeatureInput ToFit(v1::Impute::Kind kind, uint32_t lag) {
  v1::FeatureInput input = OneColumn();
  input.mutable_columns(0)->mutable_impute()->set_kind(kind);
  input.mutable_columns(0)->set_difference(lag);
  input.mutable_columns(0)->mutable_scale()->set_kind(v1::Scale::STANDARD);
  return input;
}

TEST(SeriesFit, LearnsMeanAndDeviation) {
  v1::FeatureInput input = ToFit(v1::Impute::NONE, 0);
  ASSERT_TRUE(SeriesCodec::Fit(std::vector<float>{2, 4, 4, 4, 5, 5, 7, 9}, &input).ok());
  EXPECT_DOUBLE_EQ(input.columns(0).scale().offset(), 5);
  EXPECT_DOUBLE_EQ(input.columns(0).scale().factor(), 2);
}

TEST(SeriesFit, LearnsTheScaleOfTheDifferences) {
  v1::FeatureInput input = ToFit(v1::Impute::NONE, 1);
  ASSERT_TRUE(SeriesCodec::Fit(std::vector<float>{100, 101, 104}, &input).ok());
  EXPECT_DOUBLE_EQ(input.columns(0).scale().offset(), 2);  // of 1 and 3: not of the first row's 0
  EXPECT_DOUBLE_EQ(input.columns(0).scale().factor(), 1);
}

TEST(SeriesFit, LeavesMissingValuesOut) {
  v1::FeatureInput input = ToFit(v1::Impute::LAST, 0);
  ASSERT_TRUE(SeriesCodec::Fit(std::vector<float>{kNan, 1, kNan, 3, kNan}, &input).ok());
  EXPECT_DOUBLE_EQ(input.columns(0).impute().mean(), 2);
  EXPECT_DOUBLE_EQ(input.columns(0).scale().offset(), 2);
  EXPECT_DOUBLE_EQ(input.columns(0).scale().factor(), 1);
}

TEST(SeriesFit, TheTrainingPartComesOutStandardised) {
  v1::FeatureInput input;
  for (const char* name : {"a", "b"}) {
    AddColumn(&input, name)->mutable_scale()->set_kind(v1::Scale::STANDARD);
  }
  std::vector<float> rows;
  const RandomStream random(1, 0, 0);
  for (uint64_t i = 0; i < 1000; ++i) {
    rows.push_back(static_cast<float>(500 + random.Normal(2 * i)));
    rows.push_back(static_cast<float>(-3 + 40 * random.Normal(2 * i + 1)));
  }
  ASSERT_TRUE(SeriesCodec::Fit(rows, &input).ok());
  Stream stream(input);
  double sum[2] = {0, 0}, squares[2] = {0, 0};
  for (size_t i = 0; i < rows.size(); i += 2) {
    const std::vector<float> encoded = stream.Step({rows[i], rows[i + 1]});
    for (int c = 0; c < 2; ++c) {
      sum[c] += encoded[c];
      squares[c] += encoded[c] * encoded[c];
    }
  }
  for (int c = 0; c < 2; ++c) {
    EXPECT_NEAR(sum[c] / 1000, 0, 1e-4);
    EXPECT_NEAR(squares[c] / 1000, 1, 1e-4);
  }
}

std::string FitRefusal(const std::vector<float>& rows, v1::FeatureInput input) {
  const Status status = SeriesCodec::Fit(rows, &input);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(Message(status));
}

TEST(SeriesFit, RefusesAConstantColumnByName) {
  EXPECT_EQ(FitRefusal({0.1f, 0.1f, 0.1f}, ToFit(v1::Impute::NONE, 0)),
            "column 'x': expected values that vary, got only 0.1");
}

TEST(SeriesFit, RefusesAColumnWhoseDifferencesAreConstant) {
  EXPECT_EQ(FitRefusal({1, 2, 3, 4}, ToFit(v1::Impute::NONE, 1)),
            "column 'x': expected values that vary after the difference, got only 1");
}

TEST(SeriesFit, RefusesAnEmptyColumn) {
  EXPECT_THAT(FitRefusal({kNan, kNan}, ToFit(v1::Impute::MEAN, 0)),
              HasSubstr("column 'x': expected values to learn from, got none"));
}

TEST(SeriesFit, RefusesFewerRowsThanTheDifference) {
  EXPECT_THAT(FitRefusal({1, 2, 3}, ToFit(v1::Impute::NONE, 3)),
              HasSubstr("column 'x': expected more rows than its difference, 3, got 3"));
}

TEST(SeriesFit, RefusesAMissingValueThatNothingImputes) {
  EXPECT_THAT(FitRefusal({1, kNan}, ToFit(v1::Impute::NONE, 0)), HasSubstr("column 'x': row 2"));
}

TEST(SeriesFit, RefusesAnInfinity) {
  EXPECT_THAT(FitRefusal({1, 2, kInf}, ToFit(v1::Impute::MEAN, 0)), HasSubstr("row 3"));
}

TEST(SeriesCreate, RefusesUnlearnedScales) {
  EXPECT_THAT(std::string(Message(SeriesCodec::Create(Scaled(0, 0)).status())),
              HasSubstr("features.columns[0].scale.factor: expected > 0, got 0"));
}

TEST(SeriesCreate, RefusesNamesUsedTwice) {
  v1::FeatureInput input = OneColumn();
  AddColumn(&input, "x");
  EXPECT_THAT(std::string(Message(SeriesCodec::Create(input).status())),
              HasSubstr("features.columns[1].name: expected a name not used before, got 'x'"));
}

}  // namespace
}  // namespace sequent
