// What may be searched for, and how a search is recorded.
#include "trainer/tune_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/trainer/temporary_folder.h"
#include "trainer/tune_journal.h"
#include "trainer/yaml_reader.h"

namespace sequent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kBase[] =
    "task: language_model\n"
    "data: {path: x}\n"
    "model: {layers: [{name: e, embedding: {width: 8}}, {name: l, lstm: {units: 16}}]}\n"
    "tune: ";

StatusOr<TunePlan> Plan(const std::string& tune) {
  v1::TrainConfig config;
  const Status status = ReadYaml(kBase + tune, "c.yaml", &config);
  EXPECT_TRUE(status.ok()) << status;
  return MakeTunePlan(config);
}

std::string Refusal(const std::string& tune) { return std::string(Plan(tune).status().message()); }

std::string RefusedParameter(const std::string& parameter) {
  return Refusal("{parameters: [" + parameter + "]}");
}

constexpr char kGood[] =
    "{tries: 7, method: random, seed: 3, metric: validation.perplexity, parameters: ["
    "{key: train.optimizer.adam.lr, min: 1e-4, max: 1e-1, log: true},"
    "{key: model.layers.1.lstm.units, values: [64, 128]},"
    "{key: train.batch, min: 8, max: 32},"
    "{key: train.dtype, values: [float32, float64]}]}";

TEST(TunePlan, TakesRangesAndValues) {
  const auto plan = Plan(kGood);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->search.tries, 7u);
  EXPECT_EQ(plan->search.method, "random");
  EXPECT_EQ(plan->search.seed, 3u);
  EXPECT_EQ(plan->measure, "perplexity");
  ASSERT_EQ(plan->space.size(), 4u);
  EXPECT_TRUE(plan->space[0].log);
  EXPECT_FALSE(plan->space[0].whole);
  EXPECT_EQ(plan->space[1].choices, 2u);
  EXPECT_TRUE(plan->space[1].ordered);
  EXPECT_TRUE(plan->space[2].whole);
  EXPECT_FALSE(plan->space[3].ordered);
}

TEST(TunePlan, MakesGreatWhatShouldBeGreatUnlessTold) {
  const std::string parameters = "parameters: [{key: train.batch, min: 1, max: 2}]}";
  EXPECT_FALSE(Plan("{" + parameters)->maximize);
  EXPECT_TRUE(Plan("{metric: validation.topic/macro_f1, " + parameters)->maximize);
  EXPECT_FALSE(Plan("{metric: validation.accuracy, maximize: false, " + parameters)->maximize);
  EXPECT_TRUE(Plan("{metric: validation.coverage, maximize: true, " + parameters)->maximize);
}

TEST(TunePlan, SetsTheKeysOfATry) {
  const auto plan = Plan(kGood);
  ASSERT_TRUE(plan.ok()) << plan.status();
  const auto texts = TextsAt(*plan, {0.0123456789, 1, 12, 1});
  EXPECT_THAT(texts, ElementsAre("0.0123457", "128", "12", "float64"));
  const auto config = ConfigAt(*plan, texts);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->train().optimizer().adam().lr(), 0.0123457);
  EXPECT_EQ(config->model().layers(1).lstm().units(), 128u);
  EXPECT_EQ(config->train().batch(), 12u);
  EXPECT_EQ(config->train().dtype(), "float64");
  EXPECT_EQ(config->train().bptt(), 50u) << "a default";
  EXPECT_THAT(*PointOf(*plan, texts), ElementsAre(0.0123457, 1, 12, 1));
}

TEST(TunePlan, FillsDefaultsInAfterTheKeysOfATry) {
  v1::TrainConfig config;
  ASSERT_TRUE(ReadYaml("task: forecast\ndata: {path: x}\ntune: {parameters: [{key: train.window, "
                       "min: 8, max: 80}]}",
                       "c.yaml", &config)
                  .ok());
  const auto plan = MakeTunePlan(config);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(ConfigAt(*plan, {"40"})->train().stride(), 10u) << "a quarter of the window";
}

TEST(TunePlan, AWholeGridIsTriedIfNoNumberIsGiven) {
  EXPECT_EQ(Plan("{method: grid, points: 4, parameters: [{key: train.batch, values: [1, 2, 3]}, "
                 "{key: train.clip.value, min: 1, max: 2}]}")
                ->search.tries,
            12u);
}

TEST(TunePlan, RefusesWhatItCannotSearch) {
  EXPECT_THAT(Refusal("{}"), HasSubstr("tune.parameters: expected keys"));
  EXPECT_THAT(Refusal("{method: baysian, parameters: [{key: train.batch, min: 1, max: 2}]}"),
              HasSubstr("tune.method: expected bayesian"));
  EXPECT_THAT(Refusal("{metric: loss, parameters: [{key: train.batch, min: 1, max: 2}]}"),
              HasSubstr("tune.metric: expected validation.loss"));
  EXPECT_THAT(Refusal("{points: 5000, parameters: [{key: train.batch, min: 1, max: 2}]}"),
              HasSubstr("tune.points: expected 0 to 1000, got 5000"));
  EXPECT_THAT(Refusal("{tries: 5000000, parameters: [{key: train.batch, min: 1, max: 2}]}"),
              HasSubstr("tune.tries: expected 0 to 1000000, got 5000000"));
}

TEST(TunePlan, RefusesParametersWithTheirPath) {
  EXPECT_THAT(RefusedParameter("{key: data.path, values: [a, b]}"),
              HasSubstr("tune.parameters[0].key: expected a key below model or train"));
  EXPECT_THAT(
      RefusedParameter("{key: train.bacth, min: 1, max: 2}"),
      HasSubstr("train.bacth: unknown key; did you mean 'batch'? (tune.parameters[0].key)"));
  EXPECT_THAT(RefusedParameter("{key: train.batch, min: 3, max: 2}"),
              HasSubstr("tune.parameters[0].max: expected > min, which is 3, got 2"));
  EXPECT_THAT(RefusedParameter("{key: train.batch, min: 0.5, max: 2}"),
              HasSubstr("tune.parameters[0].min: expected a whole number, got 0.5"));
  EXPECT_THAT(RefusedParameter("{key: train.batch, min: -5, max: 2}"),
              HasSubstr("train.batch: expected a whole number"));
  EXPECT_THAT(RefusedParameter("{key: train.clip.value, min: 0, max: 2, log: true}"),
              HasSubstr("tune.parameters[0].min: expected > 0"));
  EXPECT_THAT(RefusedParameter("{key: train.batch, min: 1}"), HasSubstr("expected min and max"));
  EXPECT_THAT(RefusedParameter("{key: train.batch, values: [1, 2], min: 1}"),
              HasSubstr("values or a range, not both"));
  EXPECT_THAT(RefusedParameter("{key: train.batch, values: [1]}"), HasSubstr("two at least"));
  EXPECT_THAT(RefusedParameter("{key: train.batch, values: [1, 2, 1]}"), HasSubstr("'1' again"));
  EXPECT_THAT(RefusedParameter("{key: train.batch, values: [1, x]}"),
              HasSubstr("expected a whole number from 0 to 4294967295, got 'x'"));
  EXPECT_THAT(RefusedParameter("{key: train.optimizer, min: 1, max: 2}"),
              HasSubstr("train.optimizer: expected a map, got '1'"));
  EXPECT_THAT(RefusedParameter("{key: train.batch, min: 1, max: 2}, {key: train.batch, min: 1, "
                               "max: 2}"),
              HasSubstr("tune.parameters[1].key: expected each key once"));
  EXPECT_THAT(RefusedParameter("{key: model.layers.5.lstm.units, min: 1, max: 2}"),
              HasSubstr("model.layers: expected an index from 0 to 1"));
}

class TuneJournalTest : public ::testing::Test {
 protected:
  std::string File() const { return folder_.File("tries.jsonl"); }
  std::unique_ptr<TuneJournal> Open(bool resume = true) const {
    auto journal = TuneJournal::Open(File(), *Plan(kGood), "sha", resume);
    EXPECT_TRUE(journal.ok()) << journal.status();
    return *std::move(journal);
  }
  static TuneTry Try(const std::string& lr, double metric) {
    TuneTry one;
    one.texts = {lr, "64", "8", "float32"};
    one.metric = metric;
    one.measures = {{"loss", metric / 3}};
    one.updates = 9;
    return one;
  }
  std::string Refusal(const std::string& tune, const std::string& data = "sha") const {
    return std::string(TuneJournal::Open(File(), *Plan(tune), data, true).status().message());
  }

  TemporaryFolder folder_;
};

TEST_F(TuneJournalTest, ComesBackAsItWas) {
  {
    auto journal = Open();
    ASSERT_TRUE(journal->Add(Try("0.01", 1.0 / 3)).ok());
    TuneTry failed = Try("0.1", std::numeric_limits<double>::quiet_NaN());
    failed.failure = "loss not finite";
    ASSERT_TRUE(journal->Add(failed).ok());
  }
  const auto journal = Open();
  ASSERT_EQ(journal->tries().size(), 2u);
  EXPECT_EQ(journal->tries()[0].texts, Try("0.01", 0).texts);
  EXPECT_EQ(journal->tries()[0].metric, 1.0 / 3);
  EXPECT_EQ(journal->tries()[0].measures.at("loss"), 1.0 / 9);
  EXPECT_TRUE(std::isnan(journal->tries()[1].metric));
  EXPECT_EQ(journal->tries()[1].failure, "loss not finite");
}

TEST_F(TuneJournalTest, ATryThatWasCutOffIsForgotten) {
  ASSERT_TRUE(Open()->Add(Try("0.01", 1)).ok());
  const std::string whole = folder_.Read("tries.jsonl");
  ASSERT_TRUE(Open()->Add(Try("0.02", 2)).ok());
  const std::string more = folder_.Read("tries.jsonl");
  folder_.Write("tries.jsonl", more.substr(0, more.size() - 5));
  EXPECT_EQ(Open()->tries().size(), 1u);
  EXPECT_EQ(folder_.Read("tries.jsonl"), whole);
}

TEST_F(TuneJournalTest, BeginsAnewUnlessResumed) {
  ASSERT_TRUE(Open()->Add(Try("0.01", 1)).ok());
  EXPECT_TRUE(Open(false)->tries().empty());
}

TEST_F(TuneJournalTest, IsNotTakenUpByAnotherSearch) {
  ASSERT_TRUE(Open()->Add(Try("0.01", 1)).ok());
  std::string other = kGood;
  EXPECT_EQ(Refusal(other), "");
  EXPECT_THAT(Refusal(other, "other"), HasSubstr("its data has changed"));
  EXPECT_EQ(Refusal(other.replace(other.find("tries: 7"), 8, "tries: 9")), "");
  EXPECT_THAT(Refusal(other.replace(other.find("seed: 3"), 7, "seed: 4")),
              HasSubstr("its seed was 3"));
  other = kGood;
  EXPECT_THAT(Refusal(other.replace(other.find("min: 8"), 6, "min: 9")),
              HasSubstr("its parameters was"));
}

}  // namespace
}  // namespace sequent
