#include "server/engine/reply_cache.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

namespace sequent::engine {
namespace {

constexpr size_t kMany = 1000, kPlenty = 1 << 20;

std::shared_ptr<const StepReply> Reply(uint64_t step, size_t floats = 0) {
  auto reply = std::make_shared<StepReply>();
  reply->step = step;
  if (floats > 0) {
    HeadResult head;
    head.values.resize(floats);
    reply->heads.push_back(std::move(head));
  }
  return reply;
}

// A cache with requests of 2 steps each: 1-2, 3-4, ...
ReplyCache OfPairs(int count) {
  ReplyCache cache;
  for (int i = 0; i < count; ++i) {
    const uint64_t step = 2 * i + 1;
    cache.Add(step, 2, false, Reply(step), kMany, kPlenty);
  }
  return cache;
}

uint64_t StepOf(const ReplyCache::Entry* entry) {
  return entry == nullptr ? 0 : entry->reply->step;
}

TEST(ReplyCache, IsEmptyAtFirst) {
  const ReplyCache cache;
  EXPECT_TRUE(cache.empty());
  EXPECT_EQ(cache.bytes(), 0u);
  EXPECT_EQ(cache.Find(1, 1, false), nullptr);
  EXPECT_FALSE(cache.Covers(0));
  EXPECT_FALSE(cache.Covers(1));
}

TEST(ReplyCache, ARequestSentAgainFindsItsReply) {
  const ReplyCache cache = OfPairs(5);
  for (const uint64_t step : {1, 3, 5, 7, 9}) {
    EXPECT_EQ(StepOf(cache.Find(step, 2, false)), step);
  }
}

TEST(ReplyCache, ARequestForOtherStepsFindsNothing) {
  const ReplyCache cache = OfPairs(5);
  EXPECT_EQ(cache.Find(3, 1, false), nullptr);
  EXPECT_EQ(cache.Find(3, 3, false), nullptr);
  EXPECT_EQ(cache.Find(4, 2, false), nullptr);
  EXPECT_EQ(cache.Find(11, 2, false), nullptr);
}

TEST(ReplyCache, ARetriedEndWithStepsNeedNotSayThatItEnds) {
  ReplyCache cache;
  cache.Add(1, 2, true, Reply(1), kMany, kPlenty);
  EXPECT_NE(cache.Find(1, 2, true), nullptr);
  EXPECT_NE(cache.Find(1, 2, false), nullptr);
}

TEST(ReplyCache, AmongRequestsWithoutStepsTheEndIsToldApart) {
  ReplyCache cache;
  cache.Add(1, 3, false, Reply(1), kMany, kPlenty);
  cache.Add(4, 0, false, Reply(40), kMany, kPlenty);
  EXPECT_EQ(cache.Find(4, 0, true), nullptr);
  cache.Add(4, 0, true, Reply(41), kMany, kPlenty);
  EXPECT_EQ(StepOf(cache.Find(4, 0, false)), 40u);
  EXPECT_EQ(StepOf(cache.Find(4, 0, true)), 41u);
}

TEST(ReplyCache, CoversTheStepsOfItsRequestsOnly) {
  ReplyCache cache;
  cache.Add(5, 3, false, Reply(5), kMany, kPlenty);
  cache.Add(8, 0, false, Reply(8), kMany, kPlenty);
  cache.Add(8, 2, false, Reply(8), kMany, kPlenty);
  EXPECT_FALSE(cache.Covers(4));
  for (const uint64_t step : {5, 6, 7, 8, 9}) EXPECT_TRUE(cache.Covers(step)) << step;
  EXPECT_FALSE(cache.Covers(10));
  EXPECT_FALSE(cache.Covers(std::numeric_limits<uint64_t>::max()));
}

TEST(ReplyCache, ARequestWithoutStepsCoversNone) {
  ReplyCache cache;
  cache.Add(5, 0, false, Reply(5), kMany, kPlenty);
  EXPECT_FALSE(cache.Covers(5));
}

TEST(ReplyCache, AnAcknowledgedReplyIsForgotten) {
  ReplyCache cache = OfPairs(3);
  cache.Acknowledge(4);
  EXPECT_EQ(cache.Find(1, 2, false), nullptr);
  EXPECT_EQ(cache.Find(3, 2, false), nullptr);
  EXPECT_NE(cache.Find(5, 2, false), nullptr);
}

TEST(ReplyCache, AReplyOfWhichOnlyAPartIsAcknowledgedStays) {
  ReplyCache cache = OfPairs(3);
  cache.Acknowledge(3);
  EXPECT_EQ(cache.Find(1, 2, false), nullptr);
  EXPECT_NE(cache.Find(3, 2, false), nullptr);
}

TEST(ReplyCache, AcknowledgingNothingForgetsNothing) {
  ReplyCache cache = OfPairs(3);
  cache.Acknowledge(0);
  EXPECT_EQ(cache.size(), 3u);
}

TEST(ReplyCache, AcknowledgingEverythingLeavesNoBytes) {
  ReplyCache cache = OfPairs(3);
  cache.Acknowledge(6);
  EXPECT_TRUE(cache.empty());
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST(ReplyCache, BeyondTheNumberTheOldestGoFirst) {
  ReplyCache cache;
  for (uint64_t step = 1; step <= 10; ++step) {
    cache.Add(step, 1, false, Reply(step), 4, kPlenty);
    EXPECT_LE(cache.size(), 4u);
  }
  EXPECT_EQ(cache.Find(6, 1, false), nullptr);
  for (const uint64_t step : {7, 8, 9, 10}) EXPECT_EQ(StepOf(cache.Find(step, 1, false)), step);
}

TEST(ReplyCache, BeyondTheBytesTheOldestGoFirst) {
  ReplyCache cache;
  const size_t bound = 3 * ReplyBytes(*Reply(1, 1000));
  for (uint64_t step = 1; step <= 10; ++step) {
    cache.Add(step, 1, false, Reply(step, 1000), kMany, bound);
    EXPECT_LE(cache.bytes(), bound);
  }
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_EQ(cache.Find(7, 1, false), nullptr);
  EXPECT_NE(cache.Find(8, 1, false), nullptr);
}

TEST(ReplyCache, TheNewestStaysHoweverLargeItIs) {
  ReplyCache cache;
  cache.Add(1, 1, false, Reply(1), kMany, 100);
  cache.Add(2, 1, false, Reply(2, 100000), kMany, 100);
  EXPECT_EQ(cache.size(), 1u);
  EXPECT_EQ(StepOf(cache.Find(2, 1, false)), 2u);
  cache.Add(3, 1, false, Reply(3), 0, 0);
  EXPECT_EQ(StepOf(cache.Find(3, 1, false)), 3u);
}

TEST(ReplyCache, CountsTheBytesOfWhatItHolds) {
  ReplyCache cache;
  const auto small = Reply(1), large = Reply(2, 5000);
  EXPECT_GE(ReplyBytes(*large), ReplyBytes(*small) + 5000 * sizeof(float));
  cache.Add(1, 1, false, small, kMany, kPlenty);
  cache.Add(2, 1, false, large, kMany, kPlenty);
  EXPECT_EQ(cache.bytes(), ReplyBytes(*small) + ReplyBytes(*large));
  cache.Acknowledge(1);
  EXPECT_EQ(cache.bytes(), ReplyBytes(*large));
}

TEST(ReplyCache, LetsGoOfARepliesMemoryAsItForgetsIt) {
  ReplyCache cache;
  const auto first = Reply(1);
  cache.Add(1, 1, false, first, kMany, kPlenty);
  cache.Add(2, 1, false, Reply(2), kMany, kPlenty);
  cache.Add(3, 1, false, Reply(3), kMany, kPlenty);
  cache.Acknowledge(1);
  EXPECT_EQ(first.use_count(), 1);
}

TEST(ReplyCache, ALongLifeOfAddingAndAcknowledgingFindsEverythingInBetween) {
  ReplyCache cache;
  for (uint64_t step = 1; step <= 5000; ++step) {
    cache.Add(step, 1, false, Reply(step), kMany, kPlenty);
    if (step % 7 == 0) cache.Acknowledge(step - 3);
    const uint64_t oldest = step < 7 ? 1 : step / 7 * 7 - 2;
    ASSERT_EQ(cache.size(), step - oldest + 1);
    ASSERT_EQ(StepOf(cache.Find(oldest, 1, false)), oldest);
    ASSERT_EQ(cache.Find(oldest - 1, 1, false), nullptr);
  }
}

}  // namespace
}  // namespace sequent::engine
