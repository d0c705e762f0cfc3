#include "server/engine/slot_pool.h"

#include <gtest/gtest.h>

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

TEST(SlotPool, SlotsAreAlignedForAnyObject) {
  SlotPool pool;
  for (size_t bytes = 1; bytes <= SlotPool::kMaxBytes; ++bytes) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(pool.Take(bytes)) % alignof(std::max_align_t), 0u);
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
    const size_t bytes = 1 + random.Bits(3 * i + 2) % SlotPool::kMaxBytes;
    auto* const slot = static_cast<unsigned char*>(pool.Take(bytes));
    std::memset(slot, static_cast<int>(bytes % 251), bytes);
    taken.emplace_back(slot, bytes);
  }
  for (const auto& [slot, bytes] : taken) {
    for (size_t i = 0; i < bytes; ++i) ASSERT_EQ(slot[i], bytes % 251);
  }
}

}  // namespace
}  // namespace sequent::engine
