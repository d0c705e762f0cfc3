#include "core/nn/arena.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <vector>

namespace sequent {
namespace {

bool Aligned(const void* address) { return reinterpret_cast<uintptr_t>(address) % 64 == 0; }

TEST(Arena, GivesAlignedMemoryThatDoesNotOverlap) {
  Arena arena;
  std::vector<std::pair<char*, size_t>> pieces;
  for (size_t n = 1; n < 3000; n += 7) pieces.emplace_back(arena.Allocate<char>(n), n);
  for (size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_TRUE(Aligned(pieces[i].first));
    std::memset(pieces[i].first, static_cast<int>(i), pieces[i].second);
  }
  for (size_t i = 0; i < pieces.size(); ++i) {
    EXPECT_EQ(pieces[i].first[0], static_cast<char>(i));
    EXPECT_EQ(pieces[i].first[pieces[i].second - 1], static_cast<char>(i));
  }
}

TEST(Arena, GivesRowsOnCacheLines) {
  Arena arena;
  float** rows = arena.AllocateRows(5, 17);
  for (size_t r = 0; r < 5; ++r) EXPECT_TRUE(Aligned(rows[r]));
  EXPECT_EQ(rows[1] - rows[0], 32);
}

TEST(Arena, GivesTheSameMemoryAgainOnceItFitsOneBlock) {
  Arena arena;
  auto pass = [&] {
    std::vector<char*> places;
    for (size_t n : {100, 70'000, 1, 500'000}) places.push_back(arena.Allocate<char>(n));
    arena.Reset();
    return places;
  };
  pass();
  const auto second = pass();
  EXPECT_EQ(pass(), second);
}

TEST(Arena, ResetOfAnUnusedArenaDoesNothing) {
  Arena arena;
  arena.Reset();
  EXPECT_NE(arena.Allocate<int>(1), nullptr);
}

}  // namespace
}  // namespace sequent
