#include "client/grpc_stream.h"

#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <utility>

#include "core/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace sequent::client {
namespace {

// Lives until OnDone, whoever else lets go of it. Writes come from outside gRPC's reactions, so a
// hold keeps the call open between them; it ends with the read side, which ends with the call.
class GrpcStream final
    : public Transport,
      public grpc::ClientBidiReactor<v1::PredictStreamRequest, v1::PredictStreamResponse> {
 public:
  GrpcStream(std::shared_ptr<v1::Predictor::Stub> stub, std::shared_ptr<TransportListener> listener,
             std::shared_ptr<void> counted)
      : counted_(std::move(counted)), stub_(std::move(stub)), listener_(std::move(listener)) {}

  void Start(std::shared_ptr<GrpcStream> self) {
    self_ = std::move(self);
    stub_->async()->PredictStream(&context_, this);
    AddHold();
    StartRead(&response_);
    StartCall();
  }

  void Write(const v1::PredictStreamRequest& message) override {
    MutexLock lock(&mutex_);
    if (over_) return;
    request_ = message;
    StartWrite(&request_);
  }

  void Close() override {
    MutexLock lock(&mutex_);
    if (!over_) StartWritesDone();
  }

  void Cancel() override { context_.TryCancel(); }

  void OnReadDone(bool ok) override {
    if (ok) {
      listener_->OnMessage(response_);
      StartRead(&response_);
      return;
    }
    MutexLock lock(&mutex_);
    over_ = true;
    RemoveHold();
  }

  void OnWriteDone(bool ok) override {
    if (ok) listener_->OnWritten();
  }

  void OnDone(const grpc::Status& status) override {
    listener_->OnClosed(FromGrpc(status));
    const std::shared_ptr<GrpcStream> last = std::move(self_);
  }

 private:
  const std::shared_ptr<void> counted_;  // first here, so the last to go
  const std::shared_ptr<v1::Predictor::Stub> stub_;
  const std::shared_ptr<TransportListener> listener_;
  grpc::ClientContext context_;
  v1::PredictStreamRequest request_;
  v1::PredictStreamResponse response_;
  std::shared_ptr<GrpcStream> self_;
  Mutex mutex_;
  bool over_ SEQ_GUARDED_BY(mutex_) = false;
};

Reason ReasonByName(std::string_view name) {
  for (int i = 0; i < kReasonCount; ++i) {
    if (ReasonName(static_cast<Reason>(i)) == name) return static_cast<Reason>(i);
  }
  return Reason::kUnspecified;
}

}  // namespace

std::shared_ptr<void> StreamCount::Enter() {
  MutexLock lock(&mutex_);
  ++count_;
  return std::shared_ptr<void>(nullptr, [self = shared_from_this()](void*) { self->Leave(); });
}

void StreamCount::Leave() {
  MutexLock lock(&mutex_);
  if (--count_ == 0) none_.NotifyAll();
}

void StreamCount::WaitForNone() {
  MutexLock lock(&mutex_);
  while (count_ > 0) none_.Wait(&mutex_);
}

std::shared_ptr<Transport> OpenGrpcStream(std::shared_ptr<v1::Predictor::Stub> stub,
                                          std::shared_ptr<TransportListener> listener,
                                          StreamCount* count) {
  auto stream = std::make_shared<GrpcStream>(std::move(stub), std::move(listener), count->Enter());
  stream->Start(stream);
  return stream;
}

Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  google::rpc::Status details;
  if (details.ParseFromString(status.error_details())) {
    for (const auto& detail : details.details()) {
      google::rpc::ErrorInfo info;
      if (!detail.UnpackTo(&info)) continue;
      const Reason reason = ReasonByName(info.reason());
      if (reason != Reason::kUnspecified) return MakeError(reason, status.error_message());
    }
  }
  return Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace sequent::client
