// The HTTP side: /metrics for Prometheus, /healthz (the process lives), /readyz (it takes new
// sessions).
#ifndef SEQUENT_SERVER_RPC_HTTP_ENDPOINT_H_
#define SEQUENT_SERVER_RPC_HTTP_ENDPOINT_H_

#include <functional>
#include <memory>
#include <string>

#include "core/base/status.h"

namespace sequent::engine {
class Metrics;
}

namespace sequent::rpc {

class HttpEndpoint {
 public:
  // Why the server is not ready; "" = it is. Called from HTTP threads.
  using NotReady = std::function<std::string()>;

  // Listens on "host:port", port 0 = any free one. UNAVAILABLE if that cannot be had. `metrics`
  // must outlive the endpoint.
  static StatusOr<std::unique_ptr<HttpEndpoint>> Start(const std::string& address,
                                                       engine::Metrics* metrics,
                                                       NotReady not_ready);
  // Answers what is under way, then closes.
  ~HttpEndpoint();

  int port() const;

 private:
  class Impl;
  explicit HttpEndpoint(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_HTTP_ENDPOINT_H_
