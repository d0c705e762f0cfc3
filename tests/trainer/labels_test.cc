// Tasks classify and tag with the real program: fit, evaluate, predict, and what they refuse.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "core/model/model_file.h"
#include "tests/trainer/small_fit.h"

namespace sequent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::json;

// Texts whose label follows from a word in them.
std::string Reviews(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    const bool good = i * 7919 % 13 < 6;
    text += StrCat(good ? "pos" : "neg", "\t", i * 31 % 10, " was ", good ? "fine" : "poor", "\n");
  }
  return text;
}

// A tag that follows from the token before.
std::string Tagged(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    std::string before = "O";
    for (int t = 0; t < 3 + i % 4; ++t) {
      const std::string token(1, static_cast<char>('a' + (i * 5 + t * 3) % 4));
      text += StrCat(token, " ", before, "\n");
      before = token;
    }
    text += "\n";
  }
  return text;
}

class LabelsTest : public SmallFit {
 protected:
  Arguments Command(const std::string& task, const std::string& data, const Arguments& more = {}) {
    return With(With({"fit", "--task", task, "--data", folder_.Write("data.txt", data), "--out",
                      Model("a"), "--run-dir", folder_.File("a"), "--progress", "none", "--json"},
                     Sets({"train.batch=8", "train.epochs=12", "train.optimizer={adam: {lr: 0.02}}",
                           "data.split={train: 0.6, validation: 0.2, test: 0.2}",
                           "model.layers=[{name: e, embedding: {width: 8}}, "
                           "{name: l, lstm: {units: 12}}]"})),
                more);
  }
  Json Fit(const Arguments& arguments) {
    const Outcome outcome = RunProgram(arguments);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
    return Json::parse(outcome.out, nullptr, false);
  }
  Json Evaluate(const Arguments& more) {
    const Outcome outcome = RunProgram(
        With({"evaluate", Model("a"), "--data", folder_.File("data.txt"), "--json"}, more));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.error;
    return Json::parse(outcome.out, nullptr, false)["measures"];
  }
  // What was printed on refusing, data errors only.
  std::string Refusal(const Arguments& arguments) {
    const Outcome outcome = RunProgram(arguments);
    EXPECT_EQ(outcome.exit_code, 3) << outcome.error;
    return outcome.error;
  }
};

TEST_F(LabelsTest, ClassifyLearnsAndEvaluateGivesTheSameBits) {
  const Json fit = Fit(Command("classify", Reviews(200)));
  EXPECT_EQ(fit["test"]["accuracy"], 1);
  EXPECT_LT(fit["test"]["accuracy_majority"], 0.7);
  EXPECT_EQ(fit["test"]["accuracy_naive_bayes"], 1);
  EXPECT_EQ(fit["test"]["support.pos"].get<double>() + fit["test"]["support.neg"].get<double>(),
            40);
  for (const std::string part : {"validation", "test"}) {
    EXPECT_EQ(Evaluate({"--part", part}), fit[part]) << part;
  }
}

TEST_F(LabelsTest, TagLearnsAndEvaluateGivesTheSameBits) {
  const Json fit = Fit(Command("tag", Tagged(120), Sets({"train.length_bucket=2"})));
  EXPECT_GT(fit["test"]["accuracy"], 0.95);
  EXPECT_FALSE(fit["test"].contains("accuracy_naive_bayes"));
  for (const std::string part : {"validation", "test"}) {
    EXPECT_EQ(Evaluate({"--part", part}), fit[part]) << part;
  }
}

TEST_F(LabelsTest, TheSplitIsShuffledAndEvaluateFindsItAgain) {
  std::string sorted;
  std::istringstream lines(Reviews(100));
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    (line.starts_with("neg") ? sorted : last) += line + "\n";
  }
  const Json fit = Fit(Command("classify", sorted + last, Sets({"data.shuffle_split=true"})));
  EXPECT_GT(fit["test"]["support.neg"], 0);
  EXPECT_GT(fit["test"]["support.pos"], 0);
  EXPECT_EQ(Evaluate({"--part", "test"}), fit["test"]);
}

TEST_F(LabelsTest, SeveralHeadsLearnTogether) {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    const bool good = i * 7919 % 13 < 6, loud = i % 3 == 0, old = i % 5 < 2;
    const std::string traits = loud && old ? "loud|old" : loud ? "loud" : old ? "old" : "0";
    text += StrCat(good ? "pos" : "neg", "\t", traits, "\tit was ", good ? "fine" : "poor",
                   loud ? " !" : "", old ? " then" : "", "\n");
  }
  const Json fit = Fit(Command(
      "classify", text,
      Sets({"data.text=3", "data.labels=[1, 2]",
            "model.heads=[{name: kind, softmax: {}}, {name: traits, loss_weight: 2, bernoulli: "
            "{}}]"})));
  EXPECT_EQ(fit["test"]["kind/accuracy"], 1);
  EXPECT_EQ(fit["test"]["traits/accuracy"], 1);
  EXPECT_EQ(fit["test"]["traits/recall.loud"], 1);
  EXPECT_EQ(Evaluate({"--part", "test"}), fit["test"]);
}

TEST_F(LabelsTest, OneThreadAndTwoGiveTheSameModel) {
  const Arguments fit = Command("classify", Reviews(100), Sets({"train.max_tokens=24"}));
  Fit(With(fit, Sets({"train.threads=1"})));
  const std::string one = ModelBytes("a");
  Fit(With(fit, Sets({"train.threads=2"})));
  EXPECT_EQ(ModelBytes("a"), one);
}

TEST_F(LabelsTest, ARunThatIsResumedGivesTheSameModel) {
  const Arguments fit = Command("classify", Reviews(100),
                                Sets({"train.epochs=6", "train.checkpoint={every_updates: 5}",
                                      "train.schedule={constant: {}}"}));
  Fit(fit);
  const std::string whole = ModelBytes("a");
  Fit(With(fit, Sets({"train.max_updates=17"})));
  EXPECT_NE(ModelBytes("a"), whole);
  Fit(With(fit, {"--resume"}));
  EXPECT_EQ(ModelBytes("a"), whole);
}

TEST_F(LabelsTest, PredictNamesLabelsOfTextsWithoutThem) {
  Fit(Command("classify", Reviews(200)));
  const Outcome outcome = RunProgram(
      {"predict", Model("a"), "--data", folder_.Write("new.txt", "1 was fine\n2 was poor\n")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, HasSubstr("sequence,step,head,label,probability,truth\n1,3,label,pos,"));
  EXPECT_THAT(outcome.out, HasSubstr("\n2,3,label,neg,"));
}

TEST_F(LabelsTest, ClassesWithoutLabelsAreNamedByTheirNumber) {
  Fit(Command("classify", Reviews(200)));
  auto model = ReadModelFile(Model("a"));
  ASSERT_TRUE(model.ok()) << model.status();
  model->config.mutable_heads(0)->mutable_softmax()->clear_labels();
  model->config.mutable_heads(0)->mutable_softmax()->set_classes(2);
  ASSERT_TRUE(WriteModelFile(Model("b"), *model).ok());
  const Outcome outcome = RunProgram(
      {"predict", Model("b"), "--data", folder_.Write("new.txt", "1 was fine\n2 was poor\n")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, HasSubstr("\n1,3,label,1,"));
  EXPECT_THAT(outcome.out, HasSubstr("\n2,3,label,0,"));
}

TEST_F(LabelsTest, DataNeedsAColumnForEachHeadOfTheModel) {
  Fit(Command("classify", "a\tx\tone\nb\ty\ttwo\na\ty\tone\nb\tx\ttwo\nb\ty\tone\n",
              Sets({"data.text=3", "data.labels=[1, 2]", "data.split={train: 5}",
                    "model.heads=[{name: f, softmax: {}}, {name: g, softmax: {}}]"})));
  auto model = ReadModelFile(Model("a"));
  ASSERT_TRUE(model.ok()) << model.status();
  model->training.clear();
  ASSERT_TRUE(WriteModelFile(Model("b"), *model).ok());
  EXPECT_THAT(Refusal({"evaluate", Model("b"), "--data", folder_.Write("one.txt", "a\tone\n")}),
              HasSubstr("one.txt:1: expected a column of labels for each of 2 heads, got 1"));
}

TEST_F(LabelsTest, PredictNamesATagForEachToken) {
  Fit(Command("tag", Tagged(120)));
  const Outcome outcome =
      RunProgram({"predict", Model("a"), "--data", folder_.Write("new.txt", "d\nc\n\nb\n")});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  EXPECT_THAT(outcome.out, HasSubstr("\n1,2,label,d,"));
  EXPECT_THAT(outcome.out, HasSubstr("\n2,1,label,O,"));
}

TEST_F(LabelsTest, LabelsNotSeenInTrainingAreRefused) {
  EXPECT_THAT(
      Refusal(Command("classify", Reviews(100) + "odd\t1 was fine\n")),
      HasSubstr("data.txt:101: expected a label that head 'label' learned from the training "
                "part (neg, pos), got 'odd'"));
}

TEST_F(LabelsTest, ALabelToIgnoreIsNotALabel) {
  std::string text = Reviews(100) + "?\t1 was fine\n";
  const Json fit = Fit(Command("classify", text, Sets({"data.ignore_label='?'"})));
  EXPECT_FALSE(fit["test"].contains("f1.?"));
  EXPECT_EQ(fit["test"]["support.pos"].get<double>() + fit["test"]["support.neg"].get<double>(),
            20);
}

TEST_F(LabelsTest, FilesThatTeachNothingAreRefused) {
  EXPECT_THAT(Refusal(Command("classify", "")), HasSubstr("got an empty file"));
  EXPECT_THAT(
      Refusal(Command("classify", "pos\tone\npos\ttwo\npos\tthree\npos\tfour\npos\tfive\n")),
      HasSubstr("head 'label': expected at least 2 different labels in the training part"));
  EXPECT_THAT(Refusal(Command("tag", "a b\n\nU.S. c\n\nx y\n\nx y\n\nx y\n",
                              Sets({"model.input={tokens: {codec: words}}"}))),
              HasSubstr("data.txt:3: expected one token of the codec a line, got 4 of 'U.S.'"));
  EXPECT_THAT(RunProgram(Command("classify", "pos\tone\n")).error, HasSubstr("data.split"));
}

TEST_F(LabelsTest, HeadsThatDoNotFitTheColumnsAreRefused) {
  const Outcome more = RunProgram(Command("classify", Reviews(20), Sets({"data.labels=[1, 3]"})));
  EXPECT_NE(more.exit_code, 0);
  const Outcome kind = RunProgram(
      Command("classify", Reviews(20), Sets({"model.heads=[{name: y, regression: {}}]"})));
  EXPECT_EQ(kind.exit_code, 2);
  EXPECT_THAT(kind.error, HasSubstr("model.heads[0]: expected softmax or bernoulli"));
}

TEST_F(LabelsTest, TheReportShowsTheMatrixAndTheVerdict) {
  Arguments arguments = Command("classify", Reviews(60), Sets({"train.epochs=1"}));
  std::erase(arguments, "--json");
  const Outcome outcome = RunProgram(arguments);
  EXPECT_THAT(outcome.out, HasSubstr("confusion: rows are true, columns named"));
  EXPECT_THAT(outcome.out, HasSubstr("does NOT beat the naive baseline (naive Bayes"));
  EXPECT_THAT(outcome.out, Not(HasSubstr("confusion.neg")));
}

}  // namespace
}  // namespace sequent
