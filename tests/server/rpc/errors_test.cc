#include "server/rpc/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace sequent::rpc {
namespace {

using testing::EndsWith;

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  EXPECT_TRUE(details.ParseFromString(status.error_details()));
  return details;
}

TEST(SafeMessage, KeepsPrintableAscii) { EXPECT_EQ(SafeMessage("got 'x' ~ 7"), "got 'x' ~ 7"); }

TEST(SafeMessage, EscapesEverythingElse) {
  EXPECT_EQ(SafeMessage("a\n\x7f\xc3\xa9\x01"), "a\\x0a\\x7f\\xc3\\xa9\\x01");
  EXPECT_EQ(SafeMessage(std::string_view("\0", 1)), "\\x00");
}

TEST(SafeMessage, CutsAtOneKilobyte) {
  EXPECT_EQ(SafeMessage(std::string(1024, 'x')), std::string(1024, 'x'));
  const std::string cut = SafeMessage(std::string(1025, 'x'));
  EXPECT_EQ(cut.size(), 1024u);
  EXPECT_THAT(cut, EndsWith("x..."));
  EXPECT_EQ(SafeMessage(std::string(100'000, '\n')).size(), 1024u);
}

TEST(ToGrpcStatus, OfOkIsOk) {
  EXPECT_TRUE(ToGrpcStatus(absl::OkStatus()).ok());
  EXPECT_EQ(ToGrpcStatus(absl::OkStatus()).error_details(), "");
}

TEST(ToGrpcStatus, CarriesEveryReasonWithItsCode) {
  for (int i = 1; i < kReasonCount; ++i) {
    const auto reason = static_cast<Reason>(i);
    const grpc::Status status = ToGrpcStatus(MakeError(reason, "why"));
    EXPECT_EQ(static_cast<int>(status.error_code()), static_cast<int>(ReasonCode(reason)));
    const google::rpc::Status details = DetailsOf(status);
    EXPECT_EQ(details.code(), static_cast<int>(status.error_code()));
    EXPECT_EQ(details.message(), "why");
    google::rpc::ErrorInfo info;
    ASSERT_TRUE(details.details(0).UnpackTo(&info));
    EXPECT_EQ(info.domain(), "sequent");
    EXPECT_EQ(info.reason(), v1::Reason_Name(i));
  }
}

TEST(ToGrpcStatus, CarriesTheNextStep) {
  const grpc::Status status = ToGrpcStatus(WithNextStep(MakeError(Reason::kStepGap, "gap"), 42));
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(DetailsOf(status).details(0).UnpackTo(&info));
  EXPECT_EQ(info.metadata().at("next_step"), "42");
}

TEST(ToGrpcStatus, SaysWhenToRetryIfAQueueIsFullAndOnlyThen) {
  const google::rpc::Status full = DetailsOf(ToGrpcStatus(MakeError(Reason::kQueueFull, "full")));
  ASSERT_EQ(full.details_size(), 2);
  google::rpc::RetryInfo retry;
  ASSERT_TRUE(full.details(1).UnpackTo(&retry));
  EXPECT_EQ(retry.retry_delay().nanos(), kRetryMillis * 1'000'000);
  EXPECT_EQ(DetailsOf(ToGrpcStatus(MakeError(Reason::kSessionLimit, "x"))).details_size(), 1);
}

TEST(ToGrpcStatus, WithoutAReasonHasNoDetails) {
  const grpc::Status status = ToGrpcStatus(absl::CancelledError("gone"));
  EXPECT_EQ(status.error_code(), grpc::CANCELLED);
  EXPECT_EQ(DetailsOf(status).details_size(), 0);
}

TEST(FillStatus, ReplacesWhatWasThere) {
  v1::Status wire;
  FillStatus(MakeError(Reason::kInputWidth, "expected 2\n"), &wire);
  EXPECT_EQ(wire.code(), grpc::INVALID_ARGUMENT);
  EXPECT_EQ(wire.reason(), v1::INPUT_WIDTH);
  EXPECT_EQ(wire.message(), "expected 2\\x0a");
  FillStatus(absl::OkStatus(), &wire);
  EXPECT_EQ(wire.ByteSizeLong(), 0u);
}

TEST(CodeName, IsTheRpcCodesName) {
  EXPECT_EQ(CodeName(absl::OkStatus()), "OK");
  EXPECT_EQ(CodeName(MakeError(Reason::kQueueFull, "x")), "RESOURCE_EXHAUSTED");
}

}  // namespace
}  // namespace sequent::rpc
