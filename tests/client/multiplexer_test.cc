#include "client/multiplexer.h"

#include <memory>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace sequent::client {
namespace {

using testing::ElementsAre;

// A stream whose other end is the test.
class FakeTransport final : public Transport {
 public:
  void Write(const v1::PredictStreamRequest& message) override { written.push_back(message); }
  void Close() override {}
  void Cancel() override { cancelled = true; }

  std::vector<v1::PredictStreamRequest> written;
  bool cancelled = false;
};

class MultiplexerTest : public testing::Test {
 protected:
  MultiplexerTest() { Make(ClientOptions()); }

  void Make(const ClientOptions& options) {
    multiplexer_ = std::make_shared<Multiplexer>(
        options,
        [this](std::shared_ptr<TransportListener>) {
          streams_.push_back(std::make_shared<FakeTransport>());
          return streams_.back();
        },
        &clock_);
  }

  std::shared_ptr<SessionRecord> NewSession(const std::string& id) {
    auto session = std::make_shared<SessionRecord>();
    session->id = id;
    session->model = "m";
    session->epoch = 7;
    return session;
  }

  // Submits one step of one row; its outcome goes to outcomes_ as "a1:OK" or "a1:STEP_GAP".
  void Step(const std::shared_ptr<SessionRecord>& session, double timeout = 0, bool end = false) {
    v1::PredictRequest request;
    request.set_end(end);
    if (!end) request.mutable_floats()->add_values(1);
    const std::string name = session->id + std::to_string(++submitted_[session->id]);
    multiplexer_->Submit(
        session, std::move(request), end ? 0 : 1, timeout,
        [this, name](StatusOr<v1::PredictResponse> response) {
          const Reason reason = ReasonOf(response.status());
          outcomes_.push_back(name + ":" +
                              (response.ok() ? "OK"
                               : reason == Reason::kUnspecified
                                   ? absl::StatusCodeToString(response.status().code())
                                   : std::string(ReasonName(reason))));
        });
  }

  FakeTransport& stream() { return *streams_.back(); }
  const v1::PredictStreamRequest& last() { return stream().written.back(); }

  static v1::PredictResponse Answer(const v1::PredictRequest& request) {
    v1::PredictResponse response;
    response.set_request_id(request.request_id());
    response.set_session_id(request.session_id());
    response.set_step(request.step());
    response.set_steps(1);
    return response;
  }
  static v1::PredictResponse Refusal(const v1::PredictRequest& request, v1::Reason reason,
                                     absl::StatusCode code) {
    v1::PredictResponse response = Answer(request);
    response.mutable_status()->set_code(static_cast<int>(code));
    response.mutable_status()->set_reason(reason);
    response.mutable_status()->set_message("no");
    return response;
  }
  void Receive(const std::vector<v1::PredictResponse>& responses) {
    v1::PredictStreamResponse message;
    for (const auto& response : responses) *message.add_responses() = response;
    multiplexer_->OnMessage(message);
  }
  // Steps of the requests in a message.
  static std::vector<uint64_t> StepsIn(const v1::PredictStreamRequest& message) {
    std::vector<uint64_t> steps;
    for (const auto& request : message.requests()) steps.push_back(request.step());
    return steps;
  }

  FakeClock clock_;
  std::vector<std::shared_ptr<FakeTransport>> streams_;
  std::shared_ptr<Multiplexer> multiplexer_;
  std::map<std::string, int> submitted_;
  std::vector<std::string> outcomes_;
};

TEST_F(MultiplexerTest, FirstStepBeginsTheSessionAndLaterOnesAreNumbered) {
  const auto a = NewSession("a");
  Step(a);
  ASSERT_EQ(stream().written.size(), 1u);
  const v1::PredictRequest first = last().requests(0);
  EXPECT_TRUE(first.start());
  EXPECT_EQ(first.model(), "m");
  EXPECT_EQ(first.epoch(), 7u);
  EXPECT_EQ(first.step(), 1u);
  multiplexer_->OnWritten();
  Step(a);
  EXPECT_FALSE(last().requests(0).start());
  EXPECT_EQ(last().requests(0).step(), 2u);
}

TEST_F(MultiplexerTest, RequestsGatherWhileAMessageIsBeingWritten) {
  const auto a = NewSession("a"), b = NewSession("b");
  Step(a);
  Step(a);
  Step(b);
  Step(a);
  EXPECT_EQ(stream().written.size(), 1u);
  multiplexer_->OnWritten();
  ASSERT_EQ(stream().written.size(), 2u);
  EXPECT_THAT(StepsIn(last()), ElementsAre(2, 3, 1));
}

TEST_F(MultiplexerTest, AnAnswerIsAcknowledgedWithTheNextRequest) {
  const auto a = NewSession("a");
  Step(a);
  multiplexer_->OnWritten();
  Receive({Answer(last().requests(0))});
  Step(a);
  EXPECT_EQ(last().requests(0).acked_step(), 1u);
  EXPECT_THAT(outcomes_, ElementsAre("a1:OK"));
}

TEST_F(MultiplexerTest, ABrokenStreamIsReopenedAndEverythingUnansweredSentAgain) {
  const auto a = NewSession("a");
  Step(a);
  multiplexer_->OnWritten();
  Step(a);
  multiplexer_->OnWritten();
  Receive({Answer(stream().written[0].requests(0))});
  multiplexer_->OnClosed(absl::UnavailableError("gone"));
  Step(a);
  EXPECT_EQ(streams_.size(), 1u) << "it pauses before it connects again";
  clock_.AdvanceSeconds(0.1);
  multiplexer_->RunTimers();
  ASSERT_EQ(streams_.size(), 2u);
  EXPECT_THAT(StepsIn(last()), ElementsAre(2, 3));
  EXPECT_EQ(last().requests(0).epoch(), 7u);
}

TEST_F(MultiplexerTest, PausesBetweenConnectionAttemptsGrowToTheMaximum) {
  const auto a = NewSession("a");
  Step(a);
  int64_t longest = 0;
  for (int attempt = 0; attempt < 12; ++attempt) {
    multiplexer_->OnClosed(absl::UnavailableError("gone"));
    const int64_t pause = multiplexer_->RunTimers() - clock_.Nanos();
    EXPECT_GE(pause, longest);
    longest = pause;
    clock_.AdvanceNanos(pause);
    multiplexer_->RunTimers();
    ASSERT_EQ(streams_.size(), static_cast<size_t>(attempt) + 2);
  }
  EXPECT_EQ(longest, 2'000'000'000);
}

TEST_F(MultiplexerTest, AFullQueueMakesTheStepAndThoseBehindItComeAgainInOrder) {
  const auto a = NewSession("a");
  Step(a);
  Step(a);
  multiplexer_->OnWritten();
  multiplexer_->OnWritten();
  const v1::PredictRequest first = stream().written[0].requests(0);
  const v1::PredictRequest second = stream().written[1].requests(0);
  Receive({Refusal(first, v1::QUEUE_FULL, absl::StatusCode::kResourceExhausted),
           Refusal(second, v1::STEP_GAP, absl::StatusCode::kOutOfRange)});
  EXPECT_TRUE(outcomes_.empty());
  clock_.AdvanceSeconds(0.1);
  multiplexer_->RunTimers();
  EXPECT_THAT(StepsIn(last()), ElementsAre(1, 2));
  EXPECT_TRUE(last().requests(0).start());
  EXPECT_NE(last().requests(0).request_id(), first.request_id());
  Receive({Answer(last().requests(0)), Answer(last().requests(1))});
  EXPECT_THAT(outcomes_, ElementsAre("a1:OK", "a2:OK"));
}

TEST_F(MultiplexerTest, AStepRefusedForGoodFailsThoseQueuedBehindItAndItsNumberIsUsedAgain) {
  const auto a = NewSession("a");
  Step(a);
  multiplexer_->OnWritten();
  Receive({Answer(last().requests(0))});
  Step(a);
  Step(a);
  multiplexer_->OnWritten();
  const v1::PredictRequest behind = last().requests(0);
  Receive({Refusal(stream().written[1].requests(0), v1::INPUT_WIDTH,
                   absl::StatusCode::kInvalidArgument),
           Refusal(behind, v1::STEP_GAP, absl::StatusCode::kOutOfRange)});
  EXPECT_THAT(outcomes_, ElementsAre("a1:OK", "a2:INPUT_WIDTH", "a3:PREVIOUS_STEP_FAILED"));
  multiplexer_->OnWritten();
  Step(a);
  EXPECT_EQ(last().requests(0).step(), 2u);
  Receive({Answer(last().requests(0))});
  EXPECT_EQ(outcomes_.back(), "a4:OK");
}

TEST_F(MultiplexerTest, AStartRefusedForGoodIsSentAsAStartNextTime) {
  const auto a = NewSession("a");
  Step(a);
  multiplexer_->OnWritten();
  Receive({Refusal(last().requests(0), v1::MODEL_UNKNOWN, absl::StatusCode::kNotFound)});
  Step(a);
  EXPECT_TRUE(last().requests(0).start());
  EXPECT_EQ(last().requests(0).step(), 1u);
}

TEST_F(MultiplexerTest, ALostSessionFailsAllItsStepsFromThenOn) {
  const auto a = NewSession("a");
  Step(a);
  multiplexer_->OnWritten();
  Receive({Refusal(last().requests(0), v1::SESSION_EXPIRED, absl::StatusCode::kNotFound)});
  Step(a);
  EXPECT_THAT(outcomes_, ElementsAre("a1:SESSION_EXPIRED", "a2:SESSION_EXPIRED"));
}

TEST_F(MultiplexerTest, ADeadlineBeforeSendingFreesTheStepsNumber) {
  const auto a = NewSession("a");
  Step(a);
  multiplexer_->OnWritten();
  multiplexer_->OnClosed(absl::UnavailableError("gone"));
  const auto b = NewSession("b");
  Step(b, /*timeout=*/0.01);
  clock_.AdvanceSeconds(0.02);
  multiplexer_->RunTimers();
  EXPECT_THAT(outcomes_, ElementsAre("b1:DEADLINE"));
  EXPECT_EQ(multiplexer_->Snapshot(*b).next_step, 1u);
}

TEST_F(MultiplexerTest, ALateStepThatWasSentKeepsItsPlaceAndItsAnswerIsDropped) {
  const auto a = NewSession("a");
  Step(a, /*timeout=*/0.5);
  multiplexer_->OnWritten();
  const v1::PredictRequest late = last().requests(0);
  EXPECT_EQ(late.timeout_ms(), 500u);
  clock_.AdvanceSeconds(1);
  multiplexer_->RunTimers();
  EXPECT_THAT(outcomes_, ElementsAre("a1:DEADLINE"));
  Step(a);
  EXPECT_EQ(last().requests(0).step(), 2u);
  Receive({Answer(late), Answer(last().requests(0))});
  EXPECT_THAT(outcomes_, ElementsAre("a1:DEADLINE", "a2:OK"));
}

TEST_F(MultiplexerTest, NoMoreRequestsThanTheWindowAreOnTheWire) {
  ClientOptions options;
  options.max_in_flight = 2;
  Make(options);
  const auto a = NewSession("a");
  for (int i = 0; i < 5; ++i) Step(a);
  multiplexer_->OnWritten();
  multiplexer_->OnWritten();
  ASSERT_EQ(stream().written.size(), 2u);
  Receive({Answer(stream().written[0].requests(0))});
  EXPECT_THAT(StepsIn(last()), ElementsAre(3));
}

TEST_F(MultiplexerTest, AFullClientQueueRefusesAtOnce) {
  ClientOptions options;
  options.max_queued = 1;
  Make(options);
  const auto a = NewSession("a");
  Step(a);
  Step(a);
  EXPECT_THAT(outcomes_, ElementsAre("a2:RESOURCE_EXHAUSTED"));
}

TEST_F(MultiplexerTest, ARequestLargerThanAMessageIsRefusedHere) {
  ClientOptions options;
  options.max_message_bytes = 8;
  Make(options);
  v1::PredictRequest request;
  request.set_text("much longer than eight bytes");
  Status status;
  multiplexer_->Submit(NewSession("a"), request, 28, 0,
                       [&](StatusOr<v1::PredictResponse> response) { status = response.status(); });
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_TRUE(streams_.empty());
}

TEST_F(MultiplexerTest, AStreamEndedWithAVerdictFailsWhatWasOnIt) {
  const auto a = NewSession("a");
  Step(a);
  multiplexer_->OnWritten();
  multiplexer_->OnClosed(absl::ResourceExhaustedError("message too large"));
  EXPECT_THAT(outcomes_, ElementsAre("a1:RESOURCE_EXHAUSTED"));
}

TEST_F(MultiplexerTest, NothingFollowsTheEndOfASession) {
  const auto a = NewSession("a");
  Step(a);
  Step(a, 0, /*end=*/true);
  Step(a);
  EXPECT_THAT(outcomes_, ElementsAre("a3:FAILED_PRECONDITION"));
  multiplexer_->OnWritten();
  EXPECT_TRUE(last().requests(0).end());
}

TEST_F(MultiplexerTest, ShutdownAnswersEverythingWithCancelled) {
  const auto a = NewSession("a");
  Step(a);
  Step(a);
  multiplexer_->Shutdown();
  EXPECT_TRUE(stream().cancelled);
  Step(a);
  EXPECT_THAT(outcomes_, ElementsAre("a1:CANCELLED", "a2:CANCELLED", "a3:CANCELLED"));
}

}  // namespace
}  // namespace sequent::client
