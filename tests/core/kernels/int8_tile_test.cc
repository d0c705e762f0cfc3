// Every implementation gives the very sums of the plain loop, extremes included.
#include "core/kernels/int8_tile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/aligned.h"
#include "core/base/random.h"

namespace sequent::kernels {
namespace {

using ::testing::Contains;
using ::testing::Eq;

class Int8TileTest : public ::testing::TestWithParam<std::string> {
 protected:
  Int8TileTest() { UseInt8Tile(GetParam()); }
  ~Int8TileTest() override { UseInt8Tile(""); }
};

struct Case {
  Case(size_t rows, size_t vectors, size_t groups, uint64_t seed)
      : stride(RoundUp(groups * 4 + 1, 64)),
        x(rows * stride),
        panel(groups * vectors * 64 + 64),
        starts(vectors * 16) {
    const RandomStream random(seed, rows, vectors);
    for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<uint8_t>(random.Bits(i));
    for (size_t i = 0; i < panel.size(); ++i) panel[i] = Weight(random.Bits(x.size() + i));
    for (size_t i = 0; i < starts.size(); ++i) {
      starts[i] = static_cast<int32_t>(random.Bits(1'000'000 + i) % 1'000'000) - 500'000;
    }
  }
  static int8_t Weight(uint64_t bits) {
    return static_cast<int8_t>(static_cast<int>(bits % 255) - 127);
  }

  size_t stride;
  AlignedVector<uint8_t> x;
  AlignedVector<int8_t> panel;
  AlignedVector<int32_t> starts;
};

AlignedVector<int32_t> Expected(const Case& c, size_t rows, size_t vectors, size_t groups) {
  const size_t columns = vectors * 16;
  AlignedVector<int32_t> sums(rows * columns);
  for (size_t r = 0; r < rows; ++r) {
    for (size_t column = 0; column < columns; ++column) {
      int64_t sum = c.starts[column];
      for (size_t k = 0; k < groups * 4; ++k) {
        sum += c.x[r * c.stride + k] * c.panel[(k / 4 * columns + column) * 4 + k % 4];
      }
      sums[r * columns + column] = static_cast<int32_t>(sum);
    }
  }
  return sums;
}

void ExpectExact(const Case& c, size_t rows, size_t vectors, size_t groups) {
  AlignedVector<int32_t> sums(rows * vectors * 16 + 1, 77);
  ChosenInt8Tile()(rows, vectors, c.x.data(), c.stride, c.panel.data(), groups, c.starts.data(),
                   sums.data());
  ASSERT_EQ(sums.back(), 77) << "written past the end";
  sums.pop_back();
  ASSERT_EQ(sums, Expected(c, rows, vectors, groups))
      << rows << " rows, " << vectors << " vectors, " << groups << " groups";
}

TEST_P(Int8TileTest, GivesTheSumsOfThePlainLoop) {
  for (size_t rows = 1; rows <= kInt8TileRows; ++rows) {
    for (size_t vectors = 1; vectors <= 4; ++vectors) {
      for (const size_t groups : {0, 1, 2, 3, 4, 5, 7, 8, 16, 33}) {
        ASSERT_NO_FATAL_FAILURE(
            ExpectExact(Case(rows, vectors, groups, groups), rows, vectors, groups));
      }
    }
  }
}

TEST_P(Int8TileTest, DoesNotSaturate) {
  Case c(kInt8TileRows, 4, 2000, 1);
  std::fill(c.x.begin(), c.x.end(), uint8_t{255});
  for (const int8_t w : {int8_t{127}, int8_t{-127}}) {
    std::fill(c.panel.begin(), c.panel.end(), w);
    ASSERT_NO_FATAL_FAILURE(ExpectExact(c, kInt8TileRows, 4, 2000));
  }
}

INSTANTIATE_TEST_SUITE_P(Tiles, Int8TileTest, ::testing::ValuesIn(OfferedInt8Tiles()),
                         [](const auto& info) { return info.param; });

TEST(Int8TileChoice, OffersThePortableOneAndTakesTheFirst) {
  EXPECT_THAT(OfferedInt8Tiles(), Contains("portable"));
  UseInt8Tile("");
  EXPECT_EQ(Int8TileName(), OfferedInt8Tiles().front());
}

TEST(Int8TileChoice, IsWhatWasAskedFor) {
  for (const std::string& name : OfferedInt8Tiles()) {
    UseInt8Tile(name);
    EXPECT_EQ(Int8TileName(), name);
  }
  UseInt8Tile("");
  EXPECT_THAT(Int8TileName(), Eq(OfferedInt8Tiles().front()));
}

}  // namespace
}  // namespace sequent::kernels
