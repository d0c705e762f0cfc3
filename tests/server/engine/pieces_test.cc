// Models of SentencePiece pieces: the word that ends a text may go on, so it is held back whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/server/engine/engine_harness.h"
#include "tests/support/pieces.h"

namespace sequent::engine {
namespace {

constexpr std::string_view kText = "in the beginning god, th\u00e9\nthe  god.";

struct Answers : RolloutSink {
  void OnSeed(uint64_t) override {}
  bool HasRoom() override { return true; }
  void OnStep(RolloutStep step) override { text += step.heads[0].text; }
  void OnEnd(Status end, RolloutSummary) override { status = end; }

  std::string text;
  Status status;
};

class PiecesTest : public testing::Test {
 protected:
  PiecesTest() { harness_.Add("pieces", TinyPieceModel()); }

  StepRequest Request(const std::string& session, uint64_t step, std::string_view text) {
    StepRequest request = TextRequest(session, step, text);
    if (step == 1) request.model = "pieces";
    return request;
  }

  // All answers of the session that gets `kText` in pieces of `length` bytes, and its end.
  std::vector<float> Values(const std::string& session, size_t length) {
    std::vector<float> values;
    uint64_t step = 1;
    for (std::string_view rest = kText; !rest.empty();) {
      const std::string_view piece = rest.substr(0, length);
      rest.remove_prefix(piece.size());
      StepRequest request = Request(session, step, piece);
      request.output.raw = true;
      request.end = rest.empty();
      const auto reply = harness_.Ask(std::move(request));
      EXPECT_TRUE(reply->status.ok()) << reply->status;
      const auto& got = reply->heads[0].values;
      values.insert(values.end(), got.begin(), got.end());
      step += piece.size();
    }
    return values;
  }

  std::string Roll(const std::string& session, std::string_view prompt,
                   const std::vector<std::string>& stop = {}) {
    RolloutRequest request;
    request.session_id = session;
    if (session.empty()) request.model = "pieces";
    if (!prompt.empty()) request.prompt.kind = Input::Kind::kText;
    request.prompt.text = prompt;
    request.steps = 40;
    request.samples = 1;
    request.seed = 5;
    request.stop = stop;
    auto sink = std::make_shared<Answers>();
    harness_.engine()->Rollout(std::move(request), sink);
    harness_.RunTicks();
    EXPECT_TRUE(sink->status.ok()) << sink->status;
    return sink->text;
  }

  EngineHarness harness_;
};

TEST_F(PiecesTest, AnyCutOfTheBytesGivesTheSameAnswers) {
  const std::vector<float> whole = Values("whole", kText.size());
  const size_t classes = TinyPieceModel().config.inputs(0).tokens().size();
  // in _the _beginn ing _g od , _ th <unk> \n the(th e) _ _g od .
  EXPECT_EQ(whole.size(), 17 * classes);
  for (const size_t length : {1, 2, 3, 5, 11}) {
    EXPECT_EQ(Values(StrCat("pieces", length), length), whole) << length;
  }
}

TEST_F(PiecesTest, ARolloutGoesOnAfterTheWordThatWasHeldBack) {
  ASSERT_TRUE(harness_.Ask(Request("a", 1, "in the beginning god"))->status.ok());
  const std::string session = Roll("a", "");
  EXPECT_EQ(session, Roll("", "in the beginning god"));
  EXPECT_NE(session, Roll("", "in the beginning"));
}

TEST_F(PiecesTest, ARolloutOfTheFirstWordAloneHasSomethingToGoOnFrom) {
  ASSERT_TRUE(harness_.Ask(Request("a", 1, "god"))->status.ok());
  EXPECT_EQ(Roll("a", ""), Roll("", "god"));
}

TEST_F(PiecesTest, ARolloutEndsBeforeAStopTextThatLiesAcrossPieces) {
  const std::string whole = Roll("", "in the beginning");
  ASSERT_GT(whole.size(), 12u);
  const std::string stop = whole.substr(6, 4);
  const std::string stopped = Roll("", "in the beginning", {stop});
  EXPECT_EQ(stopped, whole.substr(0, whole.find(stop)));
}

}  // namespace
}  // namespace sequent::engine
