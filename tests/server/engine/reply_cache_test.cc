#include "server/engine/reply_cache.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "core/base/random.h"

namespace sequent::engine {
namespace {

constexpr size_t kMany = 1000, kPlenty = 1 << 20;
constexpr size_t kHeader = 3;  // of an entry with small numbers

// A cache with its memory. Replies are `bytes` bytes that begin with a number, by default their
// step.
class ReplyCacheTest : public testing::Test {
 protected:
  ~ReplyCacheTest() override { cache.Clear(&pool); }

  void Add(uint64_t step, uint32_t steps, bool end = false, size_t bytes = sizeof(uint64_t),
           size_t max_entries = kMany, size_t max_bytes = kPlenty) {
    AddNumber(step, step, steps, end, bytes, max_entries, max_bytes);
  }
  void AddNumber(uint64_t number, uint64_t step, uint32_t steps, bool end,
                 size_t bytes = sizeof(uint64_t), size_t max_entries = kMany,
                 size_t max_bytes = kPlenty) {
    std::byte* to = cache.Add(step, steps, end, bytes, max_entries, max_bytes, &pool);
    std::memset(to, 0xab, bytes);
    std::memcpy(to, &number, sizeof(number));
  }
  // Requests of 2 steps each: 1-2, 3-4, ...
  void AddPairs(int count) {
    for (int i = 0; i < count; ++i) Add(2 * i + 1, 2);
  }
  // The number of the reply that is found; 0: none is.
  uint64_t Find(uint64_t step, uint32_t steps, bool end = false) const {
    const auto entry = cache.Find(step, steps, end);
    uint64_t number = 0;
    if (entry.has_value()) std::memcpy(&number, entry->reply.data(), sizeof(number));
    return number;
  }

  SlotPool pool;
  ReplyCache cache;
};

TEST_F(ReplyCacheTest, IsEmptyAtFirstAndHasNoMemory) {
  EXPECT_TRUE(cache.empty());
  EXPECT_EQ(cache.bytes(), 0u);
  EXPECT_EQ(Find(1, 1), 0u);
  EXPECT_FALSE(cache.Covers(0));
  EXPECT_FALSE(cache.Covers(1));
}

TEST_F(ReplyCacheTest, ARequestSentAgainFindsItsReply) {
  AddPairs(5);
  for (const uint64_t step : {1, 3, 5, 7, 9}) EXPECT_EQ(Find(step, 2), step);
}

TEST_F(ReplyCacheTest, AReplyIsAsLongAsItWasSaidToBe) {
  Add(1, 2, false, 100);
  const auto entry = cache.Find(1, 2, false);
  ASSERT_TRUE(entry.has_value());
  EXPECT_EQ(entry->step, 1u);
  EXPECT_EQ(entry->steps, 2u);
  ASSERT_EQ(entry->reply.size(), 100u);
  EXPECT_EQ(entry->reply.back(), std::byte(0xab));
}

TEST_F(ReplyCacheTest, ARequestForOtherStepsFindsNothing) {
  AddPairs(5);
  EXPECT_EQ(Find(3, 1), 0u);
  EXPECT_EQ(Find(3, 3), 0u);
  EXPECT_EQ(Find(4, 2), 0u);
  EXPECT_EQ(Find(11, 2), 0u);
}

TEST_F(ReplyCacheTest, ARetriedEndWithStepsNeedNotSayThatItEnds) {
  Add(1, 2, true);
  EXPECT_EQ(Find(1, 2, true), 1u);
  EXPECT_EQ(Find(1, 2, false), 1u);
}

TEST_F(ReplyCacheTest, AmongRequestsWithoutStepsTheEndIsToldApart) {
  Add(1, 3);
  AddNumber(40, 4, 0, false);
  EXPECT_EQ(Find(4, 0, true), 0u);
  AddNumber(41, 4, 0, true);
  EXPECT_EQ(Find(4, 0, false), 40u);
  EXPECT_EQ(Find(4, 0, true), 41u);
}

TEST_F(ReplyCacheTest, KeepsTheLargestNumbersOfSteps) {
  constexpr uint64_t kFar = std::numeric_limits<uint64_t>::max() / 2;
  constexpr uint32_t kLong = std::numeric_limits<uint32_t>::max();
  AddNumber(7, kFar, kLong, true);
  EXPECT_EQ(Find(kFar, kLong, true), 7u);
  EXPECT_TRUE(cache.Covers(kFar + kLong - 1));
  EXPECT_FALSE(cache.Covers(kFar + kLong));
}

TEST_F(ReplyCacheTest, CoversTheStepsOfItsRequestsOnly) {
  Add(5, 3);
  Add(8, 0);
  Add(8, 2);
  EXPECT_FALSE(cache.Covers(4));
  for (const uint64_t step : {5, 6, 7, 8, 9}) EXPECT_TRUE(cache.Covers(step)) << step;
  EXPECT_FALSE(cache.Covers(10));
  EXPECT_FALSE(cache.Covers(std::numeric_limits<uint64_t>::max()));
}

TEST_F(ReplyCacheTest, ARequestWithoutStepsCoversNone) {
  Add(5, 0);
  EXPECT_FALSE(cache.Covers(5));
}

// ---- what is forgotten ----

TEST_F(ReplyCacheTest, AnAcknowledgedReplyIsForgotten) {
  AddPairs(3);
  cache.Acknowledge(4);
  EXPECT_EQ(Find(1, 2), 0u);
  EXPECT_EQ(Find(3, 2), 0u);
  EXPECT_EQ(Find(5, 2), 5u);
}

TEST_F(ReplyCacheTest, AReplyOfWhichOnlyAPartIsAcknowledgedStays) {
  AddPairs(3);
  cache.Acknowledge(3);
  EXPECT_EQ(Find(1, 2), 0u);
  EXPECT_EQ(Find(3, 2), 3u);
}

TEST_F(ReplyCacheTest, AcknowledgingNothingForgetsNothing) {
  AddPairs(3);
  cache.Acknowledge(0);
  EXPECT_EQ(cache.size(), 3u);
}

TEST_F(ReplyCacheTest, AcknowledgingEverythingLeavesNothing) {
  AddPairs(3);
  cache.Acknowledge(6);
  EXPECT_TRUE(cache.empty());
  EXPECT_EQ(Find(5, 2), 0u);
  EXPECT_FALSE(cache.Covers(5));
}

TEST_F(ReplyCacheTest, BeyondTheNumberTheOldestGoFirst) {
  for (uint64_t step = 1; step <= 10; ++step) {
    Add(step, 1, false, sizeof(uint64_t), 4);
    EXPECT_LE(cache.size(), 4u);
  }
  EXPECT_EQ(Find(6, 1), 0u);
  for (const uint64_t step : {7, 8, 9, 10}) EXPECT_EQ(Find(step, 1), step);
}

TEST_F(ReplyCacheTest, BeyondTheBytesTheOldestGoFirst) {
  for (uint64_t step = 1; step <= 10; ++step) Add(step, 1, false, 100, kMany, 3 * (100 + kHeader));
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_EQ(Find(7, 1), 0u);
  EXPECT_EQ(Find(8, 1), 8u);
}

TEST_F(ReplyCacheTest, TheNewestStaysHoweverLargeItIs) {
  Add(1, 1, false, 8, kMany, 100);
  Add(2, 1, false, 100000, kMany, 100);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(Find(2, 1), 2u);
  Add(3, 1, false, 8, 0, 0);
  EXPECT_EQ(Find(3, 1), 3u);
}

// ---- memory ----

TEST_F(ReplyCacheTest, AShortReplyTakesOneSmallSlot) {
  Add(1, 1, false, 20);
  EXPECT_EQ(cache.bytes(), 48u);
}

TEST_F(ReplyCacheTest, OneReplyAfterAnotherTakesTheMemoryOfOne) {
  for (uint64_t step = 1; step <= 100; ++step) {
    Add(step, 1, false, 20);
    cache.Acknowledge(step);
  }
  EXPECT_EQ(cache.bytes(), 48u);
}

TEST_F(ReplyCacheTest, AnEmptyOneThatIsTrimmedHasNoMemory) {
  AddPairs(100);
  cache.Acknowledge(200);
  cache.Trim(&pool);
  EXPECT_EQ(cache.bytes(), 0u);
  Add(201, 1);
  EXPECT_EQ(Find(201, 1), 201u);
}

TEST_F(ReplyCacheTest, TrimmingGivesBackWhatALargeReplyTook) {
  Add(1, 1, false, 100000);
  Add(2, 1, false, 20);
  cache.Trim(&pool);
  EXPECT_GE(cache.bytes(), 100000u);
  cache.Acknowledge(1);
  cache.Trim(&pool);
  EXPECT_LT(cache.bytes(), 100u);
  EXPECT_EQ(Find(2, 1), 2u);
}

TEST_F(ReplyCacheTest, TrimmingForgetsNothing) {
  AddPairs(300);
  cache.Acknowledge(590);
  cache.Trim(&pool);
  for (const uint64_t step : {591, 593, 595, 597, 599}) EXPECT_EQ(Find(step, 2), step);
}

TEST_F(ReplyCacheTest, ALongLifeOfAddingAndAcknowledgingFindsEverythingInBetween) {
  const RandomStream random(1, 2, 3);
  for (uint64_t step = 1; step <= 5000; ++step) {
    Add(step, 1, false, sizeof(uint64_t) + random.Bits(step) % 60);
    if (step % 7 == 0) cache.Acknowledge(step - 3);
    if (step % 11 == 0) cache.Trim(&pool);
    const uint64_t oldest = step < 7 ? 1 : step / 7 * 7 - 2;
    ASSERT_EQ(cache.size(), step - oldest + 1);
    for (uint64_t kept = oldest; kept <= step; ++kept) ASSERT_EQ(Find(kept, 1), kept);
    ASSERT_EQ(Find(oldest - 1, 1), 0u);
    ASSERT_LT(cache.bytes(), 4096u);
  }
}

}  // namespace
}  // namespace sequent::engine
