#include "server/engine/stop_matcher.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sequent::engine {
namespace {

// What comes out of the pieces, joined by '|', with what Flush gives at the end.
std::string Out(const std::vector<std::string>& stops, const std::vector<std::string>& pieces) {
  StopMatcher matcher(&stops);
  std::string out;
  for (const std::string& piece : pieces) out += matcher.Append(piece) + "|";
  return out + matcher.Flush() + (matcher.stopped() ? " stopped" : "");
}

TEST(StopMatcher, WithoutStopsEverythingPasses) { EXPECT_EQ(Out({}, {"a", "b"}), "a|b|"); }

TEST(StopMatcher, EndsBeforeAStopString) {
  EXPECT_EQ(Out({"cd"}, {"abcdef", "g"}), "ab|| stopped");
}

TEST(StopMatcher, HoldsBackWhatMayBecomeAStopString) {
  EXPECT_EQ(Out({"\n\n"}, {"a", "\n", "b", "\n", "\n"}), "a||\nb||| stopped");
}

TEST(StopMatcher, TheEarliestOfSeveralStopStringsCounts) {
  EXPECT_EQ(Out({"xyz", "b"}, {"abxyz"}), "a| stopped");
}

TEST(StopMatcher, AnOverlappingBeginningIsNotLost) {
  EXPECT_EQ(Out({"aab"}, {"a", "a", "a", "b"}), "||a|| stopped");
}

TEST(StopMatcher, WhatWasHeldBackComesWithTheEnd) {
  EXPECT_EQ(Out({"abc"}, {"x", "a", "b"}), "x|||ab");
}

}  // namespace
}  // namespace sequent::engine
