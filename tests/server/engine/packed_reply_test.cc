// A reply that is packed and unpacked is the reply: as a retried request gets it, through an
// engine, for every kind of head.
#include "server/engine/packed_reply.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/server/engine/engine_harness.h"

namespace sequent::engine {
namespace {

void ExpectSame(const HeadResult& a, const HeadResult& b) {
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.values, b.values);
  EXPECT_EQ(a.scales, b.scales);
  EXPECT_EQ(a.quantiles, b.quantiles);
  EXPECT_EQ(a.levels.data(), b.levels.data());
  EXPECT_EQ(a.degrees_of_freedom, b.degrees_of_freedom);
  EXPECT_EQ(a.classes_per_step, b.classes_per_step);
  ASSERT_EQ(a.classes.size(), b.classes.size());
  for (size_t i = 0; i < a.classes.size(); ++i) {
    EXPECT_EQ(a.classes[i].id, b.classes[i].id);
    EXPECT_EQ(a.classes[i].probability, b.classes[i].probability);
  }
  EXPECT_EQ(a.labels.data(), b.labels.data());
  EXPECT_EQ(a.labels.size(), b.labels.size());
  EXPECT_EQ(a.labels_owner, b.labels_owner);
  EXPECT_EQ(a.text, b.text);
}

void ExpectSame(const StepReply& a, const StepReply& b) {
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.model, b.model);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.steps, b.steps);
  EXPECT_EQ(a.next_step, b.next_step);
  EXPECT_EQ(a.scores, b.scores);
  EXPECT_EQ(a.created, b.created);
  EXPECT_EQ(a.reset, b.reset);
  EXPECT_EQ(a.queue_us, b.queue_us);
  EXPECT_EQ(a.compute_us, b.compute_us);
  EXPECT_EQ(a.batch_rows, b.batch_rows);
  ASSERT_EQ(a.heads.size(), b.heads.size());
  for (size_t i = 0; i < a.heads.size(); ++i) ExpectSame(a.heads[i], b.heads[i]);
}

class PackedReply : public testing::Test {
 protected:
  // Sends it twice.
  void ExpectReplayed(const StepRequest& request) {
    Answer answer;
    harness.Send(request, &answer);
    harness.clock.AdvanceSeconds(0.003);  // so that it has queued for a while
    harness.RunTicks();
    ASSERT_TRUE(answer.reply->status.ok()) << answer.reply->status;
    const auto again = harness.Ask(request);
    EXPECT_TRUE(again->replayed);
    ExpectSame(*again, *answer.reply);
  }

  const std::vector<float> rows{1, 2, 3, 4, 5, 6};
  EngineHarness harness;
};

TEST_F(PackedReply, ForecastsKeepTheirMeansAndDeviations) {
  ExpectReplayed(RowsRequest("s", 1, rows));
  EXPECT_FALSE(harness.Ask(RowsRequest("s", 1, rows))->heads[0].scales.empty());
}

TEST_F(PackedReply, QuantilesKeepTheirLevels) {
  v1::ModelConfig config = SeriesConfig({"a", "b"});
  AddRegression(&config, "next", "quantiles");
  harness.Add("quantiles", RandomModel(config, 1));
  StepRequest request = RowsRequest("s", 1, rows);
  request.model = "quantiles";
  ExpectReplayed(request);
  EXPECT_EQ(harness.Ask(request)->heads[0].quantiles.size(), 3 * 2 * 5u);
}

TEST_F(PackedReply, ClassesKeepTheirLabels) {
  StepRequest request = TextRequest("s", 1, "abc");
  request.output.top_k = 3;
  ExpectReplayed(request);
  EXPECT_FALSE(harness.Ask(request)->heads[0].labels.empty());
}

TEST_F(PackedReply, LogitsStayNumbers) {
  StepRequest request = TextRequest("s", 1, "abc");
  request.output.raw = true;
  ExpectReplayed(request);
}

TEST_F(PackedReply, ScoresAreKept) {
  StepRequest request = RowsRequest("s", 1, rows);
  ExpectReplayed(request);
  request = RowsRequest("s", 4, rows);
  request.output.score = true;
  ExpectReplayed(request);
  EXPECT_EQ(harness.Ask(request)->scores.size(), 3u);
}

TEST_F(PackedReply, AReplyWithoutStepsHasEmptyResults) {
  ExpectReplayed(TextRequest("s", 1, "abc"));
  ExpectReplayed(TextRequest("s", 4, ""));
}

TEST_F(PackedReply, WhatBeganAndWhatWasResetIsKept) {
  StepRequest request = RowsRequest("s", 1, rows);
  request.start = true;
  request.epoch = 7;
  ExpectReplayed(request);
  EXPECT_TRUE(harness.Ask(request)->created);
  request.epoch = 8;
  ExpectReplayed(request);
  EXPECT_TRUE(harness.Ask(request)->reset);
}

TEST_F(PackedReply, TheLastReplyOfAnEndedSessionIsKept) {
  ExpectReplayed(RowsRequest("s", 1, rows));
  StepRequest last = RowsRequest("s", 4, rows);
  last.end = true;
  ExpectReplayed(last);
}

TEST_F(PackedReply, AForecastOfOneValueTakesFewBytes) {
  StepReply reply;
  reply.heads.resize(1);
  reply.heads[0].width = 1;
  reply.heads[0].values = {0.5F};
  const std::vector<uint32_t> heads{0};
  EXPECT_LE(PackedBytes(reply, heads), 20u);
}

}  // namespace
}  // namespace sequent::engine
