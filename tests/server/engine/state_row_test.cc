#include "server/engine/state_row.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <utility>

namespace sequent::engine {
namespace {

bool IsFilledWith(const StateRow& row, int value) {
  for (size_t i = 0; i < row.bytes(); ++i) {
    if (row.data()[i] != std::byte(value)) return false;
  }
  return true;
}

class StateRowTest : public ::testing::Test {
 protected:
  StateSlab slab_{200};
};

TEST_F(StateRowTest, IsNoRowUntilAllocated) {
  EXPECT_FALSE(StateRow().valid());
  EXPECT_EQ(slab_.rows_in_use(), 0u);
}

TEST_F(StateRowTest, BeginsAsZeros) {
  const StateRow row = StateRow::Allocate(&slab_);
  ASSERT_TRUE(row.valid());
  EXPECT_EQ(row.bytes(), slab_.row_bytes());
  EXPECT_TRUE(IsFilledWith(row, 0));
}

TEST_F(StateRowTest, IsGivenBackWhenItsOwnerGoes) {
  {
    const StateRow row = StateRow::Allocate(&slab_);
    EXPECT_EQ(slab_.rows_in_use(), 1u);
  }
  EXPECT_EQ(slab_.rows_in_use(), 0u);
}

TEST_F(StateRowTest, NothingOfItIsLeftForTheNextOwner) {
  {
    const StateRow row = StateRow::Allocate(&slab_);
    std::memset(row.data(), 0x55, row.bytes());
  }
  EXPECT_TRUE(IsFilledWith(StateRow::Allocate(&slab_), 0));
}

TEST_F(StateRowTest, ResetGivesItBackOnce) {
  StateRow row = StateRow::Allocate(&slab_);
  row.Reset();
  EXPECT_FALSE(row.valid());
  const StateRow other = StateRow::Allocate(&slab_);
  row.Reset();
  EXPECT_EQ(slab_.rows_in_use(), 1u);
}

TEST_F(StateRowTest, MovesWithItsBytesAndLeavesNothingBehind) {
  StateRow row = StateRow::Allocate(&slab_);
  std::memset(row.data(), 7, row.bytes());
  StateRow moved = std::move(row);
  EXPECT_FALSE(row.valid());
  EXPECT_TRUE(IsFilledWith(moved, 7));
  EXPECT_EQ(slab_.rows_in_use(), 1u);
}

// How a request commits: its working row takes the place of the session's.
TEST_F(StateRowTest, MovingOverARowGivesTheOldOneBack) {
  StateRow session = StateRow::Allocate(&slab_), working = session.Copy();
  std::memset(working.data(), 9, working.bytes());
  session = std::move(working);
  EXPECT_EQ(slab_.rows_in_use(), 1u);
  EXPECT_TRUE(IsFilledWith(session, 9));
}

TEST_F(StateRowTest, MovedOntoItselfItStays) {
  StateRow row = StateRow::Allocate(&slab_);
  StateRow& same = row;
  row = std::move(same);
  EXPECT_TRUE(row.valid());
  EXPECT_EQ(slab_.rows_in_use(), 1u);
}

TEST_F(StateRowTest, ACopyHasTheSameBytesAndALifeOfItsOwn) {
  const StateRow row = StateRow::Allocate(&slab_);
  std::memset(row.data(), 3, row.bytes());
  const StateRow copy = row.Copy();
  EXPECT_TRUE(IsFilledWith(copy, 3));
  std::memset(copy.data(), 4, copy.bytes());
  EXPECT_TRUE(IsFilledWith(row, 3));
}

TEST_F(StateRowTest, ASpareRowIsCopiedIntoBeforeANewOneIsTaken) {
  SpareRows spare(slab_.row_bytes());
  const StateRow row = StateRow::Allocate(&slab_);
  std::memset(row.data(), 3, row.bytes());
  StateRow used = StateRow::Allocate(&slab_);
  std::memset(used.data(), 4, used.bytes());
  spare.Keep(std::move(used));
  EXPECT_EQ(spare.bytes(), slab_.row_bytes());
  EXPECT_TRUE(IsFilledWith(spare.Copy(row), 3));
  EXPECT_EQ(spare.bytes(), 0u);
  EXPECT_EQ(slab_.rows_in_use(), 1u);
  EXPECT_TRUE(IsFilledWith(spare.Copy(row), 3));  // there is none: a new one
}

TEST_F(StateRowTest, SpareRowsAreKeptUpToAMegabyte) {
  constexpr size_t kRowBytes = 300'032;
  StateSlab slab(kRowBytes);
  SpareRows spare(kRowBytes);
  for (int i = 0; i < 10; ++i) spare.Keep(StateRow::Allocate(&slab));
  EXPECT_EQ(spare.bytes(), 3 * kRowBytes);
  EXPECT_EQ(slab.rows_in_use(), 3u);
}

TEST_F(StateRowTest, SpareRowsAsLargeAsThatAreGivenBackAtOnce) {
  constexpr size_t kRowBytes = 2 << 20;
  StateSlab slab(kRowBytes);
  SpareRows spare(kRowBytes);
  spare.Keep(StateRow::Allocate(&slab));
  EXPECT_EQ(spare.bytes(), 0u);
  EXPECT_EQ(slab.rows_in_use(), 0u);
}

}  // namespace
}  // namespace sequent::engine
