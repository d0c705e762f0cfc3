// Against decompositions of the monthly CO2 of Mauna Loa by the authors' program
// (tests/golden/stl/README.md).
#include "core/codec/stl.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sequent {
namespace {

using ::testing::HasSubstr;

std::vector<double> Co2() {
  std::ifstream file("tests/golden/stl/stl_co2.csv");
  std::vector<double> values;
  for (double value = 0; file >> value;) values.push_back(value);
  return values;
}

// By scenario.
std::map<std::string, StlResult> References() {
  std::map<std::string, StlResult> all;
  std::ifstream file("tests/golden/stl/decompositions.csv");
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::vector<std::string> cells;
    std::stringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    StlResult& result = all[cells[0]];
    result.seasonal.push_back(std::stod(cells[2]));
    result.trend.push_back(std::stod(cells[3]));
    result.weights.push_back(std::stod(cells[4]));
  }
  return all;
}

StlOptions Baseline() {
  StlOptions options;
  options.seasonal = {35, 1, 4};
  options.trend = {19, 1, 2};
  options.low_pass = {13, 1, 2};
  options.inner = 1;
  options.outer = 2;
  return options;
}

void ExpectAgrees(const std::vector<double>& ours, const std::vector<double>& reference,
                  const char* what) {
  ASSERT_EQ(ours.size(), reference.size());
  double scale = 0;
  for (const double value : reference) scale = std::max(scale, std::abs(value));
  for (size_t i = 0; i < ours.size(); ++i) {
    EXPECT_NEAR(ours[i], reference[i], 1e-7 * std::max(std::abs(reference[i]), 1e-2 * scale))
        << what << " " << i;
  }
}

class StlTest : public testing::TestWithParam<std::string> {};

TEST_P(StlTest, AgreesWithTheAuthorsProgram) {
  std::vector<double> y = Co2();
  StlOptions options = Baseline();
  if (GetParam().find("nljump-1") != std::string::npos) options.low_pass.jump = 1;
  if (GetParam().find("ntjump-1") != std::string::npos) options.trend.jump = 1;
  if (GetParam() == "short") y.pop_back();
  const StlResult reference = References()[GetParam()];
  const auto ours = DecomposeStl(y, options);
  ASSERT_TRUE(ours.ok()) << ours.status();
  ExpectAgrees(ours->seasonal, reference.seasonal, "seasonal");
  ExpectAgrees(ours->trend, reference.trend, "trend");
  ExpectAgrees(ours->weights, reference.weights, "weights");
}

std::string NameOf(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Co2, StlTest,
                         testing::Values("baseline", "nljump-1", "ntjump-1", "nljump-1-ntjump-1",
                                         "short"),
                         NameOf);

TEST(Stl, FindsASeasonThatIsThere) {
  const double cycle[] = {3, -1, -2};
  std::vector<double> y;
  for (int t = 0; t < 60; ++t) y.push_back(0.5 * t + cycle[t % 3]);
  const auto result = DecomposeStl(y, UsualStl(3, 0, 0, 0, false));
  ASSERT_TRUE(result.ok()) << result.status();
  for (size_t t = 0; t < y.size(); ++t) {
    EXPECT_NEAR(result->seasonal[t], cycle[t % 3], 1e-6);
    EXPECT_NEAR(result->trend[t], 0.5 * static_cast<double>(t), 1e-6);
    EXPECT_EQ(result->weights[t], 1);
  }
}

TEST(Stl, TheUsualSpansGoByThePeriod) {
  const StlOptions options = UsualStl(12, 0, 0, 0, true);
  EXPECT_EQ(options.seasonal.span, 7u);
  EXPECT_EQ(options.trend.span, 23u);
  EXPECT_EQ(options.low_pass.span, 13u);
  EXPECT_EQ(options.outer, 15u);
}

TEST(Stl, RefusesWhatCannotBeDecomposed) {
  const std::vector<double> y(23);
  const auto refusal = [&](const StlOptions& options) {
    return std::string(DecomposeStl(y, options).status().message());
  };
  EXPECT_THAT(refusal(Baseline()), HasSubstr("at least two periods of 12 values, got 23"));
  StlOptions options = UsualStl(3, 0, 0, 0, false);
  options.trend.span = 8;
  EXPECT_THAT(refusal(options), HasSubstr("trend span: expected an odd number from 3, got 8"));
  EXPECT_THAT(refusal(UsualStl(1, 0, 0, 0, false)), HasSubstr("period: expected at least 2"));
}

}  // namespace
}  // namespace sequent
