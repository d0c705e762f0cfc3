// Invariant 5, for the engine: from Predict to `done` a step of a session that has stepped before
// allocates nothing.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/server/engine/engine_harness.h"
#include "tests/support/allocation_count.h"

namespace sequent::engine {
namespace {

constexpr size_t kSessions = 50;

// All sessions make `steps` steps each, numbered from `first`, `per_request` to a request.
class Crowd {
 public:
  Crowd(EngineHarness* harness, bool text) : harness_(harness), text_(text) {
    for (size_t s = 0; s < kSessions; ++s) ids_.push_back("s" + std::to_string(s));
  }

  void Step(size_t count) {
    for (const std::string& id : ids_) Send(id, count);
    harness_->RunTicks();
    next_ += count;
    ++rounds_;
  }
  // Says that every reply has arrived: then nothing is kept of them.
  void Acknowledge() {
    for (const std::string& id : ids_) Send(id, 0);
    harness_->RunTicks();
    ++rounds_;
  }
  size_t rounds() const { return rounds_; }
  size_t answered() const { return answered_; }

 private:
  void Send(const std::string& id, size_t count) {
    const std::span<const float> rows(kRows.data(), 2 * count);
    StepRequest request = text_ ? TextRequest(id, next_, std::string_view(kText).substr(0, count))
                                : RowsRequest(id, next_, rows);
    if (count == 0) request.step = 0;
    request.acked_step = next_ - 1;
    request.done = [this](const std::shared_ptr<const StepReply>& reply) {
      answered_ += reply->status.ok();
    };
    harness_->engine()->Predict(std::move(request));
  }

  static constexpr char kText[] = "the quick brown fox";
  static inline const std::vector<float> kRows =
      std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

  EngineHarness* const harness_;
  const bool text_;
  std::vector<std::string> ids_;
  uint64_t next_ = 1;
  size_t rounds_ = 0, answered_ = 0;
};

class EngineAllocation : public testing::TestWithParam<bool> {};

TEST_P(EngineAllocation, AStepOfAWarmSessionAllocatesNothing) {
  EngineOptions options;
  options.max_tick_steps = 4;  // so that requests take several ticks
  EngineHarness harness(options);
  Crowd crowd(&harness, GetParam());
  for (int round = 0; round < 20; ++round) crowd.Step(8);
  const int64_t before = AllocationCount();
  for (int round = 0; round < 200; ++round) crowd.Step(1 + round % 8);
  EXPECT_EQ(AllocationCount() - before, 0);
  EXPECT_EQ(crowd.answered(), crowd.rounds() * kSessions);
}

TEST_P(EngineAllocation, AStepOfASessionThatWasAcknowledgedAllocatesNothing) {
  EngineHarness harness;
  Crowd crowd(&harness, GetParam());
  const auto round = [&] {
    crowd.Step(4);
    crowd.Acknowledge();
  };
  for (int i = 0; i < 20; ++i) round();
  const int64_t before = AllocationCount();
  for (int i = 0; i < 100; ++i) round();
  EXPECT_EQ(AllocationCount() - before, 0);
  EXPECT_EQ(crowd.answered(), crowd.rounds() * kSessions);
}

INSTANTIATE_TEST_SUITE_P(Models, EngineAllocation, testing::Bool(),
                         [](const auto& info) { return info.param ? "Text" : "Series"; });

}  // namespace
}  // namespace sequent::engine
