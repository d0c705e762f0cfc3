#include "core/base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

namespace sequent {
namespace {

using Block = std::array<uint32_t, 4>;

// Random123, tests/kat_vectors, "philox4x32 10": counter, key, result.
TEST(Philox, GivesTheKnownAnswersOfItsAuthors) {
  EXPECT_EQ(Philox(0, {0, 0, 0, 0}), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox(0xffffffffffffffff, {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}),
            (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox(0x299f31d0a4093822, {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}),
            (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(RandomStream, IsAPureFunctionOfSeedNamesAndIndex) {
  const RandomStream one(7, 8, 9), same(7, 8, 9);
  for (const uint64_t i : {uint64_t{0}, uint64_t{1}, uint64_t{1} << 33, ~uint64_t{0}}) {
    EXPECT_EQ(one.Bits(i), same.Bits(i));
    EXPECT_EQ(one.Uniform(i), same.Uniform(i));
    EXPECT_EQ(one.Normal(i), same.Normal(i));
  }
}

TEST(RandomStream, NeighboursInSeedAndNamesShareNoElement) {
  std::set<uint64_t> seen;
  for (uint64_t seed = 0; seed < 6; ++seed) {
    for (uint64_t a = 0; a < 6; ++a) {
      for (uint64_t b = 0; b < 6; ++b) {
        const RandomStream stream(seed, a, b);
        for (uint64_t i = 0; i < 50; ++i) seen.insert(stream.Bits(i));
      }
    }
  }
  EXPECT_EQ(seen.size(), 6u * 6 * 6 * 50);
}

TEST(RandomStream, TheHighHalfOfTheIndexCounts) {
  const RandomStream stream(1, 2, 3);
  EXPECT_NE(stream.Bits(5), stream.Bits(5 + (uint64_t{1} << 32)));
}

// Correlation of n independent pairs has a standard deviation of 1 / sqrt(n).
double Correlation(const RandomStream& x, const RandomStream& y, uint64_t shift, int n) {
  double sum = 0;
  for (int i = 0; i < n; ++i) sum += x.Normal(i) * y.Normal(i + shift);
  return sum / n;
}

TEST(RandomStream, NeighbouringStreamsAreNotCorrelated) {
  constexpr int kCount = 20000;
  const double five_sigma = 5 / std::sqrt(kCount);
  const RandomStream stream(1, 2, 3);
  EXPECT_LT(std::abs(Correlation(stream, RandomStream(2, 2, 3), 0, kCount)), five_sigma);
  EXPECT_LT(std::abs(Correlation(stream, RandomStream(1, 3, 3), 0, kCount)), five_sigma);
  EXPECT_LT(std::abs(Correlation(stream, RandomStream(1, 2, 4), 0, kCount)), five_sigma);
  EXPECT_LT(std::abs(Correlation(stream, RandomStream(1, 3, 2), 0, kCount)), five_sigma);
  EXPECT_LT(std::abs(Correlation(stream, stream, 1, kCount)), five_sigma);
}

TEST(RandomStream, UniformFillsTheUnitIntervalEvenly) {
  constexpr int kCount = 100000, kBins = 100;
  const RandomStream stream(11, 0, 0);
  std::vector<int> bins(kBins);
  for (int i = 0; i < kCount; ++i) {
    const double u = stream.Uniform(i);
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    ++bins[static_cast<int>(u * kBins)];
  }
  double chi_square = 0;
  for (const int n : bins) chi_square += std::pow(n - kCount / kBins, 2) / (kCount / kBins);
  // 99 degrees of freedom: mean 99, standard deviation 14.
  EXPECT_GT(chi_square, 99 - 5 * 14);
  EXPECT_LT(chi_square, 99 + 5 * 14);
}

TEST(RandomStream, UniformIsAMultipleOfTwoToTheMinus53) {
  const RandomStream stream(12, 0, 0);
  for (int i = 0; i < 1000; ++i) {
    const double scaled = std::ldexp(stream.Uniform(i), 53);
    EXPECT_EQ(scaled, std::floor(scaled));
  }
}

TEST(RandomStream, NormalHasTheMomentsOfTheStandardNormal) {
  constexpr int kCount = 200000;
  const RandomStream stream(13, 0, 0);
  double sum[4] = {};
  for (int i = 0; i < kCount; ++i) {
    const double x = stream.Normal(i);
    ASSERT_TRUE(std::isfinite(x));
    for (int k = 0; k < 4; ++k) sum[k] += std::pow(x, k + 1);
  }
  // Each within five standard deviations of its mean's.
  EXPECT_NEAR(sum[0] / kCount, 0, 5 * std::sqrt(1.0 / kCount));
  EXPECT_NEAR(sum[1] / kCount, 1, 5 * std::sqrt(2.0 / kCount));
  EXPECT_NEAR(sum[2] / kCount, 0, 5 * std::sqrt(15.0 / kCount));
  EXPECT_NEAR(sum[3] / kCount, 3, 5 * std::sqrt(96.0 / kCount));
}

TEST(Permute, IsAPermutationOfEverySize) {
  for (uint64_t n = 1; n < 300; ++n) {
    std::vector<bool> taken(n);
    for (uint64_t i = 0; i < n; ++i) {
      const uint64_t place = Permute(42, n, i);
      ASSERT_LT(place, n);
      ASSERT_FALSE(taken[place]) << place << " twice of " << n;
      taken[place] = true;
    }
  }
}

TEST(Permute, StaysInsideOfHugeRanges) {
  const uint64_t sizes[] = {(uint64_t{1} << 32) + 1, uint64_t{1} << 63, ~uint64_t{0}};
  for (const uint64_t n : sizes) {
    std::set<uint64_t> places;
    for (uint64_t i = 0; i < 100; ++i) places.insert(Permute(1, n, n - 1 - i));
    EXPECT_EQ(places.size(), 100u);
    EXPECT_LT(*places.rbegin(), n);
  }
}

TEST(Permute, AnotherKeyGivesAnotherOrder) {
  int same = 0;
  for (uint64_t i = 0; i < 1000; ++i) same += Permute(1, 1000, i) == Permute(2, 1000, i);
  EXPECT_LT(same, 10);  // one in the mean
}

TEST(Permute, MovesMostAndKeepsNoDirection) {
  int fixed = 0, rises = 0;
  for (uint64_t i = 0; i < 1000; ++i) {
    fixed += Permute(3, 1001, i) == i;
    rises += Permute(3, 1001, i) < Permute(3, 1001, i + 1);
  }
  EXPECT_LT(fixed, 10);
  EXPECT_NEAR(rises, 500, 50);  // standard deviation 9
}

}  // namespace
}  // namespace sequent
