#include "server/rpc/affinity.h"

#include <gtest/gtest.h>

#include "core/base/error.h"

namespace sequent::rpc {
namespace {

TEST(Affinity, WithoutAKeyEverySessionAgrees) {
  EXPECT_TRUE(Affinity().Check("anything").ok());
  EXPECT_TRUE(Affinity().Check("").ok());
}

TEST(Affinity, TheKeyItselfAgrees) { EXPECT_TRUE(Affinity("user").Check("user").ok()); }

TEST(Affinity, SessionsBelowTheKeyAgree) {
  EXPECT_TRUE(Affinity("user").Check("user/a").ok());
  EXPECT_TRUE(Affinity("user").Check("user/a/b").ok());
  EXPECT_TRUE(Affinity("user").Check("user/").ok());
}

TEST(Affinity, SessionsThatOnlyBeginLikeTheKeyDoNotAgree) {
  for (const char* id : {"users", "use", "user2/a", "other/user", ""}) {
    EXPECT_EQ(ReasonOf(Affinity("user").Check(id)), Reason::kBadRequest) << id;
  }
}

}  // namespace
}  // namespace sequent::rpc
