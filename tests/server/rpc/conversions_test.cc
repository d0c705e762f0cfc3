#include "server/rpc/conversions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "core/base/error.h"

namespace sequent::rpc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

v1::PredictRequest Rows(std::vector<float> values, uint32_t width) {
  v1::PredictRequest request;
  request.mutable_floats()->mutable_values()->Add(values.begin(), values.end());
  request.mutable_floats()->set_width(width);
  return request;
}

Reason RefusalOf(const v1::PredictRequest& request) {
  return ReasonOf(ToStepRequest(request, {}).refusal);
}

std::vector<float> Vector(std::span<const float> values) { return {values.begin(), values.end()}; }

// ---- requests ----

TEST(ToStepRequest, TakesOverEveryField) {
  v1::PredictRequest request = Rows({1, 2, 3, 4}, 2);
  request.set_session_id("s");
  request.set_model("m");
  request.set_version(3);
  request.set_start(true);
  request.set_end(true);
  request.set_epoch(4);
  request.set_step(5);
  request.set_acked_step(6);
  request.mutable_output()->add_heads("h");
  request.mutable_output()->set_last_step_only(true);
  request.mutable_output()->set_top_k(7);
  request.mutable_output()->set_raw(true);
  request.mutable_output()->set_score(true);
  const engine::StepRequest step = ToStepRequest(request, {});
  EXPECT_TRUE(step.refusal.ok()) << step.refusal;
  EXPECT_EQ(step.session_id, "s");
  EXPECT_EQ(step.model, "m");
  EXPECT_EQ(step.version, 3);
  EXPECT_TRUE(step.start && step.end);
  EXPECT_EQ(step.epoch, 4u);
  EXPECT_EQ(step.step, 5u);
  EXPECT_EQ(step.acked_step, 6u);
  EXPECT_THAT(step.output.heads, ElementsAre("h"));
  EXPECT_TRUE(step.output.last_step_only && step.output.raw && step.output.score);
  EXPECT_EQ(step.output.top_k, 7u);
  EXPECT_EQ(step.input.kind, engine::Input::Kind::kFloats);
  EXPECT_EQ(step.input.width, 2u);
  EXPECT_THAT(Vector(step.input.values), ElementsAre(1, 2, 3, 4));
}

TEST(ToStepRequest, RawBytesAreTheSameFloats) {
  const std::vector<float> values = {1, -2.5f, 3};
  v1::PredictRequest request;
  request.mutable_raw()->set_values(values.data(), values.size() * sizeof(float));
  request.mutable_raw()->set_width(3);
  const engine::StepRequest step = ToStepRequest(request, {});
  EXPECT_TRUE(step.refusal.ok());
  EXPECT_EQ(step.input.kind, engine::Input::Kind::kFloats);
  EXPECT_EQ(Vector(step.input.values), values);
}

TEST(ToStepRequest, TextAndTokensAreViewed) {
  v1::PredictRequest request;
  request.set_text("caf\xc3");
  EXPECT_EQ(ToStepRequest(request, {}).input.text, "caf\xc3");
  request.mutable_tokens()->add_ids(7);
  const engine::StepRequest step = ToStepRequest(request, {});
  EXPECT_EQ(step.input.kind, engine::Input::Kind::kTokens);
  EXPECT_EQ(step.input.tokens[0], 7);
}

TEST(ToStepRequest, WithoutInputHasNone) {
  EXPECT_EQ(ToStepRequest({}, {}).input.kind, engine::Input::Kind::kNone);
  EXPECT_TRUE(ToStepRequest({}, {}).refusal.ok());
}

TEST(ToStepRequest, WidthAndValuesMustAgree) {
  EXPECT_EQ(RefusalOf(Rows({1, 2, 3}, 2)), Reason::kInputWidth);
  EXPECT_EQ(RefusalOf(Rows({1, 2, 3}, 0)), Reason::kInputWidth);
  EXPECT_EQ(RefusalOf(Rows({}, 2)), Reason::kUnspecified);
  EXPECT_EQ(RefusalOf(Rows({1, 2}, 4'000'000'000u)), Reason::kInputWidth);
}

TEST(ToStepRequest, ARefusedRequestKeepsItsPlaceButNotItsInput) {
  v1::PredictRequest request = Rows({1, 2, 3}, 2);
  request.set_session_id("s");
  request.set_step(5);
  const engine::StepRequest step = ToStepRequest(request, {});
  EXPECT_EQ(step.session_id, "s");
  EXPECT_EQ(step.step, 5u);
  EXPECT_EQ(step.input.kind, engine::Input::Kind::kNone);
}

TEST(ToStepRequest, BadIdsAndVersionsAreRefused) {
  v1::PredictRequest request;
  request.set_session_id("no spaces");
  EXPECT_EQ(RefusalOf(request), Reason::kBadRequest);
  request.set_session_id("s");
  request.set_request_id("\x7f");
  EXPECT_EQ(RefusalOf(request), Reason::kBadRequest);
  request.set_request_id("r");
  request.set_version(-1);
  EXPECT_EQ(RefusalOf(request), Reason::kBadRequest);
}

TEST(ToStepRequest, TheAffinityKeyBindsSessionsAndNotStatelessRequests) {
  v1::PredictRequest request;
  EXPECT_TRUE(ToStepRequest(request, Affinity("user")).refusal.ok());
  request.set_session_id("user/a");
  EXPECT_TRUE(ToStepRequest(request, Affinity("user")).refusal.ok());
  request.set_session_id("other");
  EXPECT_EQ(ReasonOf(ToStepRequest(request, Affinity("user")).refusal), Reason::kBadRequest);
}

TEST(CheckRequestId, TakesUpTo128PrintableCharacters) {
  EXPECT_TRUE(CheckRequestId("").ok());
  EXPECT_TRUE(CheckRequestId(std::string(128, '~')).ok());
  EXPECT_TRUE(CheckRequestId("with spaces!").ok());
  EXPECT_FALSE(CheckRequestId(std::string(129, 'x')).ok());
  for (const char* id : {"\t", "\x7f", "caf\xc3\xa9"}) EXPECT_FALSE(CheckRequestId(id).ok());
}

TEST(CheckSession, NeedsAnId) { EXPECT_EQ(ReasonOf(CheckSession("", {})), Reason::kBadRequest); }

// ---- rollouts ----

TEST(ToRolloutRequest, ZerosStandForDefaults) {
  const auto rollout = ToRolloutRequest({}, {});
  ASSERT_TRUE(rollout.ok()) << rollout.status();
  EXPECT_EQ(rollout->samples, 1u);
  EXPECT_EQ(rollout->sampling.temperature, 1);
  EXPECT_EQ(rollout->sampling.top_p, 1);
  EXPECT_FALSE(rollout->seed.has_value());
}

TEST(ToRolloutRequest, ASeedOfZeroIsASeed) {
  v1::RolloutRequest request;
  request.mutable_sampling()->set_seed(0);
  EXPECT_EQ(ToRolloutRequest(request, {})->seed, std::optional<uint64_t>(0));
}

TEST(ToRolloutRequest, NamesTheQuantileThatIsNone) {
  for (const float level : {0.0f, 1.0f, -0.5f, std::nanf("")}) {
    v1::RolloutRequest request;
    request.add_quantiles(0.5f);
    request.add_quantiles(level);
    const auto rollout = ToRolloutRequest(request, {});
    EXPECT_EQ(ReasonOf(rollout.status()), Reason::kBadRequest) << level;
    EXPECT_THAT(std::string(rollout.status().message()), HasSubstr("quantiles[1]"));
  }
}

TEST(ToRolloutRequest, RefusesSamplingThatMeansNothing) {
  v1::RolloutRequest request;
  request.mutable_sampling()->set_temperature(-1);
  EXPECT_EQ(ReasonOf(ToRolloutRequest(request, {}).status()), Reason::kBadRequest);
  request.mutable_sampling()->set_temperature(std::nanf(""));
  EXPECT_EQ(ReasonOf(ToRolloutRequest(request, {}).status()), Reason::kBadRequest);
}

TEST(ToRolloutRequest, KnownInputsMustBeWholeRows) {
  v1::RolloutRequest request;
  request.mutable_known_inputs()->set_width(2);
  request.mutable_known_inputs()->add_values(1);
  EXPECT_EQ(ReasonOf(ToRolloutRequest(request, {}).status()), Reason::kInputWidth);
}

// ---- answers ----

TEST(FillResponse, CarriesAFailureWithItsNextStep) {
  v1::PredictRequest request;
  request.set_session_id("s");
  request.set_request_id("r");
  engine::StepReply reply;
  reply.status = WithNextStep(MakeError(Reason::kStepGap, "expected 3"), 3);
  v1::PredictResponse response;
  FillResponse(request, reply, &response);
  EXPECT_EQ(response.session_id(), "s");
  EXPECT_EQ(response.request_id(), "r");
  EXPECT_EQ(response.next_step(), 3u);
  EXPECT_EQ(response.status().reason(), v1::STEP_GAP);
}

TEST(FillResponse, DoesNotEchoBadIds) {
  v1::PredictRequest request;
  request.set_session_id("no spaces");
  request.set_request_id("\x01");
  v1::PredictResponse response;
  FillResponse(request, {}, &response);
  EXPECT_EQ(response.session_id(), "");
  EXPECT_EQ(response.request_id(), "");
  EXPECT_FALSE(response.has_status());
}

TEST(FillHead, ClassesComeStepByStepWithTheirLabels) {
  const std::vector<std::string> labels = {"dry", "rain"};
  engine::HeadResult result;
  result.kind = engine::HeadResult::Kind::kClasses;
  result.name = "weather";
  result.classes_per_step = 2;
  result.classes = {{1, 0.75f}, {0, 0.25f}, {0, 0.5f}, {1, 0.5f}};
  result.labels = labels;
  v1::HeadOutput head;
  FillHead(result, &head);
  EXPECT_EQ(head.name(), "weather");
  ASSERT_EQ(head.classes().steps_size(), 2);
  EXPECT_EQ(head.classes().steps(0).scores(0).label(), "rain");
  EXPECT_EQ(head.classes().steps(0).scores(0).probability(), 0.75f);
  EXPECT_EQ(head.classes().steps(1).scores(0).label(), "dry");
}

TEST(FillHead, AGaussianHasMeansAndSpreads) {
  engine::HeadResult result;
  result.kind = engine::HeadResult::Kind::kDistribution;
  result.width = 2;
  result.values = {1, 2};
  result.scales = {3, 4};
  v1::HeadOutput head;
  FillHead(result, &head);
  EXPECT_EQ(head.distribution().mean().width(), 2u);
  EXPECT_THAT(head.distribution().mean().values(), ElementsAre(1, 2));
  EXPECT_THAT(head.distribution().scale().values(), ElementsAre(3, 4));
}

TEST(FillRolloutSummary, QuantilesStandInnermost) {
  engine::RolloutSummary summary;
  summary.forecasts.push_back({"next", 2, {1, 2}, {3, 4}, {5, 6, 7, 8, 9, 10}});
  summary.stop_reason = "steps";
  const std::vector<float> levels = {0.1f, 0.5f, 0.9f};
  v1::RolloutSummary wire;
  FillRolloutSummary(summary, levels, &wire);
  EXPECT_EQ(wire.forecast(0).quantiles().width(), 6u);
  EXPECT_THAT(wire.forecast(0).levels(), ElementsAre(0.1f, 0.5f, 0.9f));
  EXPECT_EQ(wire.stop_reason(), "steps");
}

TEST(SessionState, SurvivesTheWire) {
  engine::SessionState state;
  state.state = std::string("\0\xff", 2);
  state.model = "m";
  state.version = 2;
  state.fingerprint = "f";
  state.epoch = 3;
  state.next_step = 4;
  v1::SessionState wire;
  FillSessionState(state, &wire);
  const engine::SessionState back = ToSessionState(wire);
  EXPECT_EQ(back.state, state.state);
  EXPECT_EQ(back.model, "m");
  EXPECT_EQ(back.version, 2);
  EXPECT_EQ(back.fingerprint, "f");
  EXPECT_EQ(back.epoch, 3u);
  EXPECT_EQ(back.next_step, 4u);
}

}  // namespace
}  // namespace sequent::rpc
