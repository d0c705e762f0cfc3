// When a process takes itself for one of several.
#include "trainer/process_ranks.h"

#include <gtest/gtest.h>

namespace sequent {
namespace {

TEST(JoinRanks, IsNullWhereNothingSaysThatThereAreSeveral) {
  const auto ranks =
      JoinRanks({{"PATH", "/bin"}, {"PMI_SIZE", "1"}, {"OMPI_COMM_WORLD_SIZE", "1"}});
  ASSERT_TRUE(ranks.ok()) << ranks.status();
  EXPECT_EQ(*ranks, nullptr);
}

TEST(MarkOfRanks, IsTheVariableThatSaysSo) {
  EXPECT_EQ(MarkOfRanks({{"HOME", "2"}, {"PMI_SIZE", "2"}}), "PMI_SIZE=2");
  EXPECT_EQ(MarkOfRanks({{"PMI_SIZE", "1"}, {"OMPI_COMM_WORLD_SIZE", "16"}}),
            "OMPI_COMM_WORLD_SIZE=16");
  EXPECT_EQ(MarkOfRanks({{"PMI_SIZE", "1"}, {"OMPI_COMM_WORLD_SIZE", ""}}), "");
}

}  // namespace
}  // namespace sequent
