#include "core/train/label_measures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/support/models.h"

namespace sequent::train {
namespace {

using ::testing::HasSubstr;

// A head "kind" of the labels a, b, c, and if asked for one "traits" of x and y.
v1::ModelConfig Config(bool two, bool last_step) {
  v1::ModelConfig config = TextConfig("abcd");
  config.set_task("classify");
  AddEmbedding(&config, "embedding", 3);
  AddGru(&config, "gru", 4);
  v1::Head* kind = AddSoftmax(&config, "kind");
  kind->set_last_step(last_step);
  for (const char* label : {"a", "b", "c"}) kind->mutable_softmax()->add_labels(label);
  if (!two) return config;
  v1::Head* traits = config.add_heads();
  traits->set_name("traits");
  traits->set_last_step(last_step);
  traits->set_loss_weight(2);
  for (const char* label : {"x", "y"}) traits->mutable_bernoulli()->add_labels(label);
  return config;
}

// Three of a (two named a, one b), one of b named b, one of c named a; one not known.
class SoftmaxMeasuresTest : public testing::Test {
 protected:
  SoftmaxMeasuresTest() {
    samples_.classes = {{0, 0, 0, 1, 2, -1}};
    samples_.targets.resize(1);
    for (const int named : {0, 0, 1, 1, 0, 2}) {
      for (int k = 0; k < 3; ++k) probabilities_[0].push_back(k == named ? 0.5 : 0.25);
    }
  }
  Measures Measure() {
    return LabelMeasures(ResolveGraph(Config(false, true)).value(), samples_, probabilities_)
        .value();
  }

  Samples samples_;
  LabelProbabilities probabilities_{1};
};

TEST_F(SoftmaxMeasuresTest, CountWhatWasNamedRight) {
  const Measures measures = Measure();
  EXPECT_DOUBLE_EQ(measures.at("accuracy"), 3.0 / 5);
  EXPECT_DOUBLE_EQ(measures.at("precision.a"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(measures.at("recall.a"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(measures.at("precision.b"), 1.0 / 2);
  EXPECT_DOUBLE_EQ(measures.at("recall.b"), 1);
  EXPECT_DOUBLE_EQ(measures.at("f1.b"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(measures.at("f1.c"), 0);
  EXPECT_DOUBLE_EQ(measures.at("support.a"), 3);
  EXPECT_DOUBLE_EQ(measures.at("macro_f1"), (2.0 / 3 + 2.0 / 3 + 0) / 3);
}

TEST_F(SoftmaxMeasuresTest, SayWhatWasTakenForWhat) {
  const Measures measures = Measure();
  EXPECT_EQ(measures.at("confusion.a.a"), 2);
  EXPECT_EQ(measures.at("confusion.a.b"), 1);
  EXPECT_EQ(measures.at("confusion.c.a"), 1);
  EXPECT_EQ(measures.at("confusion.c.c"), 0);
}

TEST_F(SoftmaxMeasuresTest, LossIsTheMeanOverWhatIsKnown) {
  // Right at one half three times, else at a quarter.
  EXPECT_DOUBLE_EQ(Measure().at("loss"), (3 * std::log(2.0) + 2 * std::log(4.0)) / 5);
}

TEST_F(SoftmaxMeasuresTest, ClassesThatNeitherOccurNorAreNamedDoNotCount) {
  samples_.classes = {{0, 0, 0, 1, -1, -1}};
  EXPECT_DOUBLE_EQ(Measure().at("macro_f1"), (0.8 + 2.0 / 3) / 2);
}

TEST_F(SoftmaxMeasuresTest, NeedAKnownLabel) {
  samples_.classes = {{-1, -1, -1, -1, -1, -1}};
  const auto measures =
      LabelMeasures(ResolveGraph(Config(false, true)).value(), samples_, probabilities_);
  EXPECT_EQ(measures.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(measures.status().message()), HasSubstr("head 'kind'"));
}

TEST(LabelMeasures, OfSeveralHeadsBearTheirNames) {
  const float missing = std::numeric_limits<float>::quiet_NaN();
  Samples samples;
  samples.classes = {{0}, {}};
  samples.targets = {{}, {1, missing}};
  const auto measures = LabelMeasures(ResolveGraph(Config(true, true)).value(), samples,
                                      {{0.5, 0.25, 0.25}, {0.2, 0.9}});
  ASSERT_TRUE(measures.ok()) << measures.status();
  EXPECT_EQ(measures->at("kind/accuracy"), 1);
  EXPECT_EQ(measures->at("traits/accuracy"), 0);
  EXPECT_EQ(measures->at("traits/recall.x"), 0);
  EXPECT_DOUBLE_EQ(measures->at("loss"), -std::log(0.5) - 2 * std::log(0.2));
}

TEST(MajorityAccuracy, IsThatOfTheMostFrequentClassOfTheTrainingPart) {
  EXPECT_EQ(MajorityAccuracy(3, {2, 2, 1, -1, -1, -1}, {2, 1, 1, 0, -1}), 0.25);
}

TEST(AverageLabels, IsTheMean) {
  EXPECT_EQ(AverageLabels({{{0.5, 0.5}}, {{1, 0}}})[0], (std::vector<double>{0.75, 0.25}));
}

// core/nn one sequence at a time, in float; each sequence from the zero state.
TEST(PredictLabels, SaysWhatTheModelSaysOfEachSequenceAlone) {
  for (const bool last_step : {true, false}) {
    const auto model = Model::Create(RandomModel(Config(true, last_step), 4)).value();
    Samples samples;
    samples.begin = {0};
    for (size_t i = 0; i < 150; ++i) {
      for (size_t t = 0; t < 1 + i % 7; ++t) {
        samples.tokens.push_back(static_cast<int32_t>((i + t) % 5));
      }
      samples.begin.push_back(samples.tokens.size());
    }
    const auto all = PredictLabels(*model, samples, nullptr).value();
    const size_t items = last_step ? samples.size() : samples.tokens.size();
    EXPECT_EQ(all[0].size(), 3 * items);
    EXPECT_EQ(all[1].size(), 2 * items);
    size_t item = 0;
    for (size_t i = 0; i < samples.size(); ++i) {
      Samples alone;
      const auto begin = samples.tokens.begin();
      alone.tokens.assign(begin + static_cast<ptrdiff_t>(samples.begin[i]),
                          begin + static_cast<ptrdiff_t>(samples.begin[i + 1]));
      alone.begin = {0, alone.tokens.size()};
      const auto one = PredictLabels(*model, alone, nullptr).value();
      for (size_t k = 0; k < one[0].size(); ++k) EXPECT_EQ(one[0][k], all[0][3 * item + k]);
      for (size_t k = 0; k < one[1].size(); ++k) EXPECT_EQ(one[1][k], all[1][2 * item + k]);
      item += one[0].size() / 3;
      EXPECT_NEAR(one[0][0] + one[0][1] + one[0][2], 1, 1e-6);
    }
  }
}

}  // namespace
}  // namespace sequent::train
