// The vectors of tests/golden/golden.json, and how near to them we must come.
#ifndef SEQUENT_TESTS_CORE_TRAIN_GOLDEN_VALUES_H_
#define SEQUENT_TESTS_CORE_TRAIN_GOLDEN_VALUES_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace sequent::train {

using Values = std::vector<double>;

template <typename T>
constexpr double kTolerance = sizeof(T) == 8 ? 1e-9 : 1e-5;

inline const nlohmann::json& Golden(const std::string& name) {
  static const nlohmann::json all = [] {
    std::ifstream file("tests/golden/golden.json");
    EXPECT_TRUE(file.good()) << "run from the source root";
    return nlohmann::json::parse(file);
  }();
  return all.at(name);
}

template <typename T>
void ExpectNear(const std::vector<T>& got, const Values& expected, const std::string& what) {
  ASSERT_EQ(got.size(), expected.size()) << what;
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(got[i]), expected[i],
                kTolerance<T> * std::max(1.0, std::abs(expected[i])))
        << what << ", element " << i;
  }
}

}  // namespace sequent::train

#endif  // SEQUENT_TESTS_CORE_TRAIN_GOLDEN_VALUES_H_
