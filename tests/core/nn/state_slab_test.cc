#include "core/nn/state_slab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>
#include <unordered_set>
#include <vector>

namespace sequent {
namespace {

bool AllZero(const StateSlab& slab, RowRef row) {
  const std::byte* data = slab.Data(row);
  return std::all_of(data, data + slab.row_bytes(), [](std::byte b) { return b == std::byte{0}; });
}

TEST(StateSlab, RoundsRowsUpToCacheLines) {
  EXPECT_EQ(StateSlab(1).row_bytes(), 64u);
  EXPECT_EQ(StateSlab(64).row_bytes(), 64u);
  EXPECT_EQ(StateSlab(65).row_bytes(), 128u);
}

TEST(StateSlab, HandsOutAlignedZeroedRows) {
  StateSlab slab(192);
  for (int i = 0; i < 100; ++i) {
    const RowRef row = *slab.Allocate();
    EXPECT_EQ(reinterpret_cast<uintptr_t>(slab.Data(row)) % 64, 0u);
    EXPECT_TRUE(AllZero(slab, row));
  }
}

TEST(StateSlab, ZeroesAReleasedRowBeforeItIsReused) {
  StateSlab slab(256);
  const RowRef first = *slab.Allocate();
  std::memset(slab.Data(first), 0xAB, slab.row_bytes());
  ASSERT_TRUE(slab.Release(first));
  const RowRef second = *slab.Allocate();
  ASSERT_EQ(second.index, first.index);
  EXPECT_TRUE(AllZero(slab, second));
}

TEST(StateSlab, FindsOutAStaleHolder) {
  StateSlab slab(64);
  const RowRef old = *slab.Allocate();
  ASSERT_TRUE(slab.Release(old));
  EXPECT_EQ(slab.Data(old), nullptr);
  const RowRef current = *slab.Allocate();
  ASSERT_EQ(current.index, old.index);
  EXPECT_NE(current.generation, old.generation);
  EXPECT_EQ(slab.Data(old), nullptr);
  EXPECT_NE(slab.Data(current), nullptr);
}

TEST(StateSlab, IgnoresAStaleRelease) {
  StateSlab slab(64);
  const RowRef old = *slab.Allocate();
  ASSERT_TRUE(slab.Release(old));
  EXPECT_FALSE(slab.Release(old));
  const RowRef current = *slab.Allocate();
  EXPECT_FALSE(slab.Release(old));
  EXPECT_EQ(slab.rows_in_use(), 1u);
  EXPECT_NE(slab.Data(current), nullptr);
}

TEST(StateSlab, KnowsNothingOfRowsItNeverHandedOut) {
  StateSlab slab(64);
  EXPECT_EQ(slab.Data(RowRef()), nullptr);
  EXPECT_FALSE(slab.Release(RowRef()));
  ASSERT_TRUE(slab.Allocate());
  EXPECT_EQ(slab.Data({.index = 1, .generation = 1}), nullptr);
  EXPECT_EQ(slab.Data({.index = 1, .generation = 0}), nullptr);
  EXPECT_FALSE(slab.Release({.index = 1, .generation = 0}));
  EXPECT_FALSE(slab.Release({.index = 4'000'000'000, .generation = 1}));
}

TEST(StateSlab, AddressesStayGoodWhileItGrowsToAMillionRows) {
  StateSlab slab(64);
  const RowRef first = *slab.Allocate();
  std::byte* const address = slab.Data(first);
  address[0] = std::byte{42};
  std::vector<RowRef> rows;
  for (int i = 0; i < 1'000'000; ++i) rows.push_back(*slab.Allocate());
  EXPECT_EQ(slab.rows_in_use(), 1'000'001u);
  EXPECT_EQ(slab.Data(first), address);
  EXPECT_EQ(address[0], std::byte{42});
  std::unordered_set<const std::byte*> places;
  for (RowRef row : rows) places.insert(slab.Data(row));
  EXPECT_EQ(places.size(), rows.size());
  for (RowRef row : rows) ASSERT_TRUE(slab.Release(row));
  EXPECT_EQ(slab.rows_in_use(), 1u);
}

TEST(StateSlab, TakesRowsLargerThanABlock) {
  StateSlab slab(3 << 20);
  const RowRef a = *slab.Allocate();
  const RowRef b = *slab.Allocate();
  std::memset(slab.Data(a), 1, slab.row_bytes());
  EXPECT_TRUE(AllZero(slab, b));
}

TEST(StateSlab, ReusesRowsInsteadOfGrowing) {
  StateSlab slab(64);
  for (int i = 0; i < 1000; ++i) {
    const RowRef row = *slab.Allocate();
    EXPECT_EQ(row.index, 0u);
    slab.Release(row);
  }
}

// Each thread fills its own rows with its own byte and must find them untouched.
TEST(StateSlab, KeepsThreadsApart) {
  StateSlab slab(4096);
  std::atomic<int> spoiled{0};
  auto work = [&](unsigned id) {
    std::vector<RowRef> held;
    for (int i = 0; i < 4000; ++i) {
      const RowRef row = *slab.Allocate();
      if (!AllZero(slab, row)) ++spoiled;
      std::memset(slab.Data(row), static_cast<int>(id), slab.row_bytes());
      held.push_back(row);
      if (held.size() < 40) continue;
      const RowRef victim = held[i % held.size()];
      held[i % held.size()] = held.back();
      held.pop_back();
      const std::byte* data = slab.Data(victim);
      if (data == nullptr || data[0] != std::byte(id) || data[4095] != std::byte(id)) ++spoiled;
      if (!slab.Release(victim)) ++spoiled;
    }
    for (RowRef row : held) slab.Release(row);
  };
  std::vector<std::thread> threads;
  for (unsigned id = 1; id <= 4; ++id) threads.emplace_back(work, id);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(spoiled, 0);
  EXPECT_EQ(slab.rows_in_use(), 0u);
}

TEST(StateSlab, OfManyWhoReleaseOneRowOneSucceeds) {
  StateSlab slab(64);
  for (int round = 0; round < 200; ++round) {
    const RowRef row = *slab.Allocate();
    std::atomic<int> released{0};
    auto release = [&] { released += slab.Release(row) ? 1 : 0; };
    std::thread a(release), b(release);
    a.join();
    b.join();
    ASSERT_EQ(released, 1);
  }
  EXPECT_EQ(slab.rows_in_use(), 0u);
}

}  // namespace
}  // namespace sequent
