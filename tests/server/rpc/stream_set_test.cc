#include "server/rpc/stream_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

namespace sequent::rpc {
namespace {

using testing::ElementsAre;

// Keeps what it is told.
class Target final : public NoticeTarget {
 public:
  void Notify(const Status& status) override { notices.push_back(Message(status)); }
  void End(const Status& status) override { ends.push_back(Message(status)); }

  std::vector<std::string_view> notices, ends;
};

const Status kDraining = absl::UnavailableError("draining");

TEST(StreamSet, TellsEveryOpenStream) {
  StreamSet set;
  const auto a = std::make_shared<Target>(), b = std::make_shared<Target>();
  set.Add(a);
  set.Add(b);
  set.NotifyAll(kDraining);
  EXPECT_THAT(a->notices, ElementsAre("draining"));
  EXPECT_THAT(b->notices, ElementsAre("draining"));
  EXPECT_THAT(a->ends, ElementsAre());
  set.EndAll(kDraining);
  EXPECT_THAT(a->ends, ElementsAre("draining"));
}

TEST(StreamSet, TellsNoStreamThatWasRemovedOrHasGone) {
  StreamSet set;
  const auto removed = std::make_shared<Target>();
  set.Remove(set.Add(removed));
  set.Add(std::make_shared<Target>());
  set.NotifyAll(kDraining);
  EXPECT_THAT(removed->notices, ElementsAre());
}

TEST(StreamSet, NumbersAreNeverGivenTwiceAndNeverZero) {
  StreamSet set;
  const auto target = std::make_shared<Target>();
  const uint64_t first = set.Add(target);
  EXPECT_NE(first, 0u);
  set.Remove(first);
  EXPECT_NE(set.Add(target), first);
}

// A stream that takes itself out when it is told to end.
class Leaver final : public NoticeTarget {
 public:
  explicit Leaver(StreamSet* set) : set_(set) {}
  void Notify(const Status&) override {}
  void End(const Status&) override { set_->Remove(id); }

  uint64_t id = 0;

 private:
  StreamSet* const set_;
};

TEST(StreamSet, AStreamMayLeaveWhileItIsTold) {
  StreamSet set;
  const auto leaver = std::make_shared<Leaver>(&set);
  leaver->id = set.Add(leaver);
  set.EndAll(kDraining);
}

}  // namespace
}  // namespace sequent::rpc
