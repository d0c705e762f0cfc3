// Whole-number matrices and rows for tests, with what they stand for.
#ifndef SEQUENT_TESTS_CORE_KERNELS_INT8_TESTING_H_
#define SEQUENT_TESTS_CORE_KERNELS_INT8_TESTING_H_

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "core/kernels/int8_matrix.h"
#include "core/kernels/int8_rows.h"
#include "core/kernels/int8_tile.h"
#include "core/kernels/target_choice.h"
#include "tests/core/kernels/rows.h"

namespace sequent::kernels {

// A test that runs on each SIMD target with each implementation of the tile.
class OnEveryInt8Target : public ::testing::TestWithParam<std::tuple<std::string, std::string>> {
 protected:
  OnEveryInt8Target() {
    UseTarget(std::get<0>(GetParam()));
    UseInt8Tile(std::get<1>(GetParam()));
  }
  ~OnEveryInt8Target() override {
    UseTarget("");
    UseInt8Tile("");
  }
};
#define SEQUENT_ON_EVERY_INT8_TARGET(test)                                  \
  INSTANTIATE_TEST_SUITE_P(                                                 \
      Targets, test,                                                        \
      ::testing::Combine(::testing::ValuesIn(kernels::OfferedTargets()),    \
                         ::testing::ValuesIn(kernels::OfferedInt8Tiles())), \
      [](const auto& info) { return std::get<0>(info.param) + "_" + std::get<1>(info.param); })

// Rows quantised, and the numbers they then stand for.
class QuantizedRows {
 public:
  explicit QuantizedRows(const Rows& x)
      : values_(x.count() * Int8Stride(x.width())),
        scales_(x.count()),
        stride_(Int8Stride(x.width())),
        width_(x.width()) {
    QuantizeRows(x.count(), x.width(), x.in(), in());
  }

  Int8Rows in(size_t first = 0) const {
    return Int8Rows{values_.data(), scales_.data(), stride_}.From(first);
  }
  int q(size_t r, size_t k) const { return values_[r * stride_ + k] - 128; }
  float scale(size_t r) const { return scales_[r]; }
  std::vector<double> Meant(size_t r) const {
    std::vector<double> meant;
    for (size_t k = 0; k < width_; ++k) meant.push_back(double{scales_[r]} * q(r, k));
    return meant;
  }

 private:
  mutable AlignedVector<uint8_t> values_;
  mutable std::vector<float> scales_;
  size_t stride_, width_;
};

// Random weights of `outputs` rows: whole numbers, scales, and their products.
struct Int8Weights {
  Int8Weights(size_t outputs, size_t inputs, uint64_t seed)
      : w(RandomVector(outputs * inputs, seed)), q(w.size()), scales(outputs) {
    for (size_t o = 0; o < outputs; ++o) {
      scales[o] = 0.02f / std::sqrt(static_cast<float>(inputs)) * (1 + static_cast<float>(o % 7));
      for (size_t k = 0; k < inputs; ++k) {
        const size_t i = o * inputs + k;
        q[i] = std::clamp(static_cast<int>(std::lrint(w[i] * 40)), -127, 127);
        if ((i + seed) % 11 == 0) q[i] = i % 2 == 0 ? 127 : -127;
        w[i] = static_cast<float>(q[i]) * scales[o];
      }
    }
  }

  std::vector<float> w;
  std::vector<int> q;
  std::vector<float> scales;
};

}  // namespace sequent::kernels

#endif  // SEQUENT_TESTS_CORE_KERNELS_INT8_TESTING_H_
