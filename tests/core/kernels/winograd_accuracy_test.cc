// What Winograd's inner product costs in accuracy, and what becomes of numbers out of the ordinary.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

#include "core/kernels/product.h"
#include "core/kernels/winograd.h"
#include "tests/core/kernels/oracle.h"
#include "tests/core/kernels/rows.h"
#include "tests/core/kernels/winograd_testing.h"

namespace sequent::kernels {
namespace {

constexpr size_t kOutputs = 48, kInputs = 256, kRows = 40;

class WinogradAccuracyTest : public OnEveryTarget {};

// Root mean square errors of one product, against double.
struct Errors {
  double plain = 0, winograd = 0;
};
Errors ErrorsOf(const std::vector<float>& w, size_t outputs, const Rows& x, Arithmetic arithmetic) {
  const size_t inputs = x.width();
  Errors errors;
  const auto square_error = [&](const PackedMatrix& packed) {
    Rows y(x.count(), outputs);
    Product(packed, x.count(), PreparedRows(packed, x.count(), x.in()).in(), Start::kZero, nullptr,
            y.out());
    double sum = 0;
    for (size_t r = 0; r < x.count(); ++r) {
      const oracle::Doubles exact =
          oracle::Affine(std::vector<float>(outputs), w, oracle::Doubles(x[r].begin(), x[r].end()));
      for (size_t o = 0; o < outputs; ++o) sum += std::pow(y[r][o] - exact[o], 2);
    }
    return std::sqrt(sum / static_cast<double>(x.count() * outputs));
  };
  errors.plain = square_error(PackedMatrix::Pack(w.data(), outputs, inputs));
  errors.winograd =
      square_error(PackedMatrix::Pack(w.data(), outputs, inputs, Precision::kFp32, arithmetic));
  return errors;
}

std::vector<float> UsualWeights() { return RandomVector(kOutputs * kInputs, 5, 1.0f / 16); }

// Normal numbers, input k as map(k, number).
template <class Map>
Rows MappedRows(uint64_t seed, const Map& map) {
  Rows x = Rows::Random(kRows, kInputs, seed);
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t k = 0; k < kInputs; ++k) x[r][k] = map(k, x[r][k]);
  }
  return x;
}

TEST_P(WinogradAccuracyTest, StatesOfACellCostNoMoreThanHalfAgainOfARoundingError) {
  const Rows h = MappedRows(6, [](size_t, float x) { return std::tanh(x); });
  const Errors errors = ErrorsOf(UsualWeights(), kOutputs, h, Arithmetic::kWinogradStates);
  EXPECT_LE(errors.winograd, 1.5 * errors.plain);
}

TEST_P(WinogradAccuracyTest, HoweverLargeRowsAreTheErrorIsThatOfMultiplyAdds) {
  for (const float size : {1e-15f, 1e-6f, 1.0f, 1e6f, 1e30f}) {
    const Rows x = MappedRows(7, [&](size_t, float value) { return value * size; });
    const Errors errors = ErrorsOf(UsualWeights(), kOutputs, x, Arithmetic::kWinograd);
    EXPECT_LE(errors.winograd, 1.5 * errors.plain) << size;
  }
}

// A sensor in pascals beside one in metres, before anybody has scaled them: the weights make up
// for it.
TEST_P(WinogradAccuracyTest, InputsOfVeryDifferentSizesCostNoAccuracy) {
  std::vector<float> w = UsualWeights();
  const auto size = [](size_t k) { return std::pow(10.0f, static_cast<float>(k % 13) - 6); };
  const Rows x = MappedRows(8, [&](size_t k, float value) { return value * size(k); });
  for (size_t i = 0; i < w.size(); ++i) w[i] /= size(i % kInputs);
  const Errors errors = ErrorsOf(w, kOutputs, x, Arithmetic::kWinograd);
  EXPECT_LE(errors.winograd, 1.5 * errors.plain);
}

TEST_P(WinogradAccuracyTest, InputsOfOneSignCostUpToFourTimesTheRoundingError) {
  const Rows x = MappedRows(9, [](size_t, float value) { return std::abs(value); });
  const Errors errors = ErrorsOf(UsualWeights(), kOutputs, x, Arithmetic::kWinograd);
  EXPECT_LE(errors.winograd, 4 * errors.plain);
}

TEST_P(WinogradAccuracyTest, ASingleInputGivesItsWeightsToSixDigits) {
  const std::vector<float> w = UsualWeights();
  for (const Arithmetic arithmetic : kBothWinograds) {
    const PackedMatrix packed =
        PackedMatrix::Pack(w.data(), kOutputs, kInputs, Precision::kFp32, arithmetic);
    for (const size_t k : {size_t{0}, size_t{100}, kInputs - 1}) {
      Rows x(1, kInputs), y(1, kOutputs);
      std::ranges::fill(x[0], 0.0f);
      x[0][k] = 1;
      Product(packed, 1, PreparedRows(packed, 1, x.in()).in(), Start::kZero, nullptr, y.out());
      for (size_t o = 0; o < kOutputs; ++o) EXPECT_NEAR(y[0][o], w[o * kInputs + k], 5e-7);
    }
  }
}

TEST_P(WinogradAccuracyTest, ARowOfZerosGivesTheBias) {
  const PackedMatrix packed = PackedMatrix::Pack(UsualWeights().data(), kOutputs, kInputs,
                                                 Precision::kFp32, Arithmetic::kWinograd);
  const AlignedVector<float> bias = packed.PackVector(RandomVector(kOutputs, 10).data());
  Rows x(1, kInputs), y(1, kOutputs);
  std::ranges::fill(x[0], 0.0f);
  Product(packed, 1, PreparedRows(packed, 1, x.in()).in(), Start::kBias, bias.data(), y.out());
  EXPECT_TRUE(SameBits(y[0], std::span(bias).first(kOutputs)));
}

TEST_P(WinogradAccuracyTest, AnInputWithoutWeightsDoesNotMatterHoweverLarge) {
  std::vector<float> w = UsualWeights();
  for (size_t o = 0; o < kOutputs; ++o) w[o * kInputs + 7] = 0;
  for (const Arithmetic arithmetic : kBothWinograds) {
    const PackedMatrix packed =
        PackedMatrix::Pack(w.data(), kOutputs, kInputs, Precision::kFp32, arithmetic);
    Rows x = Rows::Random(1, kInputs, 11), with(1, kOutputs), without(1, kOutputs);
    const auto run = [&](float value, Rows* y) {
      x[0][7] = value;
      Product(packed, 1, PreparedRows(packed, 1, x.in()).in(), Start::kZero, nullptr, y->out());
    };
    run(0, &without);
    run(3e38f, &with);
    EXPECT_TRUE(SameBits(with, without));
  }
}

TEST_P(WinogradAccuracyTest, ARowThatIsNotFiniteSpoilsNoOther) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    for (const Arithmetic arithmetic : kBothWinograds) {
      const PackedMatrix packed = PackedMatrix::Pack(UsualWeights().data(), kOutputs, kInputs,
                                                     Precision::kFp32, arithmetic);
      Rows x = Rows::Random(9, kInputs, 12), clean(9, kOutputs), y(9, kOutputs);
      Product(packed, 9, PreparedRows(packed, 9, x.in()).in(), Start::kZero, nullptr, clean.out());
      x[4][200] = bad;
      Product(packed, 9, PreparedRows(packed, 9, x.in()).in(), Start::kZero, nullptr, y.out());
      for (size_t r = 0; r < 9; ++r) {
        if (r != 4) EXPECT_TRUE(SameBits(y[r], clean[r])) << r;
      }
      for (const float value : y[4]) EXPECT_FALSE(std::isfinite(value));
    }
  }
}

TEST_P(WinogradAccuracyTest, WeightsThatAreNotFiniteAreMultipliedAsEver) {
  std::vector<float> w = UsualWeights();
  w[3 * kInputs + 5] = std::numeric_limits<float>::infinity();
  const PackedMatrix packed =
      PackedMatrix::Pack(w.data(), kOutputs, kInputs, Precision::kFp32, Arithmetic::kWinograd);
  EXPECT_EQ(packed.triples(), 0u);
  const Rows x = Rows::Random(6, kInputs, 13);
  Rows y(6, kOutputs), plain(6, kOutputs);
  Product(packed, 6, x.in(), Start::kZero, nullptr, y.out());
  Product(PackedMatrix::Pack(w.data(), kOutputs, kInputs), 6, x.in(), Start::kZero, nullptr,
          plain.out());
  EXPECT_TRUE(SameBits(y, plain));
}

TEST_P(WinogradAccuracyTest, WeightsOfAnySizeArePackedToTheSameProducts) {
  for (const float size : {1e-15f, 1e-6f, 1e15f}) {
    std::vector<float> w = UsualWeights();
    for (float& x : w) x *= size;
    const Rows x = Rows::Random(kRows, kInputs, 14);
    const Errors errors = ErrorsOf(w, kOutputs, x, Arithmetic::kWinograd);
    EXPECT_LE(errors.winograd, 1.5 * errors.plain) << size;
  }
}

SEQUENT_WHERE_WINOGRAD_FITS(WinogradAccuracyTest);

}  // namespace
}  // namespace sequent::kernels
