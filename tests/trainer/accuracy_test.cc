// The figures that the examples must reach: minutes, not seconds (label `accuracy`).

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/base/status.h"
#include "tests/trainer/run_program.h"

namespace sequent {
namespace {

// What `fit` prints of a part, with this seed.
nlohmann::json Measures(const std::string& config, const char* part, int seed,
                        const std::vector<std::string>& sets = {}) {
  TemporaryFolder folder;
  std::vector<std::string> arguments = {"fit",        config,
                                        "--out",      folder.File("m.safetensors"),
                                        "--run-dir",  folder.File("run"),
                                        "--set",      StrCat("seed=", seed),
                                        "--progress", "none",
                                        "--json"};
  for (const std::string& set : sets) {
    arguments.push_back("--set");
    arguments.push_back(set);
  }
  const Outcome fit = RunProgram(arguments);
  EXPECT_EQ(fit.exit_code, 0) << fit.error;
  return fit.exit_code == 0 ? nlohmann::json::parse(fit.out)[part] : nlohmann::json::object();
}

// Median over seeds 1 .. seeds (an odd number) of part.measure.
double Median(const std::string& config, const char* part, const char* measure, int seeds = 3,
              const std::vector<std::string>& sets = {}) {
  std::vector<double> values;
  for (int seed = 1; seed <= seeds; ++seed) {
    values.push_back(Measures(config, part, seed, sets).value(measure, 1e9));
  }
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

TEST(Accuracy, ShakespeareReachesItsValidationLoss) {
  EXPECT_LE(Median("examples/shakespeare/config.yaml", "validation", "loss"), 1.90);
}

TEST(Accuracy, AQrnnComesWithinFivePercentOfAnLstmsLoss) {
  const double lstm =
      Measures("examples/shakespeare/lstm256.yaml", "validation", 1).value("loss", 1e9);
  EXPECT_LE(Measures("examples/shakespeare/qrnn256.yaml", "validation", 1).value("loss", 1e9),
            1.05 * lstm);
}

// What rounding the weights changes, in percent of the loss.
double ChangeOfLoss(const std::string& model, const char* precision) {
  const Outcome evaluate =
      RunProgram({"evaluate", model, "--data", "examples/data/tinyshakespeare/input.txt",
                  "--precision", precision, "--json"});
  EXPECT_EQ(evaluate.exit_code, 0) << evaluate.error;
  if (evaluate.exit_code != 0) return 1e9;
  return nlohmann::json::parse(evaluate.out)["loss_change_percent"].get<double>();
}

TEST(Accuracy, SmallerWeightsHardlyChangeTheLossOfShakespeare) {
  TemporaryFolder folder;
  const std::string model = folder.File("m.safetensors");
  const Outcome fit = RunProgram({"fit", "examples/shakespeare/config.yaml", "--out", model,
                                  "--run-dir", folder.File("run"), "--progress", "none"});
  ASSERT_EQ(fit.exit_code, 0) << fit.error;
  EXPECT_LT(std::fabs(ChangeOfLoss(model, "bf16")), 0.5);
  EXPECT_LT(std::fabs(ChangeOfLoss(model, "int8")), 1);
}

TEST(Accuracy, MelbourneBeatsPersistenceByTwelvePercentOnTheTestYear) {
  EXPECT_LE(Median("examples/melbourne/config.yaml", "test", "rmse"), 0.88 * 2.582);
}

TEST(Accuracy, SpliceJunctionsAreFoundInNineteenOfTwentyRows) {
  EXPECT_GE(Median("examples/splice/config.yaml", "test", "accuracy"), 0.95);
}

TEST(Accuracy, SentimentIsReadRightInSeventyNineOfAHundredSentences) {
  EXPECT_GE(Median("examples/sentiment/config.yaml", "test", "accuracy"), 0.79);
}

TEST(Accuracy, SeattleBeatsPersistenceByEightPercentOnTheTestYear) {
  EXPECT_LE(Median("examples/seattle/config.yaml", "test", "rmse"), 0.92 * 2.907);
}

TEST(Accuracy, NycBeatsPersistenceByTwelvePercentAtEveryAirport) {
  const char* config = "examples/nyc/config.yaml";
  EXPECT_LE(Median(config, "test", "rmse.series.EWR"), 0.88 * 1.762);
  EXPECT_LE(Median(config, "test", "rmse.series.JFK"), 0.88 * 1.597);
  EXPECT_LE(Median(config, "test", "rmse.series.LGA"), 0.88 * 1.346);
}

TEST(Accuracy, AirlineIsWithinItsErrorsOneMonthAndThreeYearsAhead) {
  const char* config = "examples/airline/config.yaml";
  EXPECT_LE(Median(config, "test", "mape", 5), 3.7);
  EXPECT_LE(Median(config, "test", "mape", 5, {"forecast.evaluation=fixed_origin"}), 8);
}

TEST(Accuracy, BirthsBeatEveryBaseline) {
  const nlohmann::json test = Measures("examples/births/config.yaml", "test", 1);
  for (const char* baseline : {"rmse_persistence", "rmse_seasonal", "rmse_ar"}) {
    EXPECT_LT(test.value("rmse", 1e9), 0.95 * test.value(baseline, 0.0)) << baseline;
  }
}

TEST(Accuracy, SensorsAreCoveredByTheirQuantiles) {
  const nlohmann::json test = Measures("examples/sensors/config.yaml", "test", 1);
  EXPECT_LT(test.value("rmse", 1e9), test.value("rmse_persistence", 0.0));
  EXPECT_NEAR(test.value("coverage", 0.0), 0.95, 0.02);
}

TEST(Accuracy, StockIsNoWorseThanPersistenceAndKnowsHowUncertainItIs) {
  const nlohmann::json test = Measures("examples/stock/config.yaml", "test", 1);
  EXPECT_LE(test.value("rmse", 1e9), 1.01 * test.value("rmse_persistence", 0.0));
  EXPECT_LT(test.value("nll", 1e9), test.value("nll_constant", 0.0));
  EXPECT_LT(test.value("skill_low", 1e9), 0);  // as it should be: none is claimed
}

}  // namespace
}  // namespace sequent
