#include "core/base/aligned.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>

namespace sequent {
namespace {

TEST(RoundUp, GoesToTheNextMultipleAndStaysOnOne) {
  EXPECT_EQ(RoundUp(0, 64), 0u);
  EXPECT_EQ(RoundUp(1, 64), 64u);
  EXPECT_EQ(RoundUp(64, 64), 64u);
  EXPECT_EQ(RoundUp(65, 64), 128u);
  EXPECT_EQ(RoundUp(10, 3), 12u);
}

template <typename T>
bool IsAligned(const AlignedVector<T>& vector) {
  return reinterpret_cast<uintptr_t>(vector.data()) % kAlignment == 0;
}

TEST(AlignedVector, StandsOnACacheLineWhateverItsSize) {
  for (size_t size = 1; size < 200; ++size) {
    EXPECT_TRUE(IsAligned(AlignedVector<float>(size))) << size;
    EXPECT_TRUE(IsAligned(AlignedVector<std::byte>(size))) << size;
  }
}

TEST(AlignedVector, StaysAlignedAndKeepsItsValuesAsItGrows) {
  AlignedVector<double> vector;
  for (int i = 0; i < 1000; ++i) {
    vector.push_back(i);
    ASSERT_TRUE(IsAligned(vector)) << i;
  }
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(vector[i], i);
}

TEST(AlignedVector, CopiesAreAlignedToo) {
  const AlignedVector<float> original(3, 1.5f);
  const AlignedVector<float> copy = original;
  EXPECT_TRUE(IsAligned(copy));
  EXPECT_EQ(copy, original);
}

}  // namespace
}  // namespace sequent
