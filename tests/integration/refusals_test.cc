// Requests that are refused: the code, the reason and the words, the same on both kinds of call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/integration/server_fixture.h"
#include "tests/integration/wire.h"

namespace sequent::rpc {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kPredict[] = "/sequent.v1.Predictor/Predict";
constexpr char kPredictStream[] = "/sequent.v1.Predictor/PredictStream";
// Field 1 is said to hold 127 bytes and holds two.
constexpr char kNoMessage[] = "\x0a\x7f\x01\x02";

class Refusals : public ServerTest {
 protected:
  // Sends the request both ways; expects the same refusal from both and nothing changed.
  void ExpectRefused(const v1::PredictRequest& request, grpc::StatusCode code, v1::Reason reason,
                     const std::string& words) {
    v1::PredictResponse response;
    const grpc::Status unary = Predict(request, &response);
    EXPECT_EQ(unary.error_code(), code) << unary.error_message();
    EXPECT_EQ(static_cast<int>(ReasonOf(unary)), static_cast<int>(reason)) << unary.error_message();
    EXPECT_THAT(unary.error_message(), HasSubstr(words));
    StreamClient stream(predictor());
    const v1::Status status = stream.Ask(request).status();
    EXPECT_EQ(status.code(), code);
    EXPECT_EQ(status.reason(), reason);
    EXPECT_EQ(status.message(), unary.error_message());
    EXPECT_EQ(stream.Ask(PlainRows("", 0, 1)).status().code(), 0) << "the stream has ended";
  }

  static v1::PredictRequest Tokens(std::vector<int32_t> ids) {
    v1::PredictRequest request;
    request.set_model("text");
    request.mutable_tokens()->mutable_ids()->Add(ids.begin(), ids.end());
    return request;
  }
  static v1::PredictRequest SeriesRow(float temperature, float wind) {
    v1::PredictRequest request;
    request.set_model("series");
    request.mutable_floats()->set_width(2);
    request.mutable_floats()->add_values(temperature);
    request.mutable_floats()->add_values(wind);
    return request;
  }
  static v1::PredictRequest PlainRow(float x, float y) {
    v1::PredictRequest request = SeriesRow(x, y);
    request.set_model("plain");
    return request;
  }
};

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST_F(Refusals, ARowOfAnotherWidth) {
  auto request = PlainRows("s", 1, 2);
  request.mutable_floats()->set_width(4);
  ExpectRefused(request, grpc::INVALID_ARGUMENT, v1::INPUT_WIDTH, "expected 2 values per step");
}

TEST_F(Refusals, ValuesThatMakeNoWholeRows) {
  auto request = PlainRows("s", 1, 2);
  request.mutable_floats()->add_values(1);
  ExpectRefused(request, grpc::INVALID_ARGUMENT, v1::INPUT_WIDTH, "multiple of width 2");
}

TEST_F(Refusals, RawBytesThatMakeNoWholeFloats) {
  v1::PredictRequest request;
  request.set_model("plain");
  request.mutable_raw()->set_width(2);
  request.mutable_raw()->set_values("123456789");
  ExpectRefused(request, grpc::INVALID_ARGUMENT, v1::INPUT_WIDTH, "9 bytes");
}

TEST_F(Refusals, TextForAModelOfMeasurements) {
  auto request = Text("s", 1, "hello");
  request.set_model("plain");
  ExpectRefused(request, grpc::INVALID_ARGUMENT, v1::INPUT_KIND, "floats");
}

TEST_F(Refusals, MeasurementsForAModelOfText) {
  auto request = PlainRows("s", 1, 1);
  request.set_model("text");
  ExpectRefused(request, grpc::INVALID_ARGUMENT, v1::INPUT_KIND, "text");
}

TEST_F(Refusals, AMissingValueWhereTheModelDoesNotImpute) {
  ExpectRefused(PlainRow(1, kNan), grpc::INVALID_ARGUMENT, v1::INPUT_NOT_FINITE, "y");
}

TEST_F(Refusals, AMissingValueIsTakenWhereTheModelImputes) {
  EXPECT_EQ(MustPredict(SeriesRow(kNan, 2)).steps(), 1u);
}

TEST_F(Refusals, AnInfinityEvenWhereTheModelImputes) {
  ExpectRefused(SeriesRow(1, kInfinity), grpc::INVALID_ARGUMENT, v1::INPUT_NOT_FINITE, "wind");
  ExpectRefused(SeriesRow(-kInfinity, 1), grpc::INVALID_ARGUMENT, v1::INPUT_NOT_FINITE,
                "temperature");
  ExpectRefused(PlainRow(kInfinity, 1), grpc::INVALID_ARGUMENT, v1::INPUT_NOT_FINITE, "x");
}

TEST_F(Refusals, ATokenOutOfRange) {
  ExpectRefused(Tokens({1, 34, 2}), grpc::INVALID_ARGUMENT, v1::TOKEN_OUT_OF_RANGE, "got 34");
  ExpectRefused(Tokens({-1}), grpc::INVALID_ARGUMENT, v1::TOKEN_OUT_OF_RANGE, "got -1");
}

TEST_F(Refusals, TimesForAModelThatDoesNotUseThem) {
  auto request = PlainRows("s", 1, 1);
  request.mutable_floats()->add_unix_ms(1'700'000'000'000);
  ExpectRefused(request, grpc::INVALID_ARGUMENT, v1::INPUT_TIME, "unix_ms");
}

TEST_F(Refusals, AnUnknownHeadAndTheNearestIsNamed) {
  auto request = PlainRows("s", 1, 1);
  request.mutable_output()->add_heads("nxt");
  ExpectRefused(request, grpc::INVALID_ARGUMENT, v1::UNKNOWN_HEAD, "did you mean 'next'");
}

TEST_F(Refusals, AnUnknownModelOrVersion) {
  auto request = PlainRows("s", 1, 1);
  request.set_model("plane");
  ExpectRefused(request, grpc::NOT_FOUND, v1::MODEL_UNKNOWN, "plane");
  request.set_model("plain");
  request.set_version(2);
  ExpectRefused(request, grpc::NOT_FOUND, v1::MODEL_UNKNOWN, "version 2");
}

TEST_F(Refusals, AnUnknownSessionEvenWhenAModelIsNamed) {
  auto request = PlainRows("ghost", 5, 1);
  ExpectRefused(request, grpc::NOT_FOUND, v1::SESSION_UNKNOWN, "ghost");
  request.set_model("plain");
  ExpectRefused(request, grpc::NOT_FOUND, v1::SESSION_UNKNOWN, "ghost");
  request.set_step(0);
  ExpectRefused(request, grpc::NOT_FOUND, v1::SESSION_UNKNOWN, "ghost");
}

TEST_F(Refusals, ALiveSessionOfAnotherModelOrVersion) {
  MustPredict(PlainRows("s", 1, 1));
  auto request = PlainRows("s", 2, 1);
  request.set_model("series");
  ExpectRefused(request, grpc::FAILED_PRECONDITION, v1::MODEL_MISMATCH, "series");
  request.set_model("plain");
  request.set_version(7);
  ExpectRefused(request, grpc::FAILED_PRECONDITION, v1::MODEL_MISMATCH, "7");
  EXPECT_EQ(MustPredict(PlainRows("s", 2, 1)).next_step(), 3u);
}

TEST_F(Refusals, AnExpiredSession) {
  Pause();
  options.engine.session_ttl_seconds = 100;
  WithTicks([&] { return MustPredict(PlainRows("s", 1, 1)); });
  clock.AdvanceSeconds(102);
  Drive();
  WithTicks([&] {
    ExpectRefused(PlainRows("s", 2, 1), grpc::NOT_FOUND, v1::SESSION_EXPIRED, "s");
    return true;
  });
}

TEST_F(Refusals, BadCharactersInASessionId) {
  for (const std::string id : {"two words", "caf\xc3\xa9", "a;b", "line\nbreak"}) {
    ExpectRefused(PlainRows(id, 1, 1), grpc::INVALID_ARGUMENT, v1::BAD_REQUEST, "session_id");
  }
}

TEST_F(Refusals, AnOverlongSessionId) {
  EXPECT_TRUE(MustPredict(PlainRows(std::string(128, 'x'), 1, 1)).created());
  ExpectRefused(PlainRows(std::string(129, 'x'), 1, 1), grpc::INVALID_ARGUMENT, v1::BAD_REQUEST,
                "session_id");
}

TEST_F(Refusals, BadCharactersInARequestIdAndItIsNotEchoed) {
  auto request = PlainRows("s", 1, 1);
  request.set_request_id("tab\there");
  ExpectRefused(request, grpc::INVALID_ARGUMENT, v1::BAD_REQUEST, "request_id");
  request.set_request_id(std::string(129, 'r'));
  ExpectRefused(request, grpc::INVALID_ARGUMENT, v1::BAD_REQUEST, "request_id");
  StreamClient stream(predictor());
  EXPECT_EQ(stream.Ask(request).request_id(), "");
}

TEST_F(Refusals, ABadIdIsRefusedByEverySessionCall) {
  v1::SessionInfo info;
  EXPECT_EQ(SessionGone("no spaces"), Reason::kBadRequest);
  EXPECT_EQ(SessionGone(""), Reason::kBadRequest);
  EXPECT_EQ(ReasonOf(CloseSession("no spaces")), Reason::kBadRequest);
  v1::ForkSessionRequest fork;
  fork.set_session_id("s");
  fork.set_new_session_id("no spaces");
  EXPECT_EQ(ReasonOf(predictor()->ForkSession(NewContext().get(), fork, &info)),
            Reason::kBadRequest);
}

TEST_F(Refusals, TheClientsBytesComeBackEscapedAndCut) {
  auto request = PlainRows("s", 1, 1);
  request.set_model(std::string(100'000, 'm') + "\x01");
  v1::PredictResponse response;
  const grpc::Status status = Predict(request, &response);
  EXPECT_EQ(ReasonOf(status), Reason::kModelUnknown);
  EXPECT_LE(status.error_message().size(), 1024u);
  request.set_model("m\n\x7f");
  EXPECT_THAT(Predict(request, &response).error_message(), HasSubstr("m\\x0a\\x7f"));
}

TEST_F(Refusals, BytesThatAreNoMessageFailAUnaryCall) {
  const auto [status, bytes] = RawUnary(channel(), kPredict, kNoMessage);
  EXPECT_EQ(status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(status), Reason::kBadRequest);
  EXPECT_EQ(bytes, "");
}

TEST_F(Refusals, BytesThatAreNoMessageEndAStreamAndSessionsLiveOn) {
  v1::PredictStreamRequest good;
  *good.add_requests() = PlainRows("s", 1, 2);
  const RawStreamResult result =
      RawStream(channel(), kPredictStream, {good.SerializeAsString(), kNoMessage}, true);
  EXPECT_EQ(result.status.error_code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(ReasonOf(result.status), Reason::kBadRequest);
  ASSERT_EQ(result.messages.size(), 1u);  // what came before is still answered
  v1::PredictStreamResponse answer;
  ASSERT_TRUE(answer.ParseFromString(result.messages[0]));
  EXPECT_EQ(answer.responses(0).next_step(), 3u);
  EXPECT_EQ(MustPredict(PlainRows("s", 3, 1)).next_step(), 4u);
}

class AffinityKey : public Refusals {
 protected:
  // Calls with this key; says what was echoed.
  grpc::Status Call(const std::string& session, const std::vector<std::string>& keys) {
    const auto context = NewContext();
    for (const std::string& key : keys) context->AddMetadata("x-session-id", key);
    v1::PredictResponse response;
    const grpc::Status status =
        predictor()->Predict(context.get(), PlainRows(session, 1, 1), &response);
    const auto& metadata = context->GetServerInitialMetadata();
    const auto found = metadata.find("x-session-id");
    echoed = found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
    return status;
  }

  std::string echoed;
};

TEST_F(AffinityKey, IsEchoed) {
  EXPECT_TRUE(Call("user-7", {"user-7"}).ok());
  EXPECT_EQ(echoed, "user-7");
  EXPECT_TRUE(Call("user-7/weather", {"user-7"}).ok());
  EXPECT_EQ(echoed, "user-7");
}

TEST_F(AffinityKey, OfAnotherSessionIsRefused) {
  const grpc::Status status = Call("user-77", {"user-7"});
  EXPECT_EQ(ReasonOf(status), Reason::kBadRequest);
  EXPECT_THAT(status.error_message(), HasSubstr("x-session-id"));
  EXPECT_EQ(SessionGone("user-77"), Reason::kSessionUnknown);
}

TEST_F(AffinityKey, WithOtherCharactersIsRefusedAndNotEchoed) {
  const grpc::Status status = Call("s", {"two words"});
  EXPECT_EQ(ReasonOf(status), Reason::kBadRequest);
  EXPECT_EQ(echoed, "");
}

TEST_F(AffinityKey, GivenTwiceIsRefused) {
  EXPECT_EQ(ReasonOf(Call("s", {"s", "s"})), Reason::kBadRequest);
}

TEST_F(AffinityKey, OfAStreamHoldsForEachOfItsSessions) {
  auto context = NewContext();
  context->AddMetadata("x-session-id", "user-7");
  StreamClient stream(predictor(), std::move(context));
  EXPECT_EQ(stream.Ask(PlainRows("user-7/a", 1, 1)).status().code(), 0);
  EXPECT_EQ(stream.Ask(PlainRows("user-8/a", 1, 1)).status().reason(), v1::BAD_REQUEST);
  EXPECT_EQ(stream.Ask(PlainRows("user-7/b", 1, 1)).status().code(), 0);
}

TEST_F(AffinityKey, ThatIsBadEndsItsStreamAtOnce) {
  auto context = NewContext();
  context->AddMetadata("x-session-id", "two words");
  StreamClient stream(predictor(), std::move(context));
  EXPECT_EQ(stream.Finish().error_code(), grpc::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace sequent::rpc
