// sequent-train tune as people run it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/trainer/small_fit.h"

namespace sequent {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class TuneTest : public SmallFit {
 protected:
  // A small forecaster; `tune` is the section of that name.
  Arguments Tune(const std::string& name, const std::string& tune,
                 const Arguments& more = {}) const {
    std::string csv = "t,x\n";
    for (int i = 0; i < 300; ++i) csv += StrCat(i, ",", i * i % 37, "\n");
    folder_.Write("series.csv", csv);
    const std::string config = StrCat(
        "task: forecast\nseed: 1\n"
        "data: {path: ",
        folder_.File("series.csv"),
        ", time: t, split: {validation: 60, test: 0}}\n"
        "model: {layers: [{name: gru, gru: {units: 4}}]}\n"
        "train: {batch: 8, window: 16, max_updates: 12, validate: {every_updates: 6},\n"
        "  optimizer: {adam: {lr: 0.01}}, checkpoint: {every_updates: 4}}\n"
        "output: {run_dir: ",
        folder_.File(name),
        "}\n"
        "tune: ",
        tune, "\n");
    return With({"tune", folder_.Write(name + ".yaml", config), "--json"}, more);
  }
  static std::string Random(int tries) {
    return StrCat("{method: random, tries: ", tries,
                  ", parameters: [{key: train.optimizer.adam.lr, min: 1e-6, max: 0.1, log: true}, "
                  "{key: model.layers.0.gru.units, values: [4, 8]}]}");
  }
  // The journal without what a clock says.
  std::vector<Json> Tries(const std::string& name) const {
    std::vector<Json> lines;
    std::istringstream text(folder_.Read(name + "/tries.jsonl"));
    for (std::string line; std::getline(text, line);) {
      lines.push_back(Json::parse(line, nullptr, false));
      lines.back().erase("seconds");
    }
    if (!lines.empty()) lines.erase(lines.begin());
    return lines;
  }
};

TEST_F(TuneTest, TheBestTryIsWhatFitGivesWithItsConfiguration) {
  const Outcome tune = RunProgram(Tune("a", Random(4)));
  ASSERT_EQ(tune.exit_code, 0) << tune.error;
  const Json result = Json::parse(tune.out);
  const auto tries = Tries("a");
  ASSERT_EQ(tries.size(), 4u);
  for (const Json& one : tries) {
    EXPECT_GE(one["metric"].get<double>(), result["best"].get<double>());
  }
  const Outcome fit =
      RunProgram({"fit", folder_.File("a/best.yaml"), "--run-dir", folder_.File("b"), "--out",
                  folder_.File("b.safetensors"), "--json"});
  ASSERT_EQ(fit.exit_code, 0) << fit.error;
  EXPECT_EQ(Json::parse(fit.out)["validation"]["loss"], result["best"]);
}

TEST_F(TuneTest, ShowsALineForEveryTry) {
  const Outcome tune = RunProgram(Tune("a", Random(2)));
  ASSERT_EQ(tune.exit_code, 0) << tune.error;
  EXPECT_THAT(tune.error, HasSubstr("try 1/2  train.optimizer.adam.lr="));
  EXPECT_THAT(tune.error, HasSubstr("try 2/2  "));
  EXPECT_THAT(tune.error, HasSubstr("best "));
}

TEST_F(TuneTest, GoesOnWhereItStoppedAsIfItNeverHad) {
  for (const std::string method : {"random", "bayesian"}) {
    const auto with = [&](int tries) {
      std::string tune = Random(tries);
      return tune.replace(tune.find("random"), 6, method);
    };
    ASSERT_EQ(RunProgram(Tune("whole", with(6))).exit_code, 0);
    ASSERT_EQ(RunProgram(Tune("cut", with(2))).exit_code, 0);
    ASSERT_EQ(RunProgram(Tune("cut", with(6), {"--resume"})).exit_code, 0);
    EXPECT_EQ(Tries("whole"), Tries("cut"));
  }
}

TEST_F(TuneTest, ACtrlCKeepsWhatIsDone) {
  Child child(Tune("cut", Random(500)));
  child.WaitUntil([&] { return Tries("cut").size() >= 3; });
  child.Signal(SIGINT);
  const Outcome cut = child.Wait();
  ASSERT_EQ(cut.exit_code, 0) << cut.error;
  EXPECT_EQ(Json::parse(cut.out)["interrupted"], true);
  const size_t done = Tries("cut").size();
  EXPECT_GE(done, 3u);
  EXPECT_LT(done, 500u);
  const int more = static_cast<int>(done) + 2;
  ASSERT_EQ(RunProgram(Tune("cut", Random(more), {"--resume"})).exit_code, 0);
  ASSERT_EQ(RunProgram(Tune("whole", Random(more))).exit_code, 0);
  EXPECT_EQ(Tries("whole"), Tries("cut"));
}

TEST_F(TuneTest, ACtrlCBeforeTheFirstTryIsOverIsToldAsJsonToo) {
  Child child(Tune("cut", Random(2), Sets({"train.max_updates=100000000"})));
  child.WaitUntil([&] { return HasLines("cut/tries/1", 2); });
  child.Signal(SIGINT);
  const Outcome cut = child.Wait();
  ASSERT_EQ(cut.exit_code, 0) << cut.error;
  EXPECT_EQ(Json::parse(cut.out), Json({{"tries", 0}, {"interrupted", true}}));
}

TEST_F(TuneTest, RemovesTheTriesBeforeAndNothingElse) {
  std::filesystem::create_directories(folder_.File("a/tries/7/checkpoints"));
  std::filesystem::create_directories(folder_.File("a/tries/mine"));
  ASSERT_EQ(RunProgram(Tune("a", Random(1))).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_.File("a/tries/7")));
  EXPECT_TRUE(std::filesystem::exists(folder_.File("a/tries/mine")));
}

TEST_F(TuneTest, ATryThatFailsIsTheWorst) {
  const Outcome tune = RunProgram(Tune("a",
                                       "{method: grid, parameters: [{key: train.optimizer, values: "
                                       "['{sgd: {lr: 1e60}}', '{adam: {lr: 0.01}}']}]}",
                                       Sets({"train.clip={}"})));
  ASSERT_EQ(tune.exit_code, 0) << tune.error;
  EXPECT_EQ(Json::parse(tune.out)["best_try"], 2);
  EXPECT_TRUE(Tries("a")[0]["metric"].is_null());
  EXPECT_THAT(Tries("a")[0]["failure"], HasSubstr("update 1"));
}

TEST_F(TuneTest, EndsWithFourIfAllTriesFail) {
  EXPECT_EQ(RunProgram(Tune("a",
                            "{method: grid, parameters: [{key: train.optimizer, values: "
                            "['{sgd: {lr: 1e60}}', '{sgd: {lr: 1e61}}']}]}",
                            Sets({"train.clip={}"})))
                .exit_code,
            4);
}

TEST_F(TuneTest, TakesTheGreatestOfWhatShouldBeGreat) {
  std::string tune = Random(3);
  tune.insert(1, "metric: validation.skill, ");
  const Outcome outcome = RunProgram(Tune("a", tune));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.error;
  const Json result = Json::parse(outcome.out);
  for (const Json& one : Tries("a")) {
    EXPECT_LE(one["metric"].get<double>(), result["best"].get<double>());
  }
}

TEST_F(TuneTest, RefusesAMeasureThatThereIsNot) {
  std::string tune = Random(3);
  tune.insert(1, "metric: validation.accuracy, ");
  const Outcome outcome = RunProgram(Tune("a", tune));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("tune.metric: expected validation. and one of"));
}

TEST_F(TuneTest, NeedsAPartToCompareOn) {
  const Outcome outcome = RunProgram(Tune("a", Random(3), Sets({"data.split={train: 1}"})));
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.error, HasSubstr("data.split.validation"));
}

}  // namespace
}  // namespace sequent
