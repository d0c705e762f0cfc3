// Models of words: what ends a text may go on in the next request, so it is held back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/server/engine/engine_harness.h"

namespace sequent::engine {
namespace {

using ::testing::ElementsAre;

constexpr std::string_view kText = "in the beginning god, don't\nthe god.";

struct Answers : RolloutSink {
  void OnSeed(uint64_t) override {}
  bool HasRoom() override { return true; }
  void OnStep(RolloutStep step) override { texts.push_back(step.heads[0].text); }
  void OnEnd(Status end, RolloutSummary) override { status = end; }

  std::vector<std::string> texts;
  Status status;
};

class WordsTest : public testing::Test {
 protected:
  WordsTest() { harness_.Add("words", TinyWordModel()); }

  StepRequest Request(const std::string& session, uint64_t step, std::string_view text) {
    StepRequest request = TextRequest(session, step, text);
    if (step == 1) request.model = "words";
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
      EXPECT_EQ(reply->steps, piece.size());
      const auto& got = reply->heads[0].values;
      values.insert(values.end(), got.begin(), got.end());
      step += piece.size();
    }
    return values;
  }

  std::shared_ptr<Answers> Roll(const std::string& session, std::string_view prompt) {
    const auto sink = Ask(session, prompt);
    EXPECT_TRUE(sink->status.ok()) << sink->status;
    return sink;
  }

  std::shared_ptr<Answers> Ask(const std::string& session, std::string_view prompt) {
    RolloutRequest request;
    request.session_id = session;
    if (session.empty()) request.model = "words";
    if (!prompt.empty()) request.prompt.kind = Input::Kind::kText;
    request.prompt.text = prompt;
    request.steps = 12;
    request.samples = 1;
    request.seed = 5;
    request.sampling.top_p = 0.9f;
    auto sink = std::make_shared<Answers>();
    harness_.engine()->Rollout(std::move(request), sink);
    harness_.RunTicks();
    return sink;
  }

  EngineHarness harness_;
};

TEST_F(WordsTest, AnyCutOfTheBytesGivesTheSameAnswers) {
  const std::vector<float> whole = Values("whole", kText.size());
  EXPECT_EQ(whole.size(), 10u * 11u);  // steps x classes
  for (const size_t length : {1, 2, 3, 5, 11}) {
    EXPECT_EQ(Values(StrCat("pieces", length), length), whole) << length;
  }
}

TEST_F(WordsTest, AnswersClassesByTheirWords) {
  const auto reply = harness_.Ask(Request("a", 1, "in the"));
  ASSERT_TRUE(reply->status.ok()) << reply->status;
  std::vector<std::string> labels(reply->heads[0].labels.begin(), reply->heads[0].labels.end());
  EXPECT_THAT(labels, ElementsAre("<pad>", "<unk>", "<bos>", "<eos>", "in", "the", "beginning",
                                  "god", "don't", ".", ","));
}

TEST_F(WordsTest, ARolloutGoesOnAfterTheWordThatWasHeldBack) {
  ASSERT_TRUE(harness_.Ask(Request("a", 1, "in the beginning god"))->status.ok());
  const auto session = Roll("a", "");
  EXPECT_EQ(session->texts, Roll("", "in the beginning god")->texts);
  EXPECT_NE(session->texts, Roll("", "in the beginning")->texts);
}

TEST_F(WordsTest, ARolloutOfTheFirstWordAloneHasSomethingToGoOnFrom) {
  ASSERT_TRUE(harness_.Ask(Request("a", 1, "god"))->status.ok());
  EXPECT_EQ(Roll("a", "")->texts, Roll("", "god")->texts);
}

TEST_F(WordsTest, ARolloutOfWhiteSpaceAloneHasNothingToGoOnFrom) {
  for (const char* prompt : {" ", "\t \r"}) {
    const auto rollout = Ask("", prompt);
    EXPECT_EQ(rollout->status.code(), absl::StatusCode::kFailedPrecondition) << rollout->status;
    EXPECT_TRUE(rollout->texts.empty());
  }
}

TEST_F(WordsTest, ARolloutOfWhiteSpaceGoesOnFromTheSession) {
  ASSERT_TRUE(harness_.Ask(Request("a", 1, "in the beginning."))->status.ok());
  EXPECT_EQ(Roll("a", " ")->texts, Roll("a", "")->texts);
}

TEST_F(WordsTest, ARolloutPutsSpacesBeforeWordsAndNoneBeforeMarks) {
  std::string text = "in the beginning god";
  int words = 0, marks = 0;
  const auto rollout = Roll("", text);
  for (const std::string& piece : rollout->texts) {
    const bool mark = piece == "." || piece == ",";
    const bool word = !mark && !piece.empty() && piece != "\n";
    if (word) {
      EXPECT_TRUE(piece[0] == ' ' || text.back() == '\n') << text << "|" << piece;
    }
    words += word ? 1 : 0;
    marks += mark ? 1 : 0;
    text += piece;
  }
  EXPECT_GT(words, 3);
  EXPECT_GT(marks, 0);
}

}  // namespace
}  // namespace sequent::engine
