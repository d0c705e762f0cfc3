// What WriteResponse writes is what Protobuf writes for FillResponse's message.
#include "server/rpc/response_writer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/base/error.h"
#include "server/rpc/conversions.h"

namespace sequent::rpc {
namespace {

using engine::HeadResult;
using engine::StepReply;

class ResponseWriterTest : public testing::Test {
 protected:
  ResponseWriterTest() {
    request_.set_request_id("r1");
    request_.set_session_id("session-1");
    reply_.model = "chars";
    reply_.version = 3;
    reply_.epoch = 1'700'000'000'000;
    reply_.step = 127;
    reply_.steps = 1;
    reply_.next_step = 128;
    reply_.queue_us = 40;
    reply_.compute_us = 300;
    reply_.batch_rows = 200;
  }

  HeadResult* Add(HeadResult::Kind kind, const std::string& name) {
    reply_.heads.emplace_back();
    reply_.heads.back().kind = kind;
    reply_.heads.back().name = name;
    return &reply_.heads.back();
  }
  // `count` classes of one step, by falling probability.
  HeadResult* AddClasses(int count, const std::vector<std::string>& labels) {
    HeadResult* head = Add(HeadResult::Kind::kClasses, "next");
    head->classes_per_step = static_cast<uint32_t>(count);
    head->labels = labels;
    for (int i = 0; i < count; ++i) head->classes.push_back({i, 1.0f / static_cast<float>(i + 2)});
    return head;
  }

  void ExpectSameBytes() const {
    v1::PredictStreamResponse message;
    FillResponse(request_, reply_, message.add_responses());
    BackwardWriter writer;
    WriteResponse(request_, reply_, &writer);
    EXPECT_EQ(writer.written(), message.SerializeAsString());
  }

  v1::PredictRequest request_;
  StepReply reply_;
};

TEST_F(ResponseWriterTest, AnAnswerWithoutHeads) { ExpectSameBytes(); }

TEST_F(ResponseWriterTest, AnAnswerOfNothingButDefaults) {
  request_.Clear();
  reply_ = StepReply();
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, EveryFlagAndTheScores) {
  reply_.replayed = reply_.created = reply_.reset = true;
  reply_.scores = {0.5f, -1.0f, 0.0f};
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, IdsThatAreNotValidAreNotEchoed) {
  request_.set_request_id("caf\xc3\xa9");
  request_.set_session_id("a session");
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, ValuesOfSeveralHeads) {
  HeadResult* level = Add(HeadResult::Kind::kValues, "level");
  level->width = 2;
  level->values = {1.5f, -0.0f, 0.0f, 1e-30f};
  Add(HeadResult::Kind::kValues, "empty");
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, AGaussian) {
  HeadResult* head = Add(HeadResult::Kind::kDistribution, "next");
  head->width = 3;
  head->values = {1, 2, 3};
  head->scales = {0.1f, 0.2f, 0.3f};
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, AGaussianOfNoSteps) {
  Add(HeadResult::Kind::kDistribution, "next")->width = 3;
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, AStudentT) {
  HeadResult* head = Add(HeadResult::Kind::kDistribution, "next");
  head->width = 2;
  head->values = {1, 2};
  head->scales = {0.1f, 0.2f};
  head->degrees_of_freedom = 4.5f;
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, QuantilesOfSeveralSteps) {
  static constexpr float kLevels[] = {0.1f, 0.5f, 0.9f};
  HeadResult* head = Add(HeadResult::Kind::kDistribution, "next");
  head->width = 2;
  head->values = {2, 5, 8, 11};
  head->levels = kLevels;
  head->quantiles = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, Text) {
  Add(HeadResult::Kind::kText, "next")->text = "to be or not to be";
  Add(HeadResult::Kind::kText, "");
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, ClassesWithShortLabels) {
  const std::vector<std::string> labels = {"a", "b", "c", "é", "<unk>"};
  AddClasses(5, labels);
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, ClassesOfEveryLengthOfLabelAndId) {
  std::vector<std::string> labels;
  for (size_t i = 0; i < 300; ++i) labels.emplace_back(i % 140, 'x');
  AddClasses(300, labels);
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, ClassesBeyondTheLabels) {
  const std::vector<std::string> labels = {"a", "b"};
  AddClasses(4, labels);
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, ClassesWithoutLabels) {
  AddClasses(3, {});
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, ProbabilitiesOfZero) {
  const std::vector<std::string> labels = {"a", "b", "c"};
  HeadResult* head = AddClasses(3, labels);
  head->classes[1].probability = 0.0f;
  head->classes[2].probability = -0.0f;
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, NegativeIds) {
  AddClasses(2, {})->classes[1].id = -1;
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, ManyStepsThatOutgrowTheBuffer) {
  const std::vector<std::string> labels(500, "label");
  HeadResult* head = AddClasses(500, labels);
  head->classes_per_step = 50;
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, AStepThatIsNotWholeIsLeftOut) {
  AddClasses(5, {})->classes_per_step = 2;
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, ARefusal) {
  reply_.status = MakeError(Reason::kStepGap, "step: expected 3, got 5");
  ExpectSameBytes();
}

TEST_F(ResponseWriterTest, AnswersStandInFrontOfThoseWrittenBefore) {
  v1::PredictStreamResponse message;
  BackwardWriter writer;
  for (const uint64_t step : {3, 2, 1}) {
    reply_.step = step;
    WriteResponse(request_, reply_, &writer);
  }
  ASSERT_TRUE(message.ParseFromString(std::string(writer.written())));
  ASSERT_EQ(message.responses_size(), 3);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(message.responses(i).step(), static_cast<uint64_t>(i + 1));
}

TEST_F(ResponseWriterTest, AClearedWriterBeginsAnew) {
  BackwardWriter writer;
  WriteResponse(request_, reply_, &writer);
  const std::string first(writer.written());
  writer.Clear();
  EXPECT_EQ(writer.size(), 0u);
  WriteResponse(request_, reply_, &writer);
  EXPECT_EQ(writer.written(), first);
}

TEST(BackwardWriter, WritesNumbersOfEveryLength) {
  for (int bits = 0; bits <= 64; ++bits) {
    const uint64_t value = bits == 0 ? 0 : ~uint64_t{0} >> (64 - bits);
    v1::PredictRequest message;
    message.set_step(value);
    BackwardWriter writer;
    writer.Number(v1::PredictRequest::kStepFieldNumber, value);
    EXPECT_EQ(writer.written(), message.SerializeAsString()) << value;
  }
}

}  // namespace
}  // namespace sequent::rpc
