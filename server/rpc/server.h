// A whole server: models, engine, gRPC and HTTP endpoints, and the way it goes down.
//
//   Start -> serving -> BeginDrain -> (Drained) -> Shutdown
//
// Thread safety: thread-safe, except that Shutdown and the destructor are called by one thread.
#ifndef SEQUENT_SERVER_RPC_SERVER_H_
#define SEQUENT_SERVER_RPC_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "core/base/status.h"
#include "server/engine/engine.h"
#include "server/engine/model_registry.h"
#include "server/rpc/event.h"
#include "server/rpc/options.h"

namespace sequent::rpc {

class Server {
 public:
  // Loads the repository, then serves. Fails with the reason if the repository cannot be read or a
  // port cannot be had; a model that cannot be loaded is reported as an event and disturbs nothing.
  static StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options, EventSink events);
  // As Shutdown.
  ~Server();

  int port() const;          // of gRPC
  int metrics_port() const;  // of HTTP
  engine::Engine* engine();
  engine::ModelRegistry* registry();
  // Connections open now.
  size_t connections() const;

  // Health turns NOT_SERVING, new sessions are refused, streams get a Notice; live sessions go on.
  void BeginDrain();
  // Waits, after BeginDrain, until nothing has been in flight for 500 ms or the drain timeout is
  // over. `skip(seconds)` waits for up to so many seconds and says whether to give up waiting at
  // once.
  void WaitDrained(const std::function<bool(double seconds)>& skip);
  // Ends everything: queued requests are answered DRAINING, streams end UNAVAILABLE. Idempotent.
  void Shutdown();

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_SERVER_H_
