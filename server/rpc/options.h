// What a server is told at start. Flags of sequent-server are these fields, by name; defaults stand
// here and nowhere else.
#ifndef SEQUENT_SERVER_RPC_OPTIONS_H_
#define SEQUENT_SERVER_RPC_OPTIONS_H_

#include <cstddef>
#include <optional>
#include <string>

#include "core/base/clock.h"
#include "core/base/precision.h"
#include "server/engine/options.h"

namespace sequent::rpc {

struct ServerOptions {
  engine::EngineOptions engine;

  // <repository>/<model>/<version>/model.safetensors.
  std::string repository;
  // All models are rounded to it when they are loaded; none: each as its file stores it.
  std::optional<Precision> precision = std::nullopt;
  // gRPC; port 0 = any free one.
  std::string listen = "0.0.0.0:8001";
  // HTTP for /metrics, /healthz, /readyz.
  std::string metrics_listen = "0.0.0.0:8002";

  // Requests of one stream that may wait for their answers to be written; the stream rests beyond.
  size_t max_inflight_per_stream = 256;
  // Largest message a client may send; the largest export that can be imported again.
  size_t max_message_bytes = 4 << 20;
  // Connections at a time; further ones are closed at once. Each takes two descriptors, so it is
  // lowered to what the limit of open files allows.
  size_t max_connections = 4096;
  // How long a drain may take. Keep it under the 10 s that container runtimes wait before they
  // kill.
  double drain_timeout_seconds = 8;

  // Said about itself in metrics and logs.
  std::string version = "0";
  std::string revision = "unknown";

  // Tests only: false leaves the ticks to the caller of Engine::RunTick.
  bool start_workers = true;
  const Clock* clock = Clock::Real();
};

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_OPTIONS_H_
