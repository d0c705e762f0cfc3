#include "server/rpc/server.h"

#include <grpcpp/ext/channelz_service_plugin.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/impl/service_type.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "core/base/cores.h"
#include "core/base/error.h"
#include "core/kernels/product.h"
#include "core/kernels/winograd.h"
#include "server/rpc/drain.h"
#include "server/rpc/edge.h"
#include "server/rpc/http_endpoint.h"
#include "server/rpc/incoming.h"
#include "server/rpc/listener.h"
#include "server/rpc/pump_queue.h"
#include "server/rpc/services.h"
#include "server/rpc/stream_set.h"

namespace sequent::rpc {
namespace {

// Descriptors for everything that is no client connection: models, HTTP, epoll sets.
constexpr size_t kOwnDescriptors = 256;
// Bounds reflection and channelz, the only services that hold a thread per call.
constexpr int kMaxBlockingThreads = 16;
constexpr int kMaxStreamsPerConnection = 4096;
// A client that does not read its answers is cut off after this, so that it cannot hold up the end.
constexpr std::chrono::milliseconds kLastWritesTimeout(500);

void InitGrpcOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::channelz::experimental::InitChannelzService();
  });
}

void SetKeepalive(grpc::ServerBuilder* builder) {
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20'000);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  // Clients may ping every 10 s, also without calls; more often is taken for abuse.
  builder->AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000);
}

size_t ExecutorThreads() { return std::clamp(std::thread::hardware_concurrency() / 4, 1u, 4u); }

}  // namespace

class Server::Impl {
 public:
  Impl(const ServerOptions& options, EventSink events)
      : options_(options),
        events_(std::move(events)),
        problems_(options.clock, events_),
        metrics_(options.version, options.revision, kernels::TargetName()),
        registry_(&metrics_, {.precision = options_.precision}),
        executor_(std::make_unique<Executor>(ExecutorThreads())),
        pumps_(executor_.get()),
        engine_(options.engine, &registry_, &metrics_, options.clock) {}
  ~Impl() { Shutdown(); }

  Status Start();
  void BeginDrain();
  void WaitDrained(const std::function<bool(double)>& skip);
  void Shutdown();

  int port() const { return listener_->port(); }
  int metrics_port() const { return http_->port(); }
  size_t connections() const { return listener_->connections(); }
  engine::Engine* engine() { return &engine_; }
  engine::ModelRegistry* registry() { return &registry_; }

 private:
  void Emit(Event::Level level, std::string name,
            std::vector<std::pair<std::string, std::string>> fields);
  Status LoadModels();
  size_t AllowedConnections();
  void WireEdge();
  Status StartGrpc();
  void SetHealth();
  std::string NotReady() const;
  Status Draining() const { return MakeError(Reason::kDraining, "the server is shutting down"); }

  const ServerOptions options_;
  const EventSink events_;
  ProblemLog problems_;
  engine::Metrics metrics_;
  engine::ModelRegistry registry_;
  IncomingPool incoming_;
  std::unique_ptr<Executor> executor_;
  PumpQueue pumps_;
  engine::Engine engine_;  // answers into what stands above
  StreamSet streams_;
  Edge edge_;
  std::unique_ptr<grpc::Service> predictor_, models_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::unique_ptr<grpc::Server> grpc_;
  std::unique_ptr<HttpEndpoint> http_;
};

void Server::Impl::Emit(Event::Level level, std::string name,
                        std::vector<std::pair<std::string, std::string>> fields) {
  if (events_) events_({level, std::move(name), std::move(fields)});
}

Status Server::Impl::Start() {
  Emit(Event::Level::kInfo, "starting",
       {{"version", options_.version},
        {"revision", options_.revision},
        {"simd_target", kernels::TargetName()},
        {"fp32_products", kernels::ProductsName()}});
  // Ports first: a taken one should be known before minutes of loading.
  SEQ_ASSIGN_OR_RETURN(listener_,
                       Listener::Bind(options_.listen, AllowedConnections(), &problems_));
  SEQ_ASSIGN_OR_RETURN(http_, HttpEndpoint::Start(options_.metrics_listen, &metrics_,
                                                  [this] { return NotReady(); }));
  SEQ_RETURN_IF_ERROR(LoadModels());
  WireEdge();
  if (options_.start_workers) engine_.Start();
  SEQ_RETURN_IF_ERROR(StartGrpc());
  edge_.ready.store(true);
  Emit(Event::Level::kInfo, "listening",
       {{"grpc_port", std::to_string(port())},
        {"metrics_port", std::to_string(metrics_port())},
        {"listen", options_.listen},
        {"metrics_listen", options_.metrics_listen}});
  return absl::OkStatus();
}

Status Server::Impl::LoadModels() {
  SEQ_RETURN_IF_ERROR(registry_.LoadAll(options_.repository));
  for (const auto& version : registry_.List()) {
    const bool failed = version->state == engine::ModelVersion::State::kFailed;
    Emit(failed ? Event::Level::kError : Event::Level::kInfo,
         failed ? "model_failed" : "model_loaded",
         {{"model", Quoted(version->name)},
          {"version", std::to_string(version->version)},
          {failed ? "message" : "seconds",
           failed ? version->message : std::to_string(version->load_seconds)}});
  }
  return absl::OkStatus();
}

size_t Server::Impl::AllowedConnections() {
  const size_t descriptors = RaiseDescriptorLimit();
  const size_t allowed =
      std::max<size_t>(1, (std::max(descriptors, kOwnDescriptors) - kOwnDescriptors) / 2);
  if (allowed < options_.max_connections) {
    Emit(Event::Level::kWarning, "max_connections_lowered",
         {{"max_connections", std::to_string(allowed)},
          {"open_files_limit", std::to_string(descriptors)}});
  }
  return std::min(allowed, options_.max_connections);
}

void Server::Impl::WireEdge() {
  edge_.engine = &engine_;
  edge_.registry = &registry_;
  edge_.metrics = &metrics_;
  edge_.clock = options_.clock;
  edge_.executor = executor_.get();
  edge_.problems = &problems_;
  edge_.streams = &streams_;
  edge_.pumps = &pumps_;
  edge_.incoming = &incoming_;
  edge_.stream_metrics = metrics_.OfMethod(kStreamMethod);
  edge_.max_inflight_per_stream = options_.max_inflight_per_stream;
  edge_.max_reply_bytes = options_.engine.max_reply_bytes;
  edge_.one_core = UsableCores() == 1;
  // Who has answered also writes when there is nothing else to do, which spares the answers the way
  // to another thread. Not a worker on a single core: each write wakes a thread of gRPC, which the
  // worker's long ticks entitle to interrupt it, while the executor goes before it.
  engine_.SetAnsweredHook([this, one_core = edge_.one_core](engine::Engine::Answerer who) {
    using Answerer = engine::Engine::Answerer;
    pumps_.Flush(who == Answerer::kCaller || (who == Answerer::kIdleWorker && !one_core));
  });
}

Status Server::Impl::StartGrpc() {
  InitGrpcOnce();
  predictor_ = MakePredictorService(&edge_);
  models_ = MakeModelService(&edge_);
  grpc::ServerBuilder builder;
  builder.RegisterService(predictor_.get());
  builder.RegisterService(models_.get());
  builder.SetMaxReceiveMessageSize(static_cast<int>(options_.max_message_bytes));
  builder.SetResourceQuota(grpc::ResourceQuota("sequent").SetMaxThreads(kMaxBlockingThreads));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, 1);
  SetKeepalive(&builder);
  acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      grpc::InsecureServerCredentials());
  grpc_ = builder.BuildAndStart();
  if (grpc_ == nullptr) return absl::InternalError("gRPC could not start a server");
  SetHealth();
  listener_->Start([this](int listener_fd, int fd) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.listener_fd = listener_fd;
    connection.fd = fd;
    acceptor_->HandleNewConnection(&connection);
  });
  return absl::OkStatus();
}

// A model serves when its default version does. The overall entry "" is the server itself.
void Server::Impl::SetHealth() {
  std::set<std::string> ready, known;
  for (const auto& version : registry_.List()) {
    known.insert(version->name);
    if (version->state == engine::ModelVersion::State::kReady) ready.insert(version->name);
  }
  auto* health = grpc_->GetHealthCheckService();
  for (const auto& name : known) health->SetServingStatus(name, ready.count(name) > 0);
  health->SetServingStatus("", !ready.empty());
}

std::string Server::Impl::NotReady() const {
  if (edge_.draining.load()) return "draining";
  if (!edge_.ready.load()) return "starting";
  for (const auto& version : registry_.List()) {
    if (version->state == engine::ModelVersion::State::kReady) return "";
  }
  return "no model is loaded";
}

void Server::Impl::BeginDrain() {
  if (edge_.draining.exchange(true)) return;
  Emit(Event::Level::kInfo, "draining",
       {{"in_flight", std::to_string(engine_.InFlight())},
        {"timeout_seconds", std::to_string(options_.drain_timeout_seconds)}});
  grpc_->GetHealthCheckService()->Shutdown();  // NOT_SERVING for good
  engine_.BeginDrain();
  streams_.NotifyAll(MakeError(Reason::kDraining, "the server is draining"));
}

void Server::Impl::WaitDrained(const std::function<bool(double)>& skip) {
  constexpr double kLookSeconds = 0.02;
  DrainWatch watch(options_.clock->Nanos(), options_.drain_timeout_seconds);
  while (!watch.Over(options_.clock->Nanos(), edge_.unanswered.load() > 0 || engine_.InFlight() > 0,
                     edge_.accepted.load())) {
    if (skip(kLookSeconds)) return;
  }
}

void Server::Impl::Shutdown() {
  if (executor_ == nullptr) return;
  edge_.draining.store(true);
  if (listener_ != nullptr) listener_->Stop();
  engine_.Stop();  // answers everything that was queued
  if (grpc_ != nullptr) {
    streams_.EndAll(Draining());
    grpc_->Shutdown(std::chrono::system_clock::now() + kLastWritesTimeout);
    grpc_->Wait();
  }
  executor_.reset();
  grpc_.reset();
  http_.reset();
  Emit(Event::Level::kInfo, "stopped", {});
}

StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options, EventSink events) {
  auto impl = std::make_unique<Impl>(options, std::move(events));
  SEQ_RETURN_IF_ERROR(impl->Start());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;
int Server::port() const { return impl_->port(); }
int Server::metrics_port() const { return impl_->metrics_port(); }
size_t Server::connections() const { return impl_->connections(); }
engine::Engine* Server::engine() { return impl_->engine(); }
engine::ModelRegistry* Server::registry() { return impl_->registry(); }
void Server::BeginDrain() { impl_->BeginDrain(); }
void Server::WaitDrained(const std::function<bool(double)>& skip) { impl_->WaitDrained(skip); }
void Server::Shutdown() { impl_->Shutdown(); }

}  // namespace sequent::rpc
