// The figures that the examples must reach: minutes, not seconds (label `accuracy`).

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/base/status.h"
#include "tests/trainer/run_program.h"

namespace sequent {
namespace {

// part.measure of a fit.
double Measure(const std::string& config, int seed, const char* part, const char* measure) {
  TemporaryFolder folder;
  const Outcome fit = RunProgram({"fit", config, "--out", folder.File("m.safetensors"), "--run-dir",
                                  folder.File("run"), "--set", StrCat("seed=", seed), "--progress",
                                  "none", "--json"});
  EXPECT_EQ(fit.exit_code, 0) << fit.error;
  if (fit.exit_code != 0) return 1e9;
  return nlohmann::json::parse(fit.out)[part][measure].get<double>();
}

// Median over seeds 1-3.
double Median(const std::string& config, const char* part, const char* measure) {
  std::vector<double> values;
  for (int seed = 1; seed <= 3; ++seed) values.push_back(Measure(config, seed, part, measure));
  std::sort(values.begin(), values.end());
  return values[1];
}

TEST(Accuracy, ShakespeareReachesItsValidationLoss) {
  EXPECT_LE(Median("examples/shakespeare/config.yaml", "validation", "loss"), 1.90);
}

TEST(Accuracy, AQrnnComesWithinFivePercentOfAnLstmsLoss) {
  const double lstm = Measure("examples/shakespeare/lstm256.yaml", 1, "validation", "loss");
  EXPECT_LE(Measure("examples/shakespeare/qrnn256.yaml", 1, "validation", "loss"), 1.05 * lstm);
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

}  // namespace
}  // namespace sequent
