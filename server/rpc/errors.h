// The one place where an absl::Status becomes what clients see: a grpc::Status with details (unary
// calls, ends of streams) or a sequent.v1.Status (answers on a stream).
//
// Thread safety: pure functions.
#ifndef SEQUENT_SERVER_RPC_ERRORS_H_
#define SEQUENT_SERVER_RPC_ERRORS_H_

#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/status.h"
#include "sequent/v1/predictor.pb.h"

namespace sequent::rpc {

// The domain of every google.rpc.ErrorInfo this server sends.
inline constexpr char kErrorDomain[] = "sequent";
// What a client should wait before it sends a request again that found a full queue.
inline constexpr int kRetryMillis = 50;

// Printable ASCII, at most 1 KB: other bytes as \xNN, the rest cut with "...". gRPC loses the code
// of a status whose message is over 16 KB, and Protobuf strings must be UTF-8.
std::string SafeMessage(std::string_view message);

// "OK", "INVALID_ARGUMENT", ...: the `code` label of metrics.
std::string CodeName(const Status& status);

// Details: ErrorInfo{reason, domain, metadata: next_step if the status carries one}, and RetryInfo
// for QUEUE_FULL. OK stays OK.
grpc::Status ToGrpcStatus(const Status& status);

// Code, message and reason; `wire` is cleared first.
void FillStatus(const Status& status, v1::Status* wire);

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_ERRORS_H_
