// When answers come and who is told of them: calls of many requests, the hook after answers, and
// ticks that the caller of Predict runs itself.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/server/engine/engine_harness.h"

namespace sequent::engine {
namespace {

class AnsweringTest : public testing::Test {
 protected:
  AnsweringTest() {
    harness_.engine()->SetAnsweredHook(
        [this](Engine::Answerer) { answered_at_hook_.push_back(answered_); });
  }

  StepRequest Request(const std::string& session, uint64_t step) {
    StepRequest request = TextRequest(session, step, "a");
    request.done = [this, session, step](const std::shared_ptr<const StepReply>& reply) {
      ++answered_;
      order_.push_back(StrCat(session, step, reply->status.ok() ? "" : "!"));
    };
    return request;
  }
  // Begins the sessions and forgets what was noted so far.
  void Begin(const std::vector<std::string>& sessions) {
    for (const std::string& session : sessions) harness_.engine()->Predict(Request(session, 1));
    harness_.RunTicks();
    answered_at_hook_.clear();
    order_.clear();
    answered_ = 0;
  }

  int answered_ = 0;
  std::vector<int> answered_at_hook_;
  std::vector<std::string> order_;
  EngineHarness harness_;  // the first to go: it stops, and calls the hook
};

TEST_F(AnsweringTest, TheRequestsOfACallShareATick) {
  Begin({"a", "b", "c"});
  std::vector<StepRequest> requests;
  for (const char* session : {"a", "b", "c"}) requests.push_back(Request(session, 2));
  harness_.engine()->Predict(requests);
  EXPECT_EQ(harness_.RunTicks(), 1);
  EXPECT_EQ(order_, (std::vector<std::string>{"a2", "b2", "c2"}));
}

TEST_F(AnsweringTest, TheRequestsOfACallRunInTheirOrder) {
  Begin({"a"});
  std::vector<StepRequest> requests;
  for (uint64_t step = 2; step < 6; ++step) requests.push_back(Request("a", step));
  harness_.engine()->Predict(requests);
  harness_.RunTicks();
  EXPECT_EQ(order_, (std::vector<std::string>{"a2", "a3", "a4", "a5"}));
}

TEST_F(AnsweringTest, PlacesOfRequestsCanBeFilledAnew) {
  Begin({"a"});
  std::vector<StepRequest> requests(1);
  for (uint64_t step = 2; step < 5; ++step) {
    requests[0] = Request("a", step);
    harness_.engine()->Predict(requests);
    harness_.RunTicks();
  }
  EXPECT_EQ(order_, (std::vector<std::string>{"a2", "a3", "a4"}));
}

TEST_F(AnsweringTest, TheHookIsCalledOnceForAllThatATickHasAnswered) {
  Begin({"a", "b", "c"});
  for (const char* session : {"a", "b", "c"}) harness_.engine()->Predict(Request(session, 2));
  answered_at_hook_.clear();
  harness_.RunTicks();
  EXPECT_EQ(answered_at_hook_, std::vector<int>{3});
}

TEST_F(AnsweringTest, TheHookIsCalledForARefusalInsideTheCall) {
  harness_.engine()->Predict(Request("unknown", 7));
  EXPECT_EQ(order_, std::vector<std::string>{"unknown7!"});
  EXPECT_EQ(answered_at_hook_, std::vector<int>{1});
}

TEST_F(AnsweringTest, TheHookIsCalledForWhatStoppingRefuses) {
  Begin({"a"});
  harness_.engine()->Predict(Request("a", 2));
  answered_at_hook_.clear();
  harness_.engine()->Stop();
  EXPECT_EQ(order_, std::vector<std::string>{"a2!"});
  EXPECT_EQ(answered_at_hook_, std::vector<int>{1});
}

// With workers: until they all wait for work, they are the ones who tick.
TEST(TickedByCaller, AStepOnAQuietEngineIsAnsweredBeforeTheCallReturns) {
  EngineHarness harness;
  harness.engine()->Start();
  std::mutex mutex;
  std::condition_variable changed;
  uint64_t answered = 0;
  std::thread::id by;
  for (uint64_t step = 1; by != std::this_thread::get_id(); ++step) {
    harness.clock.AdvanceNanos(1'000'000);
    StepRequest request = TextRequest("a", step, "a");
    request.done = [&](const std::shared_ptr<const StepReply>& reply) {
      EXPECT_TRUE(reply->status.ok()) << reply->status;
      std::lock_guard lock(mutex);
      answered = step;
      by = std::this_thread::get_id();
      changed.notify_all();
    };
    harness.engine()->Predict(std::move(request));
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return answered == step; });
  }
}

}  // namespace
}  // namespace sequent::engine
