// sequent-train cv as people run it, and the data of its folds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/trainer/small_fit.h"
#include "trainer/config.h"
#include "trainer/fold_data.h"

namespace sequent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Json = nlohmann::json;

v1::TrainConfig Config(const std::string& task, uint32_t folds) {
  v1::TrainConfig config;
  config.set_task(task);
  config.mutable_cv()->set_folds(folds);
  config.mutable_data()->mutable_split()->set_validation(0.25);
  return config;
}

TEST(FoldData, OfATextArePiecesPutTogetherAgain) {
  Dataset dataset;
  dataset.text = "aaaabbbb\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC";
  dataset.size = 12;
  const auto config = Config("language_model", 3);
  const auto folds = MakeFolds(config, dataset);
  ASSERT_TRUE(folds.ok()) << folds.status();
  std::vector<std::string> texts;
  for (const train::Fold& fold : *folds) {
    const auto data = TakeFold(config, dataset, fold);
    ASSERT_TRUE(data.ok()) << data.status();
    texts.push_back(data->dataset.text);
    EXPECT_EQ(data->parts.train.size(), 6u);
    EXPECT_EQ(data->parts.validation.size(), 2u) << "a quarter of what is not tested on";
    EXPECT_EQ(data->parts.test.begin, 8u);
    EXPECT_EQ(data->parts.test.end, 12u);
  }
  EXPECT_THAT(texts, ::testing::UnorderedElementsAre("aaaabbbb\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC",
                                                     "bbbb\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC"
                                                     "aaaa",
                                                     "aaaa\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC"
                                                     "bbbb"));
}

TEST(FoldData, OfLinesStayLinesWhereverTheLastOneGoes) {
  Dataset dataset;
  dataset.text = "a\nb\nc";
  dataset.lines = true;
  dataset.size = 3;
  auto config = Config("language_model", 3);
  config.mutable_data()->clear_split();
  const auto folds = MakeFolds(config, dataset);
  ASSERT_TRUE(folds.ok()) << folds.status();
  for (const train::Fold& fold : *folds) {
    const auto data = TakeFold(config, dataset, fold);
    ASSERT_TRUE(data.ok()) << data.status();
    EXPECT_EQ(data->parts.train.size(), 2u);
    EXPECT_THAT(data->dataset.text, ::testing::MatchesRegex("([abc]\n){3}"));
  }
}

TEST(FoldData, OfASeriesEndsWithItsTestPart) {
  Dataset dataset;
  dataset.series.columns = {"x", "y"};
  dataset.series.targets = 2;
  for (int i = 0; i < 20; ++i) {
    dataset.series.times.push_back(StrCat(i));
    dataset.series.values.push_back(static_cast<float>(i));
    dataset.series.values.push_back(static_cast<float>(-i));
  }
  dataset.size = 20;
  v1::TrainConfig config = Config("forecast", 2);
  config.mutable_cv()->set_test_rows(3);
  config.mutable_cv()->set_train_rows(8);
  const auto folds = MakeFolds(config, dataset);
  ASSERT_TRUE(folds.ok()) << folds.status();
  const auto data = TakeFold(config, dataset, (*folds)[0]);
  ASSERT_TRUE(data.ok()) << data.status();
  EXPECT_EQ(data->dataset.series.times.front(), "6");
  EXPECT_EQ(data->dataset.series.times.back(), "16");
  EXPECT_EQ(data->dataset.series.values.back(), -16);
  EXPECT_EQ(data->parts.validation.begin, 6u);
  EXPECT_EQ(data->parts.test.begin, 8u);
  EXPECT_EQ(data->parts.test.end, 11u);
}

TEST(FoldData, RefusesSchemesOfOtherTasks) {
  Dataset dataset;
  dataset.size = 100;
  v1::TrainConfig config = Config("forecast", 5);
  config.mutable_cv()->set_scheme("kfold");
  EXPECT_THAT(std::string(MakeFolds(config, dataset).status().message()),
              HasSubstr("cv.scheme: expected rolling_origin"));
  config = Config("language_model", 5);
  config.mutable_cv()->set_test_rows(3);
  EXPECT_THAT(std::string(MakeFolds(config, dataset).status().message()),
              HasSubstr("cv.test_rows: expected nothing"));
  config = Config("language_model", 5);
  config.mutable_cv()->set_stride(3);
  EXPECT_THAT(std::string(MakeFolds(config, dataset).status().message()),
              HasSubstr("cv.stride: expected nothing"));
  EXPECT_THAT(std::string(MakeFolds(Config("forecast", 2000), dataset).status().message()),
              HasSubstr("cv.folds: expected 2 to 1000, got 2000"));
}

class CvTest : public SmallFit {
 protected:
  Arguments Cv(const std::string& name, int folds, const Arguments& more = {}) const {
    std::string csv = "t,x\n";
    for (int i = 0; i < 300; ++i) csv += StrCat(i, ",", i < 250 ? i * i % 37 : 1000 + i, "\n");
    folder_.Write("series.csv", csv);
    const std::string config = StrCat(
        "task: forecast\n"
        "data: {path: ",
        folder_.File("series.csv"),
        ", time: t}\n"
        "model: {layers: [{name: gru, gru: {units: 4}}]}\n"
        "train: {batch: 8, window: 16, max_updates: 12, checkpoint: {every_updates: 4}}\n"
        "output: {run_dir: ",
        folder_.File(name),
        "}\n"
        "cv: {folds: ",
        folds, ", test_rows: 25}\n");
    return With({"cv", folder_.Write(name + ".yaml", config), "--json"}, more);
  }
};

TEST_F(CvTest, GivesMeanAndDeviationOfItsFolds) {
  const Outcome cv = RunProgram(Cv("a", 3));
  ASSERT_EQ(cv.exit_code, 0) << cv.error;
  const Json json = Json::parse(cv.out);
  EXPECT_EQ(Json::parse(folder_.Read("a/cv.json")), json);
  ASSERT_EQ(json["folds"].size(), 3u);
  std::vector<double> rmse;
  for (const Json& fold : json["folds"]) rmse.push_back(fold["test"]["rmse"]);
  const double mean = (rmse[0] + rmse[1] + rmse[2]) / 3;
  EXPECT_NEAR(json["mean"]["rmse"].get<double>(), mean, 1e-9 * mean);
  double squares = 0;
  for (const double one : rmse) squares += (one - mean) * (one - mean);
  EXPECT_NEAR(json["deviation"]["rmse"].get<double>(), std::sqrt(squares / 2), 1e-9 * mean);
  EXPECT_THAT(cv.error, HasSubstr("fold 3/3: 12 updates"));
}

// A fold is the fit of its rows alone: codecs know nothing of the rows after its training part,
// which here are a thousand times larger.
TEST_F(CvTest, AFoldIsTheFitOfItsRowsAlone) {
  const Outcome cv = RunProgram(Cv("a", 3));
  ASSERT_EQ(cv.exit_code, 0) << cv.error;
  std::istringstream all(folder_.Read("series.csv"));
  std::string csv;
  std::string line;
  for (int i = 0; i < 1 + 250 && std::getline(all, line); ++i) csv += line + "\n";
  folder_.Write("fold1.csv", csv);
  const Outcome fit =
      RunProgram({"fit", folder_.File("a.yaml"), "--data", folder_.File("fold1.csv"), "--run-dir",
                  folder_.File("b"), "--out", folder_.File("b.safetensors"), "--json", "--set",
                  "data.split={train: 203, validation: 22, test: 25}"});
  ASSERT_EQ(fit.exit_code, 0) << fit.error;
  EXPECT_EQ(Json::parse(cv.out)["folds"][0]["test"], Json::parse(fit.out)["test"]);
}

// Rolling origin with refit: at each origin a model is fitted anew, which then forecasts what
// comes.
TEST_F(CvTest, FitsAnewAtEveryOriginAndForecastsFromThere) {
  const Arguments keys = {"cv.test_rows=6", "cv.stride=2", "forecast.evaluation=fixed_origin"};
  const Outcome cv = RunProgram(Cv("a", 3, Sets(keys)));
  ASSERT_EQ(cv.exit_code, 0) << cv.error;
  const Json folds = Json::parse(cv.out)["folds"];
  std::istringstream all(folder_.Read("series.csv"));
  std::string csv, line;
  for (int i = 0; i < 1 + 298 && std::getline(all, line); ++i) csv += line + "\n";
  folder_.Write("second.csv", csv);
  const Arguments fit = {
      "fit",       folder_.File("a.yaml"), "--data", folder_.File("second.csv"),
      "--run-dir", folder_.File("b"),      "--out",  folder_.File("b.safetensors"),
      "--json"};
  const Outcome second =
      RunProgram(With(fit, Sets({"data.split={train: 263, validation: 29, test: 6}", keys[2]})));
  ASSERT_EQ(second.exit_code, 0) << second.error;
  EXPECT_EQ(folds[1]["test"], Json::parse(second.out)["test"]);
  EXPECT_EQ(folds[1]["test"]["values"], 6);
}

TEST_F(CvTest, OfATextTestsEveryPieceOnce) {
  ASSERT_EQ(RunProgram(TextFit("t", 5)).exit_code, 0);
  const Outcome cv =
      RunProgram({"cv", folder_.Write("t.yaml", "task: language_model\ncv: {folds: 3}\n"), "--data",
                  folder_.File("text.txt"), "--run-dir", folder_.File("a"), "--json", "--set",
                  "train.max_updates=5", "--set", "train.batch=4", "--set", "train.bptt=8"});
  ASSERT_EQ(cv.exit_code, 0) << cv.error;
  double tokens = 0;
  const Json json = Json::parse(cv.out);
  for (const Json& fold : json["folds"]) tokens += fold["test"]["tokens"].get<double>();
  EXPECT_EQ(tokens, static_cast<double>(folder_.Read("text.txt").size() - 3));
  EXPECT_TRUE(json["mean"].contains("loss_unigram"));
}

TEST_F(CvTest, ResumesAtTheFoldWhereItStopped) {
  const Outcome whole = RunProgram(Cv("whole", 3));
  Child child(Cv("cut", 3));
  child.WaitUntil([&] { return HasLines("cut/folds/2", 2); });
  child.Signal(SIGINT);
  const Outcome cut = child.Wait();
  EXPECT_EQ(cut.exit_code, 0);
  const Json told = Json::parse(cut.out);
  EXPECT_EQ(told["interrupted"], true);
  ASSERT_GE(told["folds"].size(), 1u);
  EXPECT_EQ(told["folds"][0], Json::parse(whole.out)["folds"][0]);
  const Outcome resumed = RunProgram(Cv("cut", 3, {"--resume"}));
  ASSERT_EQ(resumed.exit_code, 0) << resumed.error;
  EXPECT_EQ(whole.out, resumed.out);
}

TEST_F(CvTest, AFoldThatItsTimeEndedIsOver) {
  const Arguments timed = Sets({"train.max_time=1ms", "train.max_updates=100000"});
  const Outcome first = RunProgram(Cv("a", 2, timed));
  ASSERT_EQ(first.exit_code, 0) << first.error;
  const Outcome again = RunProgram(Cv("a", 2, With(timed, {"--resume"})));
  ASSERT_EQ(again.exit_code, 0) << again.error;
  EXPECT_EQ(first.out, again.out);
  const Outcome longer = RunProgram(
      Cv("a", 2, With(Sets({"train.max_time=1m", "train.max_updates=400"}), {"--resume"})));
  ASSERT_EQ(longer.exit_code, 0) << longer.error;
  EXPECT_NE(first.out, longer.out) << "more was asked for";
}

TEST_F(CvTest, RemovesTheFoldsBeforeAndNothingElse) {
  std::filesystem::create_directories(folder_.File("a/folds/7/checkpoints"));
  std::filesystem::create_directories(folder_.File("a/folds/8"));
  std::filesystem::create_directories(folder_.File("a/folds/mine/checkpoints"));
  folder_.Write("a/folds/8/notes", "mine");
  folder_.Write("a/folds/9", "mine");
  ASSERT_EQ(RunProgram(Cv("a", 2)).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(folder_.File("a/folds/7")));
  EXPECT_EQ(folder_.Read("a/folds/8/notes"), "mine");
  EXPECT_EQ(folder_.Read("a/folds/9"), "mine");
  EXPECT_TRUE(std::filesystem::exists(folder_.File("a/folds/mine/checkpoints")));
}

TEST_F(CvTest, SaysHowOftenItBeatsTheBaselines) {
  Arguments cv = Cv("a", 2);
  std::erase(cv, "--json");
  EXPECT_THAT(RunProgram(cv).out, HasSubstr("the model beats every baseline in 0 of 2 folds\n"));
}

TEST_F(CvTest, NamesTheFoldThatFails) {
  const Outcome cv =
      RunProgram(Cv("a", 3, Sets({"train.optimizer={sgd: {lr: 1e60}}", "train.clip={}"})));
  EXPECT_EQ(cv.exit_code, 4);
  EXPECT_THAT(cv.error, HasSubstr("fold 1: update 1"));
}

}  // namespace
}  // namespace sequent
