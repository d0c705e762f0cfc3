#include "client/client.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "client/grpc_stream.h"
#include "client/multiplexer.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/mutex.h"
#include "grpc/health/v1/health.grpc.pb.h"
#include "sequent/v1/model_repository.grpc.pb.h"
#include "sequent/v1/predictor.grpc.pb.h"

namespace sequent::client {
namespace {

namespace health = grpc::health::v1;

constexpr int kMaxReceiveBytes = 64 << 20;
constexpr int64_t kTimerGrainNanos = 10'000'000;
constexpr int64_t kIdleNanos = 1'000'000'000;

uint64_t RandomBits() {
  static std::atomic<uint64_t> count{0};
  std::random_device device;
  return (static_cast<uint64_t>(device()) << 32 | device()) ^ count.fetch_add(1);
}

std::string RandomId() {
  constexpr char kHex[] = "0123456789abcdef";
  std::string id;
  for (int half = 0; half < 2; ++half) {
    uint64_t bits = RandomBits();
    for (int i = 0; i < 16; ++i, bits >>= 4) id.push_back(kHex[bits & 15]);
  }
  return id;
}

// Channels of one process to one address share a connection unless told apart; each stream gets its
// own.
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& address, int index) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  arguments.SetInt("sequent.channel", index);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 50);
  // Also the time that making a connection may take.
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 2000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

Status CheckOptions(const ClientOptions& options) {
  if (options.address.empty()) return absl::InvalidArgumentError("address: expected host:port");
  if (options.streams < 1 || options.streams > 1024) {
    return absl::InvalidArgumentError(StrCat("streams: expected 1 to 1024, got ", options.streams));
  }
  if (options.max_in_flight < 1) {
    return absl::InvalidArgumentError("max_in_flight: expected at least 1, got 0");
  }
  if (!(options.timeout_seconds >= 0) || !(options.first_backoff_seconds > 0)) {
    return absl::InvalidArgumentError(
        "timeout_seconds: expected >= 0, and first_backoff_seconds > 0");
  }
  return absl::OkStatus();
}

// Sleep and wake-up of the timer thread. Shared with the multiplexers' wakers: a stream's last
// words can come after the client is gone.
class TimerBell {
 public:
  void Ring() {
    if (!idle_.load()) return;  // the thread comes round within a grain by itself
    MutexLock lock(&mutex_);
    idle_ = false;
    rung_.NotifyOne();
  }
  void Stop() {
    MutexLock lock(&mutex_);
    stopping_ = true;
    rung_.NotifyOne();
  }
  // Waits for the next round: a grain, or for a Ring when nothing is due. False: stopped.
  bool Wait(bool nothing_due) {
    MutexLock lock(&mutex_);
    if (nothing_due && !stopping_) {
      idle_ = true;
      while (idle_ && !stopping_) rung_.WaitFor(&mutex_, kIdleNanos);
    } else if (!stopping_) {
      rung_.WaitFor(&mutex_, kTimerGrainNanos);
    }
    return !stopping_;
  }

 private:
  Mutex mutex_;
  CondVar rung_;
  std::atomic<bool> idle_{false};
  bool stopping_ SEQ_GUARDED_BY(mutex_) = false;
};

}  // namespace

class Client::Impl {
 public:
  explicit Impl(const ClientOptions& options)
      : options_(options), channel_(MakeChannel(options.address, 0)) {
    predictor_ = v1::Predictor::NewStub(channel_);
    repository_ = v1::ModelRepository::NewStub(channel_);
    health_ = health::Health::NewStub(channel_);
    for (size_t i = 0; i < options.streams; ++i) {
      const std::shared_ptr<v1::Predictor::Stub> stub =
          i == 0 ? predictor_
                 : std::shared_ptr<v1::Predictor::Stub>(
                       v1::Predictor::NewStub(MakeChannel(options.address, static_cast<int>(i))));
      multiplexers_.push_back(std::make_shared<Multiplexer>(
          options_,
          [stub, streams = streams_](std::shared_ptr<TransportListener> listener) {
            return OpenGrpcStream(stub, std::move(listener), streams.get());
          },
          Clock::Real()));
      multiplexers_.back()->SetTimerWaker([bell = bell_] { bell->Ring(); });
    }
    timer_ = std::thread([this] { RunTimer(); });
  }

  ~Impl() {
    for (const auto& multiplexer : multiplexers_) multiplexer->Shutdown();
    bell_->Stop();
    timer_.join();
    streams_->WaitForNone();
  }

  const ClientOptions& options() const { return options_; }
  const std::shared_ptr<Multiplexer>& NextMultiplexer() {
    return multiplexers_[next_.fetch_add(1) % multiplexers_.size()];
  }
  v1::Predictor::Stub* predictor() { return predictor_.get(); }
  v1::ModelRepository::Stub* repository() { return repository_.get(); }
  health::Health::Stub* health_stub() { return health_.get(); }

  void SetDeadline(grpc::ClientContext* context) const {
    if (options_.timeout_seconds > 0) context->set_deadline(Deadline());
  }

  // Makes a unary call; again after UNAVAILABLE, until the deadline, if that is `safe`.
  template <typename Response, typename Stub, typename Request>
  StatusOr<Response> Call(Stub* stub,
                          grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                       Response*),
                          const Request& request, bool safe) const {
    const auto deadline = Deadline();
    double pause = options_.first_backoff_seconds;
    while (true) {
      grpc::ClientContext context;
      if (options_.timeout_seconds > 0) context.set_deadline(deadline);
      Response response;
      const grpc::Status status = (stub->*method)(&context, request, &response);
      if (status.ok()) return response;
      const auto again = std::chrono::system_clock::now() + std::chrono::duration<double>(pause);
      const bool in_time = options_.timeout_seconds > 0 && again < deadline;
      if (!safe || !in_time || status.error_code() != grpc::StatusCode::UNAVAILABLE) {
        return FromGrpc(status);
      }
      std::this_thread::sleep_for(std::chrono::duration<double>(pause));
      pause = std::min(pause * 2, options_.max_backoff_seconds);
    }
  }

 private:
  std::chrono::system_clock::time_point Deadline() const {
    return std::chrono::system_clock::now() +
           std::chrono::duration_cast<std::chrono::system_clock::duration>(
               std::chrono::duration<double>(options_.timeout_seconds));
  }

  void RunTimer() {
    constexpr int64_t kNever = std::numeric_limits<int64_t>::max();
    int64_t next = kNever;
    do {
      next = kNever;
      for (const auto& multiplexer : multiplexers_) {
        next = std::min(next, multiplexer->RunTimers());
      }
    } while (bell_->Wait(next == kNever));
  }

  const ClientOptions options_;
  const std::shared_ptr<grpc::Channel> channel_;
  std::shared_ptr<v1::Predictor::Stub> predictor_;
  std::unique_ptr<v1::ModelRepository::Stub> repository_;
  std::unique_ptr<health::Health::Stub> health_;
  std::vector<std::shared_ptr<Multiplexer>> multiplexers_;
  std::atomic<size_t> next_{0};

  const std::shared_ptr<StreamCount> streams_ = std::make_shared<StreamCount>();
  const std::shared_ptr<TimerBell> bell_ = std::make_shared<TimerBell>();
  std::thread timer_;
};

Client::Client() = default;
Client::~Client() = default;

StatusOr<std::unique_ptr<Client>> Client::Connect(const ClientOptions& options) {
  SEQ_RETURN_IF_ERROR(CheckOptions(options));
  std::unique_ptr<Client> client(new Client);
  client->impl_ = std::make_unique<Impl>(options);
  return client;
}

StatusOr<std::unique_ptr<Session>> Client::StartSession(const SessionOptions& options) {
  if (options.model.empty()) {
    return absl::InvalidArgumentError("SessionOptions.model: expected a model's name, got nothing");
  }
  auto record = std::make_shared<SessionRecord>();
  record->id = options.id.empty() ? RandomId() : options.id;
  record->model = options.model;
  record->version = options.version;
  record->epoch = RandomBits() | 1;
  return std::unique_ptr<Session>(
      new Session(impl_->NextMultiplexer(), std::move(record), impl_->options().timeout_seconds));
}

StatusOr<std::unique_ptr<Session>> Client::AttachSession(const std::string& id) {
  SEQ_ASSIGN_OR_RETURN(const v1::SessionInfo info, GetSession(id));
  auto record = std::make_shared<SessionRecord>();
  record->id = id;
  record->model = info.model();
  record->version = info.version();
  record->epoch = info.epoch();
  record->next_step = info.next_step();
  record->begun = true;
  return std::unique_ptr<Session>(
      new Session(impl_->NextMultiplexer(), std::move(record), impl_->options().timeout_seconds));
}

StatusOr<v1::PredictResponse> Client::Predict(v1::PredictRequest request) {
  const bool safe = request.session_id().empty() || request.step() > 0;
  return impl_->Call(impl_->predictor(), &v1::Predictor::Stub::Predict, request, safe);
}

Status Client::Rollout(const v1::RolloutRequest& request,
                       const std::function<bool(const v1::RolloutResponse&)>& on_part) {
  grpc::ClientContext context;
  impl_->SetDeadline(&context);
  const auto reader = impl_->predictor()->Rollout(&context, request);
  v1::RolloutResponse part;
  while (reader->Read(&part)) {
    if (!on_part(part)) context.TryCancel();
  }
  return FromGrpc(reader->Finish());
}

StatusOr<v1::SessionInfo> Client::GetSession(const std::string& id) {
  v1::GetSessionRequest request;
  request.set_session_id(id);
  return impl_->Call(impl_->predictor(), &v1::Predictor::Stub::GetSession, request, true);
}

Status Client::CloseSession(const std::string& id) {
  v1::CloseSessionRequest request;
  request.set_session_id(id);
  return impl_->Call(impl_->predictor(), &v1::Predictor::Stub::CloseSession, request, false)
      .status();
}

StatusOr<v1::SessionInfo> Client::ForkSession(const std::string& id, const std::string& new_id) {
  v1::ForkSessionRequest request;
  request.set_session_id(id);
  request.set_new_session_id(new_id);
  return impl_->Call(impl_->predictor(), &v1::Predictor::Stub::ForkSession, request, false);
}

StatusOr<v1::ListSessionsResponse> Client::ListSessions(const v1::ListSessionsRequest& request) {
  return impl_->Call(impl_->predictor(), &v1::Predictor::Stub::ListSessions, request, true);
}

StatusOr<v1::SessionState> Client::ExportSession(const std::string& id, bool close) {
  v1::ExportSessionRequest request;
  request.set_session_id(id);
  request.set_close(close);
  return impl_->Call(impl_->predictor(), &v1::Predictor::Stub::ExportSession, request, !close);
}

StatusOr<v1::SessionInfo> Client::ImportSession(const std::string& id,
                                                const v1::SessionState& state) {
  v1::ImportSessionRequest request;
  request.set_session_id(id);
  *request.mutable_state() = state;
  return impl_->Call(impl_->predictor(), &v1::Predictor::Stub::ImportSession, request, false);
}

StatusOr<v1::ListModelsResponse> Client::ListModels() {
  return impl_->Call(impl_->repository(), &v1::ModelRepository::Stub::ListModels,
                     v1::ListModelsRequest(), true);
}

StatusOr<v1::GetModelResponse> Client::GetModel(const std::string& name, int64_t version) {
  v1::GetModelRequest request;
  request.set_name(name);
  request.set_version(version);
  return impl_->Call(impl_->repository(), &v1::ModelRepository::Stub::GetModel, request, true);
}

StatusOr<std::string> Client::Health(const std::string& service) {
  health::HealthCheckRequest request;
  request.set_service(service);
  const auto answer =
      impl_->Call(impl_->health_stub(), &health::Health::Stub::Check, request, false);
  if (!answer.ok()) return answer.status();
  return health::HealthCheckResponse::ServingStatus_Name(answer->status());
}

}  // namespace sequent::client
