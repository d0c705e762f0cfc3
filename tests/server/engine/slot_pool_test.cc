#include "server/engine/slot_pool.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "core/base/random.h"

namespace sequent::engine {
namespace {

TEST(SlotPool, ASlotThatWasGivenBackIsTheNextOneTaken) {
  SlotPool pool;
  void* const slot = pool.Take(100);
  pool.Take(100);
  pool.Give(slot, 100);
  EXPECT_EQ(pool.Take(100), slot);
}

TEST(SlotPool, SizesOfOneStepShareTheirSlots) {
  SlotPool pool;
  void* const slot = pool.Take(97);
  pool.Give(slot, 97);
  EXPECT_NE(pool.Take(96), slot);
  EXPECT_NE(pool.Take(113), slot);
  EXPECT_EQ(pool.Take(112), slot);
}

TEST(SlotPool, MemoryIsAlignedForAnyObject) {
  SlotPool pool;
  for (size_t bytes = 1; bytes <= 2000; ++bytes) {
    void* const memory = pool.Take(bytes);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % alignof(std::max_align_t), 0u);
    pool.Give(memory, bytes);
  }
}

TEST(SlotPool, GivesNoMoreThanAQuarterTooMuch) {
  for (size_t bytes = 1; bytes <= 100'000; ++bytes) {
    const size_t size = SlotPool::SizeOf(bytes);
    ASSERT_GE(size, bytes);
    ASSERT_LE(size - bytes, std::max<size_t>(15, bytes / 4));
    ASSERT_EQ(SlotPool::SizeOf(size), size);
  }
}

TEST(SlotPool, ALargePieceIsUsedAgainForOneOfItsSize) {
  SlotPool pool;
  void* const piece = pool.Take(5000);
  pool.Give(piece, 5000);
  void* const other = pool.Take(9000);
  EXPECT_NE(other, piece);
  EXPECT_EQ(pool.Take(4999), piece);
  pool.Give(other, 9000);
  pool.Give(piece, 5000);
}

TEST(SlotPool, KeepsFewLargePieces) {
  SlotPool pool;
  std::vector<void*> pieces;
  for (int i = 0; i < 100; ++i) pieces.push_back(pool.Take(5000));
  const auto before = mallinfo2().uordblks;
  for (void* piece : pieces) pool.Give(piece, 5000);
  if (before > 0) {  // a sanitizer's malloc counts nothing
    EXPECT_LT(mallinfo2().uordblks + 90 * 5000, before);
  }
}

TEST(SlotPool, NoTwoSlotsOverlap) {
  SlotPool pool;
  const RandomStream random(1, 0, 0);
  std::vector<std::pair<unsigned char*, size_t>> taken;
  for (uint64_t i = 0; i < 5000; ++i) {
    if (!taken.empty() && random.Bits(3 * i) % 3 == 0) {
      const size_t which = random.Bits(3 * i + 1) % taken.size();
      pool.Give(taken[which].first, taken[which].second);
      taken.erase(taken.begin() + static_cast<ptrdiff_t>(which));
    }
    const size_t bytes = 1 + random.Bits(3 * i + 2) % 1000;
    auto* const slot = static_cast<unsigned char*>(pool.Take(bytes));
    std::memset(slot, static_cast<int>(bytes % 251), bytes);
    taken.emplace_back(slot, bytes);
  }
  for (const auto& [slot, bytes] : taken) {
    for (size_t i = 0; i < bytes; ++i) ASSERT_EQ(slot[i], bytes % 251);
    pool.Give(slot, bytes);
  }
}

}  // namespace
}  // namespace sequent::engine
