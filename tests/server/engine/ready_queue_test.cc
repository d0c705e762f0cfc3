#include "server/engine/ready_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace sequent::engine {
namespace {

class ReadyQueueTest : public ::testing::Test {
 protected:
  Session* Make(uint16_t principal, uint32_t cost = 1) {
    Session& session = sessions_.emplace_back();
    session.principal = principal;
    session.ready_cost = cost;
    return &session;
  }
  // Pops, counts the session's cost for its principal, and pushes it again, `times` times.
  std::map<uint32_t, size_t> StepsServed(ReadyQueue* queue, int times) {
    std::map<uint32_t, size_t> steps;
    for (int i = 0; i < times; ++i) {
      Session* session = queue->Pop();
      steps[session->principal] += session->ready_cost;
      queue->Push(session);
    }
    return steps;
  }

  std::deque<Session> sessions_;
};

TEST_F(ReadyQueueTest, AChainGivesItsSessionsBackInOrder) {
  SessionChain chain;
  EXPECT_TRUE(chain.empty());
  EXPECT_EQ(chain.PopFront(), nullptr);
  Session *a = Make(0), *b = Make(1), *c = Make(0);
  for (Session* session : {a, b}) chain.Append(session);
  EXPECT_EQ(chain.PopFront(), a);
  chain.Append(c);
  EXPECT_EQ(chain.front(), b);
  EXPECT_EQ(chain.PopFront(), b);
  EXPECT_EQ(chain.PopFront(), c);
  EXPECT_TRUE(chain.empty());
}

TEST_F(ReadyQueueTest, IsEmptyAtFirst) {
  ReadyQueue queue(64);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.Pop(), nullptr);
}

TEST_F(ReadyQueueTest, OnePrincipalIsServedInOrder) {
  ReadyQueue queue(64);
  std::vector<Session*> pushed;
  for (int i = 0; i < 100; ++i) {
    pushed.push_back(Make(0, static_cast<size_t>(i * 37 % 64 + 1)));
    queue.Push(pushed.back());
  }
  EXPECT_EQ(queue.size(), 100u);
  for (Session* session : pushed) EXPECT_EQ(queue.Pop(), session);
  EXPECT_TRUE(queue.empty());
}

TEST_F(ReadyQueueTest, ASessionWithWorkLeftGoesToTheEndOfItsLine) {
  ReadyQueue queue(64);
  Session *a = Make(0), *b = Make(0);
  queue.Push(a);
  queue.Push(b);
  EXPECT_EQ(queue.Pop(), a);
  queue.Push(a);
  EXPECT_EQ(queue.Pop(), b);
  EXPECT_EQ(queue.Pop(), a);
}

TEST_F(ReadyQueueTest, APrincipalOfManySessionsGetsNoMoreStepsThanOneOfFew) {
  ReadyQueue queue(16);
  for (int i = 0; i < 500; ++i) queue.Push(Make(1));
  for (int i = 0; i < 20; ++i) queue.Push(Make(2));
  const auto steps = StepsServed(&queue, 3200);
  EXPECT_EQ(steps.at(1) + steps.at(2), 3200u);
  EXPECT_NEAR(static_cast<double>(steps.at(1)), static_cast<double>(steps.at(2)), 2 * 16);
}

TEST_F(ReadyQueueTest, ShortAndLongChunksShareStepsNotTurns) {
  ReadyQueue queue(16);
  for (int i = 0; i < 10; ++i) {
    queue.Push(Make(1, 1));
    queue.Push(Make(2, 16));
    queue.Push(Make(3, 5));
  }
  const auto steps = StepsServed(&queue, 20000);
  for (const uint32_t other : {2, 3}) {
    EXPECT_NEAR(static_cast<double>(steps.at(1)), static_cast<double>(steps.at(other)), 64);
  }
}

TEST_F(ReadyQueueTest, NobodyWaitsForMoreThanOneTurnOfTheOthers) {
  ReadyQueue queue(8);
  for (int i = 0; i < 100; ++i) {
    for (const uint32_t principal : {1, 2, 3}) queue.Push(Make(principal));
  }
  StepsServed(&queue, 1000);
  Session* late = Make(9);
  queue.Push(late);
  int waited = 0;
  while (queue.Pop() != late) ++waited;
  EXPECT_LE(waited, 2 * 3 * 8);
}

TEST_F(ReadyQueueTest, AChunkLongerThanTheQuantumStillGetsItsTurn) {
  ReadyQueue queue(4);
  Session* longer = Make(1, 64);
  queue.Push(longer);
  for (int i = 0; i < 1000; ++i) queue.Push(Make(2));
  int waited = 0;
  while (queue.Pop() != longer) ++waited;
  EXPECT_GE(waited, 64 - 2 * 4);
  EXPECT_LE(waited, 64 + 2 * 4);
}

TEST_F(ReadyQueueTest, APrincipalThatWasAwaySavesNothingUp) {
  ReadyQueue queue(8);
  for (int i = 0; i < 20; ++i) queue.Push(Make(1));
  Session* rare = Make(2);
  for (int visit = 0; visit < 5; ++visit) {  // comes, is served, goes
    queue.Push(rare);
    while (queue.Pop() != rare) queue.Push(Make(1));
  }
  for (int i = 0; i < 100; ++i) queue.Push(Make(2));
  const auto steps = StepsServed(&queue, 320);
  EXPECT_NEAR(static_cast<double>(steps.at(1)), static_cast<double>(steps.at(2)), 2 * 8);
}

TEST_F(ReadyQueueTest, EverySessionPushedIsPoppedOnce) {
  ReadyQueue queue(8);
  std::vector<Session*> pushed;
  for (uint32_t i = 0; i < 1000; ++i) {
    pushed.push_back(Make(i * i % 7, i % 13 + 1));
    queue.Push(pushed.back());
  }
  std::vector<Session*> popped;
  while (Session* session = queue.Pop()) popped.push_back(session);
  std::ranges::sort(pushed);
  std::ranges::sort(popped);
  EXPECT_EQ(pushed, popped);
  EXPECT_EQ(queue.size(), 0u);
}

}  // namespace
}  // namespace sequent::engine
