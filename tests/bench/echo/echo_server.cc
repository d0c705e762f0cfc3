#include "tests/bench/echo/echo_server.h"

#include <google/protobuf/arena.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <utility>
#include <vector>

#include "core/base/mutex.h"
#include "sequent/v1/predictor.grpc.pb.h"

namespace sequent::echo {
namespace {

using google::protobuf::Arena;
using grpc::ByteBuffer;

// A response message whose members are kept with their heads while it shrinks and grows.
class ReadyResponses {
 public:
  explicit ReadyResponses(const v1::PredictResponse& pattern) : pattern_(pattern) {}

  // Exactly `count` responses, each as the pattern but for what was set in it before.
  v1::PredictStreamResponse* Of(int count) {
    auto* responses = message_.mutable_responses();
    while (responses->size() > count) spare_.emplace_back(responses->ReleaseLast());
    while (responses->size() < count) {
      if (spare_.empty()) spare_.push_back(std::make_unique<v1::PredictResponse>(pattern_));
      responses->AddAllocated(spare_.back().release());
      spare_.pop_back();
    }
    return &message_;
  }

 private:
  const v1::PredictResponse& pattern_;
  v1::PredictStreamResponse message_;
  std::vector<std::unique_ptr<v1::PredictResponse>> spare_;
};

class EchoStream final : public grpc::ServerBidiReactor<ByteBuffer, ByteBuffer> {
 public:
  explicit EchoStream(const v1::PredictResponse& pattern) : responses_(pattern) {
    StartSendInitialMetadata();
    StartRead(&read_buffer_);
  }

  void OnReadDone(bool ok) override {
    MutexLock lock(&mutex_);
    if (!ok || !Take()) {
      read_closed_ = true;
      FinishIfOver();
      return;
    }
    if (!writing_) Write();
    StartRead(&read_buffer_);
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(&mutex_);
    writing_ = false;
    if (ok && !ready_.empty()) Write();
    FinishIfOver();
  }

  void OnDone() override { delete this; }

 private:
  // Parses what was read and keeps it until it is answered.
  bool Take() SEQ_REQUIRES(mutex_) {
    auto arena = std::make_unique<Arena>();
    auto* message = Arena::CreateMessage<v1::PredictStreamRequest>(arena.get());
    if (!grpc::SerializationTraits<v1::PredictStreamRequest>::Deserialize(&read_buffer_, message)
             .ok()) {
      return false;
    }
    ready_requests_ += message->requests_size();
    ready_.emplace_back(std::move(arena), message);
    return true;
  }

  void Write() SEQ_REQUIRES(mutex_) {
    v1::PredictStreamResponse* message = responses_.Of(std::exchange(ready_requests_, 0));
    int next = 0;
    for (const auto& [arena, incoming] : ready_) {
      for (const v1::PredictRequest& request : incoming->requests()) {
        Echo(request, message->mutable_responses(next++));
      }
    }
    ready_.clear();
    write_buffer_.Clear();
    bool own_buffer = false;
    grpc::SerializationTraits<v1::PredictStreamResponse>::Serialize(*message, &write_buffer_,
                                                                    &own_buffer);
    writing_ = true;
    StartWrite(&write_buffer_);
  }

  static void Echo(const v1::PredictRequest& request, v1::PredictResponse* response) {
    response->set_request_id(request.request_id());
    response->set_session_id(request.session_id());
    response->set_epoch(request.epoch());
    response->set_step(request.step());
    response->set_next_step(request.step() + 1);
  }

  void FinishIfOver() SEQ_REQUIRES(mutex_) {
    if (!read_closed_ || writing_ || finished_) return;
    finished_ = true;
    Finish(grpc::Status::OK);
  }

  Mutex mutex_;
  ByteBuffer read_buffer_, write_buffer_;
  ReadyResponses responses_ SEQ_GUARDED_BY(mutex_);
  std::vector<std::pair<std::unique_ptr<Arena>, v1::PredictStreamRequest*>> ready_
      SEQ_GUARDED_BY(mutex_);
  int ready_requests_ SEQ_GUARDED_BY(mutex_) = 0;
  bool writing_ SEQ_GUARDED_BY(mutex_) = false;
  bool read_closed_ SEQ_GUARDED_BY(mutex_) = false;
  bool finished_ SEQ_GUARDED_BY(mutex_) = false;
};

class EchoService final
    : public v1::Predictor::WithRawCallbackMethod_PredictStream<v1::Predictor::Service> {
 public:
  explicit EchoService(const v1::PredictResponse& pattern) : pattern_(pattern) {}

  grpc::ServerBidiReactor<ByteBuffer, ByteBuffer>* PredictStream(
      grpc::CallbackServerContext* /*context*/) override {
    return new EchoStream(pattern_);
  }

 private:
  const v1::PredictResponse pattern_;
};

}  // namespace

class EchoServer::Impl {
 public:
  explicit Impl(const v1::PredictResponse& pattern) : service(pattern) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
  }

  EchoService service;
  int port = 0;
  std::unique_ptr<grpc::Server> server;
};

EchoServer::EchoServer(const v1::PredictResponse& pattern)
    : impl_(std::make_unique<Impl>(pattern)) {}
EchoServer::~EchoServer() = default;
int EchoServer::port() const { return impl_->port; }

}  // namespace sequent::echo
