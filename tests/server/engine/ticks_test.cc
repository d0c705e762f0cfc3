// What only shows without gRPC and threads: how sessions share ticks.
#include "server/engine/engine.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/server/engine/engine_harness.h"

namespace sequent::engine {
namespace {

const std::string kLong(1000, 'a');

TEST(Engine, ReadySessionsShareOneTick) {
  EngineHarness harness;
  std::vector<Answer> answers(40);
  for (size_t s = 0; s < answers.size(); ++s) {
    harness.Send(TextRequest("s" + std::to_string(s), 1, "a"), &answers[s]);
  }
  EXPECT_EQ(harness.RunTicks(), 1);
  for (const Answer& answer : answers) {
    ASSERT_EQ(answer.calls, 1);
    EXPECT_EQ(answer.reply->batch_rows, 40u);
  }
}

TEST(Engine, TwoRequestsOfOneSessionAreNeverInOneTick) {
  EngineHarness harness;
  Answer first, second;
  harness.Send(TextRequest("s", 1, "a"), &first);
  harness.Send(TextRequest("s", 2, "b"), &second);
  ASSERT_TRUE(harness.engine()->RunTick());
  EXPECT_EQ(first.calls, 1);
  EXPECT_EQ(second.calls, 0);
  ASSERT_TRUE(harness.engine()->RunTick());
  EXPECT_EQ(second.calls, 1);
}

TEST(Engine, ALongRequestGivesWayToShortOnesAfterEachTick) {
  EngineOptions options;
  options.max_tick_steps = 10;
  EngineHarness harness(options);
  Answer whole, quick;
  harness.Send(TextRequest("long", 1, std::string_view(kLong).substr(0, 100)), &whole);
  ASSERT_TRUE(harness.engine()->RunTick());
  harness.Send(TextRequest("short", 1, "b"), &quick);
  ASSERT_TRUE(harness.engine()->RunTick());
  EXPECT_EQ(quick.calls, 1);
  EXPECT_EQ(whole.calls, 0);
  EXPECT_EQ(harness.RunTicks(), 8);
  ASSERT_EQ(whole.calls, 1);
  EXPECT_TRUE(whole.reply->status.ok()) << whole.reply->status;
  EXPECT_EQ(whole.reply->heads[0].classes.size(), 100 * whole.reply->heads[0].classes_per_step);
}

TEST(Engine, TicksThatAreSharedInTrialsAnswerTheSame) {
  std::vector<std::vector<float>> probabilities;
  for (const size_t threads : {1, 2}) {
    EngineOptions options;
    options.threads = threads;
    options.max_tick_steps = 1;
    EngineHarness harness(options);
    harness.clock.PassAtEveryLook(1000);
    std::vector<Answer> answers(3);
    for (size_t s = 0; s < answers.size(); ++s) {
      harness.Send(TextRequest("s" + std::to_string(s), 1, kLong), &answers[s]);
    }
    EXPECT_EQ(harness.RunTicks(), 1000);
    for (const Answer& answer : answers) {
      ASSERT_EQ(answer.calls, 1);
      std::vector<float>& row = probabilities.emplace_back();
      for (const HeadResult::Class& each : answer.reply->heads[0].classes) {
        row.push_back(each.probability);
      }
      EXPECT_GE(row.size(), 1000u);
    }
  }
  for (size_t s = 0; s < 3; ++s) EXPECT_EQ(probabilities[s], probabilities[3 + s]);
}

TEST(Engine, ALongRequestTakesFewerStepsOfATickWhereStepsCostMoreThanItsBudget) {
  const std::string text(128, 'a');
  EngineHarness fast, slow;
  slow.clock.PassAtEveryLook(5'000'000);  // a tick takes 5 ms at least, its budget is 2
  Answer a, b;
  fast.Send(TextRequest("s", 1, text), &a);
  slow.Send(TextRequest("s", 1, text), &b);
  EXPECT_EQ(fast.RunTicks(), 2);
  EXPECT_GT(slow.RunTicks(), 4);
  ASSERT_TRUE(a.reply->status.ok() && b.reply->status.ok());
  EXPECT_EQ(a.reply->next_step, b.reply->next_step);
}

TEST(Engine, ATickTakesNoMoreRowsThanItMay) {
  EngineOptions options;
  options.max_batch_rows = 8;
  EngineHarness harness(options);
  std::vector<Answer> answers(20);
  for (size_t s = 0; s < answers.size(); ++s) {
    harness.Send(TextRequest("s" + std::to_string(s), 1, "a"), &answers[s]);
  }
  EXPECT_EQ(harness.RunTicks(), 3);
  EXPECT_EQ(answers[0].reply->batch_rows, 8u);
  EXPECT_EQ(answers[19].reply->batch_rows, 4u);
}

TEST(Engine, ModelsTakeTurns) {
  EngineHarness harness;
  const float row[2] = {1, 2};
  Answer text, series;
  harness.Send(TextRequest("a", 1, "ab"), &text);
  harness.Send(RowsRequest("b", 1, row), &series);
  ASSERT_TRUE(harness.engine()->RunTick());
  EXPECT_EQ(text.calls + series.calls, 1);
  ASSERT_TRUE(harness.engine()->RunTick());
  EXPECT_EQ(text.calls + series.calls, 2);
  EXPECT_FALSE(harness.engine()->RunTick());
}

TEST(Engine, AReplayNeedsNoTick) {
  EngineHarness harness;
  const auto first = harness.Ask(TextRequest("s", 1, "ab"));
  Answer again;
  harness.Send(TextRequest("s", 1, "ab"), &again);
  harness.RunTicks();
  ASSERT_EQ(again.calls, 1);
  EXPECT_TRUE(again.reply->replayed);
  EXPECT_EQ(again.reply->batch_rows, first->batch_rows);
  EXPECT_EQ(harness.engine()->GetSession("s")->next_step, 3u);
}

TEST(Engine, AStartMayBindAnotherModelAndTheOldOneLosesTheSession) {
  EngineHarness harness;
  ASSERT_TRUE(harness.Ask(TextRequest("s", 1, "ab"))->status.ok());
  const float row[2] = {1, 2};
  StepRequest start = RowsRequest("s", 1, row);
  start.start = true;
  const auto reply = harness.Ask(start);
  ASSERT_TRUE(reply->status.ok()) << reply->status;
  EXPECT_TRUE(reply->reset);
  EXPECT_EQ(reply->model, "series");
  EXPECT_EQ(harness.engine()->SessionsOf("text", 1), 0u);
  EXPECT_EQ(harness.engine()->SessionsOf("series", 1), 1u);
}

TEST(Engine, AFailedStartLeavesTheLiveSessionAsItWas) {
  EngineHarness harness;
  ASSERT_TRUE(harness.Ask(TextRequest("s", 1, "ab"))->status.ok());
  StepRequest start = TextRequest("s", 1, "c");
  start.start = true;
  start.output.heads = {"no such head"};
  EXPECT_EQ(ReasonOf(harness.Ask(start)->status), Reason::kUnknownHead);
  EXPECT_EQ(harness.engine()->GetSession("s")->next_step, 3u);
  EXPECT_EQ(harness.engine()->SessionsOf("text", 1), 1u);
}

TEST(Engine, RequestsBehindAStartThatFailedAreOfAnUnknownSession) {
  EngineHarness harness;
  StepRequest bad = TextRequest("s", 1, "a");
  bad.output.heads = {"no such head"};
  Answer first, second;
  harness.Send(bad, &first);
  harness.Send(TextRequest("s", 2, "b"), &second);
  harness.RunTicks();
  EXPECT_EQ(ReasonOf(first.reply->status), Reason::kUnknownHead);
  EXPECT_EQ(ReasonOf(second.reply->status), Reason::kSessionUnknown);
  EXPECT_FALSE(harness.engine()->GetSession("s").ok());
}

TEST(Engine, EndedSessionsMakeRoomAtOnce) {
  EngineOptions options;
  options.max_sessions = 1;
  EngineHarness harness(options);
  StepRequest end = TextRequest("a", 1, "x");
  end.end = true;
  ASSERT_TRUE(harness.Ask(end)->status.ok());
  EXPECT_TRUE(harness.Ask(TextRequest("b", 1, "x"))->status.ok());
  EXPECT_EQ(ReasonOf(harness.Ask(TextRequest("c", 1, "x"))->status), Reason::kSessionLimit);
}

TEST(Engine, SessionsAreRefusedBeyondTheirBytes) {
  EngineOptions options;
  options.max_session_bytes = 1;
  EngineHarness harness(options);
  ASSERT_TRUE(harness.Ask(TextRequest("a", 1, "x"))->status.ok());
  EXPECT_EQ(ReasonOf(harness.Ask(TextRequest("b", 1, "x"))->status), Reason::kSessionLimit);
  EXPECT_TRUE(harness.Ask(TextRequest("a", 2, "x"))->status.ok());
}

TEST(Engine, ARowIsZeroedBeforeAnotherSessionGetsIt) {
  EngineHarness harness;
  const auto fresh = harness.Ask(TextRequest("first", 1, "x"));
  StepRequest end = TextRequest("first", 2, kLong);
  end.output.last_step_only = end.end = true;
  ASSERT_TRUE(harness.Ask(end)->status.ok());
  const auto reused = harness.Ask(TextRequest("second", 1, "x"));
  ASSERT_EQ(reused->heads[0].classes.size(), fresh->heads[0].classes.size());
  for (size_t i = 0; i < fresh->heads[0].classes.size(); ++i) {
    EXPECT_EQ(reused->heads[0].classes[i].probability, fresh->heads[0].classes[i].probability);
  }
}

TEST(Engine, TheLastStepIsAnsweredEvenIfItsTextEndedInAnEarlierTick) {
  EngineOptions options;
  options.max_tick_steps = 4;
  EngineHarness harness(options);
  // Four characters, then the beginning of one that never ends in this request.
  StepRequest request = TextRequest("cut", 1, "abcd\xC3");
  request.output.last_step_only = true;
  const auto cut = harness.Ask(request);
  ASSERT_TRUE(cut->status.ok()) << cut->status;
  StepRequest plain = TextRequest("whole", 1, "abcd");
  plain.output.last_step_only = true;
  const auto whole = harness.Ask(plain);
  ASSERT_EQ(cut->heads[0].classes.size(), whole->heads[0].classes.size());
  for (size_t i = 0; i < whole->heads[0].classes.size(); ++i) {
    EXPECT_EQ(cut->heads[0].classes[i].probability, whole->heads[0].classes[i].probability);
  }
}

TEST(Engine, StopAnswersEverythingThatIsQueued) {
  auto harness = std::make_unique<EngineHarness>();
  std::vector<Answer> answers(30);
  for (size_t i = 0; i < answers.size(); ++i) {
    harness->Send(TextRequest("s" + std::to_string(i % 7), 1 + i / 7, "a"), &answers[i]);
  }
  Answer stateless;
  harness->Send(TextRequest("", 0, "abc"), &stateless);
  harness->engine()->Stop();
  for (const Answer& answer : answers) {
    ASSERT_EQ(answer.calls, 1);
    EXPECT_EQ(ReasonOf(answer.reply->status), Reason::kDraining);
  }
  EXPECT_EQ(stateless.calls, 1);
  EXPECT_EQ(harness->engine()->InFlight(), 0u);
}

}  // namespace
}  // namespace sequent::engine
