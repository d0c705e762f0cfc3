#include "core/kernels/elementwise.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "tests/core/kernels/oracle.h"
#include "tests/core/kernels/rows.h"

namespace sequent::kernels {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr double kTolerance = 2e-7;  // the header's promise
constexpr Function kFunctions[] = {Function::kIdentity, Function::kTanh, Function::kSigmoid,
                                   Function::kRelu, Function::kLeakyRelu};

class ElementwiseTest : public OnEveryTarget {
 protected:
  static float Of(Function f, float x) {
    float y = 0;
    Activate(f, 1, &x, &y);
    return y;
  }

  // The largest absolute error against libm in double.
  static double WorstError(Function f, const std::vector<float>& x) {
    std::vector<float> y(x.size());
    Activate(f, x.size(), x.data(), y.data());
    double worst = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      const double error = std::abs(y[i] - oracle::Apply(f, x[i]));
      if (!(error <= worst)) worst = std::isnan(error) ? kInfinity : error;
    }
    return worst;
  }
};

// Every 997th of all floats but NaN, by their bits: denormals, both infinities, both signs.
std::vector<float> Sweep() {
  std::vector<float> all;
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32); bits += 997) {
    const float x = std::bit_cast<float>(static_cast<uint32_t>(bits));
    if (!std::isnan(x)) all.push_back(x);
  }
  all.insert(all.end(), {kInfinity, -kInfinity, 0.0f, -0.0f});
  return all;
}

// The floats around the places where the formulas change.
std::vector<float> Seams() {
  std::vector<float> near;
  for (const float seam : {0.625f, 43.5f, 44.0f, 87.0f, 88.0f, 88.72284f, 103.97f, 0.34657359f}) {
    const uint32_t bits = std::bit_cast<uint32_t>(seam);
    for (uint32_t at = bits - 2000; at < bits + 2000; ++at) {
      near.push_back(std::bit_cast<float>(at));
      near.push_back(-std::bit_cast<float>(at));
    }
  }
  return near;
}

TEST_P(ElementwiseTest, SigmoidAndTanhKeepTheirErrorOverAllFloats) {
  for (const auto& x : {Sweep(), Seams()}) {
    EXPECT_LE(WorstError(Function::kSigmoid, x), kTolerance);
    EXPECT_LE(WorstError(Function::kTanh, x), kTolerance);
  }
}

TEST_P(ElementwiseTest, SigmoidAndTanhStayInsideOfTheirRange) {
  const std::vector<float> x = Sweep();
  std::vector<float> y(x.size());
  Activate(Function::kSigmoid, x.size(), x.data(), y.data());
  EXPECT_GE(*std::ranges::min_element(y), 0.0f);
  EXPECT_LE(*std::ranges::max_element(y), 1.0f);
  Activate(Function::kTanh, x.size(), x.data(), y.data());
  EXPECT_GE(*std::ranges::min_element(y), -1.0f);
  EXPECT_LE(*std::ranges::max_element(y), 1.0f);
}

TEST_P(ElementwiseTest, TanhIsOddAndKeepsSmallArguments) {
  for (const float x : {1e-30f, 1e-10f, 1e-4f, 0.1f, 0.624f, 0.626f, 3.0f, 50.0f}) {
    EXPECT_EQ(Of(Function::kTanh, -x), -Of(Function::kTanh, x)) << x;
  }
  EXPECT_EQ(Of(Function::kTanh, 1e-10f), 1e-10f);
  EXPECT_EQ(Of(Function::kTanh, 0.0f), 0.0f);
  EXPECT_EQ(Of(Function::kTanh, -0.0f), 0.0f);
}

TEST_P(ElementwiseTest, InfinitiesGiveTheLimits) {
  EXPECT_EQ(Of(Function::kTanh, kInfinity), 1.0f);
  EXPECT_EQ(Of(Function::kTanh, -kInfinity), -1.0f);
  EXPECT_EQ(Of(Function::kSigmoid, kInfinity), 1.0f);
  EXPECT_NEAR(Of(Function::kSigmoid, -kInfinity), 0.0f, 1e-37f);
  EXPECT_EQ(Of(Function::kRelu, kInfinity), kInfinity);
  EXPECT_EQ(Of(Function::kRelu, -kInfinity), 0.0f);
  EXPECT_EQ(Of(Function::kLeakyRelu, -kInfinity), -kInfinity);
}

TEST_P(ElementwiseTest, NanGivesNan) {
  for (const Function f : kFunctions) {
    EXPECT_TRUE(std::isnan(Of(f, kNan)));
    EXPECT_TRUE(std::isnan(Of(f, -kNan)));
  }
}

TEST_P(ElementwiseTest, TheOtherFunctionsAreExact) {
  const std::vector<float> x = RandomVector(1000, 1);
  for (const Function f : {Function::kIdentity, Function::kRelu}) EXPECT_EQ(WorstError(f, x), 0.0);
  EXPECT_EQ(Of(Function::kLeakyRelu, 2.5f), 2.5f);
  EXPECT_EQ(Of(Function::kLeakyRelu, -2.5f), -2.5f * 0.01f);
}

TEST_P(ElementwiseTest, AnElementIsTheSameWhereverItStands) {
  const std::vector<float> x = RandomVector(70, 2, 3);
  for (const Function f : kFunctions) {
    for (size_t n = 1; n <= 67; ++n) {
      for (const size_t first : {0, 1, 3}) {
        Rows y(1, n);
        Activate(f, n, x.data() + first, y.out()[0]);
        EXPECT_TRUE(y.GuardsHold());
        for (size_t i = 0; i < n; ++i) {
          const float alone = Of(f, x[first + i]);
          ASSERT_TRUE(SameBits(std::span(&alone, 1), y[0].subspan(i, 1))) << n << ", " << i;
        }
      }
    }
  }
}

TEST_P(ElementwiseTest, ActivateMayWriteOverItsInput) {
  std::vector<float> x = RandomVector(37, 3), y(37);
  Activate(Function::kTanh, 37, x.data(), y.data());
  Activate(Function::kTanh, 37, x.data(), x.data());
  EXPECT_TRUE(SameBits(x, y));
}

double ExactLogSumExp(const std::vector<float>& x) {
  const double max = *std::ranges::max_element(x);
  double sum = 0;
  for (const float value : x) sum += std::exp(value - max);
  return max + std::log(sum);
}

TEST_P(ElementwiseTest, SoftmaxEqualsTheOracleForEveryLength) {
  for (size_t n = 1; n <= 100; ++n) {
    for (const float scale : {0.01f, 1.0f, 30.0f, 1e6f}) {
      const std::vector<float> x = RandomVector(n, n, scale);
      const double log_sum = ExactLogSumExp(x);
      Rows y(1, n);
      Softmax(n, x.data(), y.out()[0]);
      EXPECT_TRUE(y.GuardsHold());
      double sum = 0;
      for (size_t i = 0; i < n; ++i) {
        ASSERT_NEAR(y[0][i], std::exp(x[i] - log_sum), 4e-7) << n << ", " << scale;
        sum += y[0][i];
      }
      EXPECT_NEAR(sum, 1, 1e-6);
      EXPECT_NEAR(LogSumExp(n, x.data()), log_sum, 4e-7 * std::max(1.0, std::abs(log_sum)));
    }
  }
}

TEST_P(ElementwiseTest, ScaledSoftmaxAnswersBothTheShareAndTheLogarithmOfTheSum) {
  for (const size_t n : {1, 7, 16, 33, 6887}) {
    const std::vector<float> x = RandomVector(n, n, 3);
    std::vector<float> once(n), scaled(n);
    Softmax(n, x.data(), once.data());
    EXPECT_EQ(ScaledSoftmax(n, x.data(), 0.25, scaled.data()), LogSumExp(n, x.data()));
    EXPECT_NEAR(LogSumExp(n, x.data()), ExactLogSumExp(x), 1e-6);
    for (size_t i = 0; i < n; ++i) ASSERT_FLOAT_EQ(scaled[i], once[i] / 4) << i;
  }
}

TEST_P(ElementwiseTest, SoftmaxOfHugeLogitsIsFinite) {
  const float max = std::numeric_limits<float>::max();
  const std::vector<float> x = {max, 0, -max, max};
  std::vector<float> y(4);
  Softmax(4, x.data(), y.data());
  EXPECT_EQ(y[0], 0.5f);
  EXPECT_EQ(y[3], 0.5f);
  EXPECT_NEAR(y[1] + y[2], 0, 1e-30);
}

TEST_P(ElementwiseTest, SoftmaxMayWriteOverItsInput) {
  std::vector<float> x = RandomVector(37, 4), y(37);
  Softmax(37, x.data(), y.data());
  Softmax(37, x.data(), x.data());
  EXPECT_TRUE(SameBits(x, y));
}

TEST_P(ElementwiseTest, ANanAnywhereShowsEverywhereInSoftmaxAndLogSumExp) {
  for (size_t at = 0; at < 19; ++at) {
    std::vector<float> x = RandomVector(19, 5), y(19);
    x[at] = kNan;
    Softmax(19, x.data(), y.data());
    for (const float value : y) EXPECT_TRUE(std::isnan(value)) << at;
    EXPECT_TRUE(std::isnan(LogSumExp(19, x.data()))) << at;
  }
}

SEQUENT_ON_EVERY_TARGET(ElementwiseTest);

}  // namespace
}  // namespace sequent::kernels
