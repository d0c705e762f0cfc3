// Models that take whole sequences: answered without a session, in one tick, however long.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/error.h"
#include "server/engine/engine.h"
#include "tests/server/engine/engine_harness.h"

namespace sequent::engine {
namespace {

ModelContents Tagger() {
  v1::ModelConfig config = IdsConfig(11);
  config.set_task("tag");
  AddEmbedding(&config, "embedding", 5);
  AddGru(&config, "gru", 7)->set_direction("bidirectional");
  AddSoftmax(&config, "next");
  return RandomModel(config, 8);
}

class WholeSequences : public testing::Test {
 protected:
  WholeSequences() : harness_(FewSteps()) { harness_.AddModel("tagger", Tagger()); }

  static EngineOptions FewSteps() {
    EngineOptions options;
    options.max_tick_steps = 4;
    options.max_sequence_steps = 80;
    return options;
  }

  static std::vector<int32_t> Tokens(size_t count) {
    std::vector<int32_t> tokens;
    for (size_t i = 0; i < count; ++i) tokens.push_back(static_cast<int32_t>(i * i % 11));
    return tokens;
  }

  static StepRequest Request(const std::vector<int32_t>& tokens, const std::string& session = "") {
    StepRequest request;
    request.session_id = session;
    request.model = "tagger";
    request.input.kind = Input::Kind::kTokens;
    request.input.tokens = tokens;
    request.output.raw = true;
    return request;
  }

  EngineHarness harness_;
};

TEST_F(WholeSequences, AreAnsweredAsTheModelAnswersThem) {
  const auto model = *Model::Create(Tagger());
  const std::vector<int32_t> tokens = Tokens(50);
  AlignedVector<std::byte> state(model->state_size());
  model->InitState(state.data());
  std::vector<float> expected(50 * 11);
  float* const outputs = expected.data();
  TickRow row;
  row.state = state.data();
  row.steps = 50;
  row.tokens = tokens.data();
  row.outputs = &outputs;
  Workspace workspace;
  model->Run({.rows = {&row, 1}}, &workspace, nullptr);

  const auto reply = harness_.Ask(Request(tokens));
  ASSERT_TRUE(reply->status.ok()) << reply->status;
  EXPECT_EQ(reply->heads[0].values, expected);
}

TEST_F(WholeSequences, ShareOneTick) {
  const std::vector<int32_t> shorter = Tokens(3), longer = Tokens(70);
  Answer first, second;
  harness_.Send(Request(shorter), &first);
  harness_.Send(Request(longer), &second);
  EXPECT_EQ(harness_.RunTicks(), 1);
  ASSERT_EQ(first.calls + second.calls, 2);
  EXPECT_EQ(second.reply->heads[0].values.size(), 70u * 11);
}

// 512 rows of 4 steps are the most that a tick may have.
TEST_F(WholeSequences, ThatAreTooManyStepsForOneTickTakeSeveral) {
  const std::vector<int32_t> longest = Tokens(80);
  std::vector<Answer> answers(60);
  for (Answer& answer : answers) harness_.Send(Request(longest), &answer);
  EXPECT_EQ(harness_.RunTicks(), 3);  // of 26, 26 and 8 rows
  for (const Answer& answer : answers) EXPECT_EQ(answer.calls, 1);
}

TEST_F(WholeSequences, AreRefusedIfTheyAreTooLong) {
  const std::vector<int32_t> longest = Tokens(80), longer = Tokens(81);
  EXPECT_TRUE(harness_.Ask(Request(longest))->status.ok());
  EXPECT_EQ(ReasonOf(harness_.Ask(Request(longer))->status), Reason::kInputTooLong);
}

TEST_F(WholeSequences, DoNotComeInASession) {
  const std::vector<int32_t> tokens = Tokens(5);
  for (const bool start : {false, true}) {
    StepRequest request = Request(tokens, "s");
    request.step = 1;
    request.start = start;
    const auto reply = harness_.Ask(std::move(request));
    EXPECT_EQ(ReasonOf(reply->status), Reason::kModelNotStreamable) << reply->status;
  }
}

TEST_F(WholeSequences, DoNotTakeTheNameOfALiveSession) {
  ASSERT_TRUE(harness_.Ask(TextRequest("s", 1, "a"))->status.ok());
  const std::vector<int32_t> tokens = Tokens(5);
  StepRequest request = Request(tokens, "s");
  request.start = true;
  EXPECT_FALSE(harness_.Ask(std::move(request))->status.ok());
  EXPECT_TRUE(harness_.Ask(TextRequest("s", 2, "b"))->status.ok());
}

TEST_F(WholeSequences, HaveNoStateToImport) {
  SessionState state;
  state.model = "tagger";
  EXPECT_EQ(ReasonOf(harness_.engine()->ImportSession("s", state).status()),
            Reason::kModelNotStreamable);
}

}  // namespace
}  // namespace sequent::engine
