#include "server/rpc/errors.h"

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace sequent::rpc {
namespace {

constexpr size_t kMaxMessageBytes = 1024;

constexpr bool Same(Reason ours, v1::Reason wire) {
  return static_cast<int>(ours) == static_cast<int>(wire);
}
static_assert(Same(Reason::kUnspecified, v1::REASON_UNSPECIFIED));
static_assert(Same(Reason::kBadRequest, v1::BAD_REQUEST));
static_assert(Same(Reason::kInputKind, v1::INPUT_KIND));
static_assert(Same(Reason::kInputWidth, v1::INPUT_WIDTH));
static_assert(Same(Reason::kInputNotFinite, v1::INPUT_NOT_FINITE));
static_assert(Same(Reason::kInputTooLong, v1::INPUT_TOO_LONG));
static_assert(Same(Reason::kInputTime, v1::INPUT_TIME));
static_assert(Same(Reason::kTokenOutOfRange, v1::TOKEN_OUT_OF_RANGE));
static_assert(Same(Reason::kUnknownHead, v1::UNKNOWN_HEAD));
static_assert(Same(Reason::kModelUnknown, v1::MODEL_UNKNOWN));
static_assert(Same(Reason::kSessionUnknown, v1::SESSION_UNKNOWN));
static_assert(Same(Reason::kSessionExpired, v1::SESSION_EXPIRED));
static_assert(Same(Reason::kModelMismatch, v1::MODEL_MISMATCH));
static_assert(Same(Reason::kModelNotStreamable, v1::MODEL_NOT_STREAMABLE));
static_assert(Same(Reason::kModelRetired, v1::MODEL_RETIRED));
static_assert(Same(Reason::kStateMismatch, v1::STATE_MISMATCH));
static_assert(Same(Reason::kSessionReplaced, v1::SESSION_REPLACED));
static_assert(Same(Reason::kStepTooOld, v1::STEP_TOO_OLD));
static_assert(Same(Reason::kSessionExists, v1::SESSION_EXISTS));
static_assert(Same(Reason::kStepGap, v1::STEP_GAP));
static_assert(Same(Reason::kStepOverlap, v1::STEP_OVERLAP));
static_assert(Same(Reason::kPreviousStepFailed, v1::PREVIOUS_STEP_FAILED));
static_assert(Same(Reason::kQueueFull, v1::QUEUE_FULL));
static_assert(Same(Reason::kSessionLimit, v1::SESSION_LIMIT));
static_assert(Same(Reason::kOutputTooLong, v1::OUTPUT_TOO_LONG));
static_assert(Same(Reason::kDeadline, v1::DEADLINE));
static_assert(Same(Reason::kDraining, v1::DRAINING));
static_assert(Same(Reason::kStoreUnavailable, v1::STORE_UNAVAILABLE));
static_assert(Same(Reason::kStateLost, v1::STATE_LOST));
static_assert(Same(Reason::kBadToken, v1::BAD_TOKEN));
static_assert(Same(Reason::kInternalError, v1::INTERNAL_ERROR));
static_assert(kReasonCount == v1::Reason_ARRAYSIZE);

// The numbers of absl::StatusCode and grpc::StatusCode are the same by design of both.
static_assert(static_cast<int>(absl::StatusCode::kUnauthenticated) == grpc::UNAUTHENTICATED);
static_assert(static_cast<int>(absl::StatusCode::kDataLoss) == grpc::DATA_LOSS);

google::rpc::ErrorInfo ErrorInfoOf(const Status& status) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(ReasonName(ReasonOf(status))));
  info.set_domain(kErrorDomain);
  if (const auto next_step = NextStepOf(status)) {
    (*info.mutable_metadata())["next_step"] = std::to_string(*next_step);
  }
  return info;
}

google::rpc::RetryInfo RetryInfoOfFullQueue() {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_nanos(kRetryMillis * 1'000'000);
  return retry;
}

}  // namespace

std::string SafeMessage(std::string_view message) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (const unsigned char c : message) {
    if (out.size() > kMaxMessageBytes) break;
    if (c >= 0x20 && c < 0x7f) {
      out.push_back(static_cast<char>(c));
    } else {
      out.append({'\\', 'x', kHex[c >> 4], kHex[c & 15]});
    }
  }
  if (out.size() > kMaxMessageBytes) {
    out.resize(kMaxMessageBytes - 3);
    out.append("...");
  }
  return out;
}

std::string CodeName(const Status& status) { return absl::StatusCodeToString(status.code()); }

grpc::Status ToGrpcStatus(const Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const std::string message = SafeMessage(Message(status));
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(message);
  if (ReasonOf(status) != Reason::kUnspecified)
    details.add_details()->PackFrom(ErrorInfoOf(status));
  if (ReasonOf(status) == Reason::kQueueFull)
    details.add_details()->PackFrom(RetryInfoOfFullQueue());
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), message,
                      details.SerializeAsString());
}

void FillStatus(const Status& status, v1::Status* wire) {
  wire->Clear();
  wire->set_code(static_cast<int>(status.code()));
  wire->set_message(SafeMessage(Message(status)));
  wire->set_reason(static_cast<v1::Reason>(ReasonOf(status)));
}

}  // namespace sequent::rpc
