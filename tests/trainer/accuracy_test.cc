// The figures that the examples must reach: minutes, not seconds (label `accuracy`).

#include <algorithm>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/base/status.h"
#include "tests/trainer/run_program.h"

namespace sequent {
namespace {

// Median over seeds 1-3 of part.measure.
double Median(const std::string& config, const char* part, const char* measure) {
  std::vector<double> values;
  for (int seed = 1; seed <= 3; ++seed) {
    TemporaryFolder folder;
    const Outcome fit = RunProgram({"fit", config, "--out", folder.File("m.safetensors"),
                                    "--run-dir", folder.File("run"), "--set", StrCat("seed=", seed),
                                    "--progress", "none", "--json"});
    EXPECT_EQ(fit.exit_code, 0) << fit.error;
    if (fit.exit_code != 0) return 1e9;
    values.push_back(nlohmann::json::parse(fit.out)[part][measure].get<double>());
  }
  std::sort(values.begin(), values.end());
  return values[1];
}

TEST(Accuracy, ShakespeareReachesItsValidationLoss) {
  EXPECT_LE(Median("examples/shakespeare/config.yaml", "validation", "loss"), 1.90);
}

TEST(Accuracy, MelbourneBeatsPersistenceByTwelvePercentOnTheTestYear) {
  EXPECT_LE(Median("examples/melbourne/config.yaml", "test", "rmse"), 0.88 * 2.582);
}

}  // namespace
}  // namespace sequent
