#include "server/rpc/problem_log.h"

#include <gtest/gtest.h>

namespace sequent::rpc {
namespace {

class ProblemLogTest : public testing::Test {
 protected:
  std::string Field(size_t event, const std::string& key) const {
    for (const auto& [name, value] : events.at(event).fields) {
      if (name == key) return value;
    }
    return "";
  }

  FakeClock clock;
  std::vector<Event> events;
  ProblemLog log{&clock, [this](const Event& event) { events.push_back(event); }};
};

TEST_F(ProblemLogTest, TheFirstProblemOfAKindIsReported) {
  log.Note("STEP_GAP", "expected 3");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].name, "request_problem");
  EXPECT_EQ(events[0].level, Event::Level::kWarning);
  EXPECT_EQ(Field(0, "kind"), "STEP_GAP");
  EXPECT_EQ(Field(0, "message"), "expected 3");
  EXPECT_EQ(Field(0, "unreported"), "0");
}

TEST_F(ProblemLogTest, MoreWithinASecondAreOnlyCounted) {
  for (int i = 0; i < 1000; ++i) log.Note("STEP_GAP", "expected 3");
  EXPECT_EQ(events.size(), 1u);
  clock.AdvanceSeconds(1);
  log.Note("STEP_GAP", "expected 4");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(Field(1, "unreported"), "999");
  clock.AdvanceSeconds(1);
  log.Note("STEP_GAP", "expected 5");
  EXPECT_EQ(Field(2, "unreported"), "0");
}

TEST_F(ProblemLogTest, KindsAreCountedApart) {
  log.Note("STEP_GAP", "a");
  log.Note("QUEUE_FULL", "b");
  log.Note("STEP_GAP", "a");
  EXPECT_EQ(events.size(), 2u);
}

TEST_F(ProblemLogTest, WithoutASinkNothingHappens) { ProblemLog(&clock, {}).Note("STEP_GAP", "a"); }

}  // namespace
}  // namespace sequent::rpc
