// The engine with its threads, from many callers at once; made for ThreadSanitizer. What is right
// is checked too: every request is answered once, and each session's steps are the undisturbed
// ones.
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/random.h"
#include "server/engine/engine.h"
#include "tests/server/engine/engine_harness.h"

namespace sequent::engine {
namespace {

constexpr char kText[] = "to be or not to be that is the question";

// Waits for a number of calls.
class Countdown {
 public:
  explicit Countdown(int count) : count_(count) {}
  void Down() {
    std::lock_guard lock(mutex_);
    if (--count_ == 0) zero_.notify_all();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    zero_.wait(lock, [this] { return count_ <= 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable zero_;
  int count_;
};

std::vector<float> Probabilities(const StepReply& reply) {
  std::vector<float> values;
  for (const auto& entry : reply.heads[0].classes) values.push_back(entry.probability);
  return values;
}

class Sink final : public RolloutSink {
 public:
  explicit Sink(Countdown* ended) : ended_(ended) {}
  void OnSeed(uint64_t) override {}
  void OnStep(RolloutStep) override {}
  void OnEnd(Status, RolloutSummary) override { ended_->Down(); }
  bool HasRoom() override { return true; }

 private:
  Countdown* const ended_;
};

TEST(EngineStress, ManyCallersStepForkCloseAndRollOutAtOnce) {
  constexpr int kThreads = 4, kSessionsEach = 6;
  EngineOptions options;
  options.threads = 2;
  options.max_tick_steps = 5;
  EngineHarness harness(options);
  std::vector<float> expected;
  {
    EngineHarness quiet(options);
    expected = Probabilities(*quiet.Ask(TextRequest("s", 1, kText)));
  }
  Engine* const engine = harness.engine();
  engine->Start();
  std::atomic<int> wrong{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < kThreads; ++t) {
    callers.emplace_back([&, t] {
      for (int s = 0; s < kSessionsEach; ++s) {
        const std::string id = "t" + std::to_string(t) + "/" + std::to_string(s);
        const size_t bytes = sizeof(kText) - 1;
        std::map<uint64_t, std::vector<float>> answers;
        std::mutex mutex;
        std::vector<std::pair<size_t, size_t>> pieces;
        const RandomStream random(1, static_cast<uint64_t>(t), static_cast<uint64_t>(s));
        for (size_t at = 0; at < bytes;) {
          const size_t n = std::min<size_t>(1 + random.Bits(at) % 9, bytes - at);
          pieces.emplace_back(at, n);
          at += n;
        }
        Countdown done(static_cast<int>(pieces.size()) + 3);
        for (const auto& [at, n] : pieces) {
          StepRequest request = TextRequest(id, at + 1, std::string_view(kText).substr(at, n));
          request.done = [&, at = at](const std::shared_ptr<const StepReply>& reply) {
            {
              std::lock_guard lock(mutex);
              if (!reply->status.ok()) ++wrong;
              answers[at] = reply->status.ok() ? Probabilities(*reply) : std::vector<float>();
            }
            done.Down();
          };
          engine->Predict(std::move(request));
        }
        RolloutRequest rollout;
        rollout.session_id = id;
        rollout.steps = 7;
        rollout.samples = 3;
        rollout.seed = 1;
        engine->Rollout(std::move(rollout), std::make_shared<Sink>(&done));
        engine->ForkSession(id, id + "/fork", [&](const StatusOr<SessionInfo>& info) {
          if (!info.ok() || info->next_step != bytes + 1) ++wrong;
          done.Down();
        });
        (void)engine->GetSession(id);
        (void)engine->ListSessions("text", 10, "");
        engine->CloseSession(id, [&](const Status& status) {
          if (!status.ok()) ++wrong;
          done.Down();
        });
        done.Wait();
        std::vector<float> joined;
        for (const auto& [at, values] : answers) {
          joined.insert(joined.end(), values.begin(), values.end());
        }
        if (joined != expected) ++wrong;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(engine->SessionsOf("text", 1), uint64_t{kThreads} * kSessionsEach);  // the forks
  engine->Stop();
}

// Replays give their requests back to the pool while the other model's worker takes from it.
TEST(EngineStress, RetriesOfSeveralModelsAtOnceAreReplayedOnce) {
  constexpr int kThreads = 4, kSteps = 150;
  EngineOptions options;
  options.threads = 2;
  EngineHarness harness(options);
  Engine* const engine = harness.engine();
  engine->Start();
  const float row[2] = {1, 2};
  std::atomic<int> applied{0}, replayed{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < kThreads; ++t) {
    callers.emplace_back([&, t] {
      const std::string id = "t" + std::to_string(t);
      for (uint64_t step = 1; step <= kSteps; ++step) {
        Countdown done(3);
        for (int copy = 0; copy < 3; ++copy) {
          StepRequest request =
              t % 2 == 0 ? TextRequest(id, step, "a") : RowsRequest(id, step, row);
          request.done = [&](const std::shared_ptr<const StepReply>& reply) {
            if (reply->status.ok()) ++(reply->replayed ? replayed : applied);
            done.Down();
          };
          engine->Predict(std::move(request));
        }
        done.Wait();
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(applied.load(), kThreads * kSteps);
  EXPECT_EQ(replayed.load(), 2 * kThreads * kSteps);
  engine->Stop();
}

TEST(EngineStress, StoppingAmongCallersAnswersEachRequestOnce) {
  constexpr int kRequests = 300;
  EngineHarness harness;
  Engine* const engine = harness.engine();
  engine->Start();
  std::atomic<int> answered{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < 3; ++t) {
    callers.emplace_back([&, t] {
      for (int i = 0; i < kRequests; ++i) {
        StepRequest request =
            TextRequest("s" + std::to_string(t), static_cast<uint64_t>(i) + 1, "a");
        request.done = [&](const std::shared_ptr<const StepReply>&) { ++answered; };
        engine->Predict(std::move(request));
      }
    });
  }
  while (answered.load() < kRequests / 2) std::this_thread::yield();
  engine->Stop();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(answered.load(), 3 * kRequests);
}

}  // namespace
}  // namespace sequent::engine
