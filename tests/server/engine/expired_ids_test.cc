#include "server/engine/expired_ids.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace sequent::engine {
namespace {

constexpr int64_t kKeep = 1000;

TEST(ExpiredIds, AnExpiredIdIsRememberedForAWhile) {
  ExpiredIds ids(10, kKeep);
  ids.Add(7, 100);
  EXPECT_TRUE(ids.Contains(7, 100));
  EXPECT_TRUE(ids.Contains(7, 100 + kKeep - 1));
  EXPECT_FALSE(ids.Contains(7, 100 + kKeep));
}

TEST(ExpiredIds, AnIdThatNeverExpiredIsNotThere) {
  ExpiredIds ids(10, kKeep);
  ids.Add(7, 100);
  EXPECT_FALSE(ids.Contains(8, 100));
}

TEST(ExpiredIds, AnIdThatLivesAgainIsForgotten) {
  ExpiredIds ids(10, kKeep);
  ids.Add(7, 100);
  ids.Remove(7);
  EXPECT_FALSE(ids.Contains(7, 101));
  EXPECT_EQ(ids.size(), 0u);
}

TEST(ExpiredIds, BeyondTheBoundTheOldestGoFirst) {
  ExpiredIds ids(3, kKeep);
  for (uint64_t id = 1; id <= 5; ++id) ids.Add(id, 100 + static_cast<int64_t>(id));
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_FALSE(ids.Contains(2, 106));
  EXPECT_TRUE(ids.Contains(3, 106));
  EXPECT_TRUE(ids.Contains(5, 106));
}

TEST(ExpiredIds, WhatIsTooOldIsDroppedAsOthersCome) {
  ExpiredIds ids(100, kKeep);
  for (uint64_t id = 0; id < 10; ++id) ids.Add(id, 0);
  ids.Add(99, kKeep);
  EXPECT_EQ(ids.size(), 1u);
}

TEST(ExpiredIds, AnIdThatExpiresAgainIsKeptFromThenOn) {
  ExpiredIds ids(100, kKeep);
  ids.Add(7, 0);
  ids.Add(7, 600);
  ids.Add(8, kKeep);  // drops the first record of 7
  EXPECT_TRUE(ids.Contains(7, kKeep + 599));
  EXPECT_FALSE(ids.Contains(7, kKeep + 600));
}

TEST(ExpiredIds, AnIdThatExpiresAgainAndAgainTakesNoMoreThanItsBound) {
  ExpiredIds ids(3, kKeep);
  ids.Add(1, 0);
  for (int64_t now = 1; now <= 100; ++now) {
    ids.Add(7, now);
    ids.Remove(7);
  }
  ids.Add(7, 101);
  EXPECT_TRUE(ids.Contains(7, 101));
  EXPECT_LE(ids.size(), 3u);
}

TEST(ExpiredIds, WithoutRoomNothingIsRemembered) {
  ExpiredIds ids(0, kKeep);
  ids.Add(7, 100);
  EXPECT_FALSE(ids.Contains(7, 100));
}

TEST(ExpiredIds, WithoutTimeNothingIsRemembered) {
  ExpiredIds ids(10, 0);
  ids.Add(7, 100);
  EXPECT_FALSE(ids.Contains(7, 100));
  EXPECT_EQ(ids.size(), 0u);
}

}  // namespace
}  // namespace sequent::engine
