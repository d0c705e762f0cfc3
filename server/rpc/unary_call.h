// One unary call over raw buffers: parsed here, so that bytes that are no message are refused with
// INVALID_ARGUMENT (the generated handlers would answer UNIMPLEMENTED), answered from any thread,
// counted, and gone when gRPC says so.
#ifndef SEQUENT_SERVER_RPC_UNARY_CALL_H_
#define SEQUENT_SERVER_RPC_UNARY_CALL_H_

#include <google/protobuf/arena.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <utility>

#include "core/base/error.h"
#include "server/rpc/affinity.h"
#include "server/rpc/edge.h"
#include "server/rpc/errors.h"

namespace sequent::rpc {

// The call's deadline on the engine's clock.
int64_t DeadlineOfCall(const Edge& edge, const grpc::ServerContextBase& context);

// Parses `buffer` into `message`; BAD_REQUEST if it is none.
template <typename Message>
Status ParseBuffer(grpc::ByteBuffer buffer, Message* message) {
  grpc::Slice slice;
  if (buffer.TrySingleSlice(&slice).ok() &&
      message->ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) {
    return absl::OkStatus();
  }
  if (grpc::SerializationTraits<Message>::Deserialize(&buffer, message).ok())
    return absl::OkStatus();
  return MakeError(Reason::kBadRequest, StrCat("expected a ", Message::descriptor()->full_name(),
                                               ", got bytes that do not parse as one"));
}

template <typename Message>
grpc::ByteBuffer SerializeToBuffer(const Message& message) {
  grpc::ByteBuffer buffer;
  bool own_buffer = false;
  grpc::SerializationTraits<Message>::Serialize(message, &buffer, &own_buffer);
  return buffer;
}

// Thread safety: Reply is called once, from any thread; the object is gone some time after it.
template <typename Request, typename Response>
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  UnaryCall(Edge* edge, const char* method, grpc::CallbackServerContext* context,
            grpc::ByteBuffer* output)
      : edge_(edge),
        context_(context),
        output_(output),
        record_(edge, method),
        request_(google::protobuf::Arena::CreateMessage<Request>(&arena_)),
        response_(google::protobuf::Arena::CreateMessage<Response>(&arena_)) {}

  // Must be OK before anything else is asked of the call.
  Status Begin(const grpc::ByteBuffer& input) {
    SEQ_ASSIGN_OR_RETURN(affinity_, Affinity::OfCall(context_));
    return ParseBuffer(input, request_);
  }

  Edge* edge() const { return edge_; }
  const Request& request() const { return *request_; }
  Response* response() { return response_; }
  const Affinity& affinity() const { return affinity_; }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  int64_t deadline_nanos() const { return DeadlineOfCall(*edge_, *context_); }

  // Sends the response as it stands, or the error.
  void Reply(const Status& status) {
    if (status.ok()) *output_ = SerializeToBuffer(*response_);
    record_.Done(status);
    Finish(ToGrpcStatus(status));
  }

  void OnCancel() override { cancelled_.store(true, std::memory_order_relaxed); }
  void OnDone() override { delete this; }

 private:
  ~UnaryCall() override = default;

  Edge* const edge_;
  grpc::CallbackServerContext* const context_;
  grpc::ByteBuffer* const output_;
  RequestRecord record_;
  google::protobuf::Arena arena_;
  Request* const request_;
  Response* const response_;
  Affinity affinity_;
  std::atomic<bool> cancelled_{false};
};

// Makes the call and hands it to `handler(call)`, which sees to it that Reply is called.
template <typename Request, typename Response, typename Handler>
grpc::ServerUnaryReactor* StartUnaryCall(Edge* edge, const char* method,
                                         grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* input, grpc::ByteBuffer* output,
                                         Handler handler) {
  auto* call = new UnaryCall<Request, Response>(edge, method, context, output);
  if (const Status status = call->Begin(*input); !status.ok()) {
    call->Reply(status);
  } else {
    handler(call);
  }
  return call;
}

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_UNARY_CALL_H_
