#include "server/rpc/http_endpoint.h"

#include <CivetServer.h>
#include <netdb.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <utility>

#include "server/engine/metrics.h"
#include "server/rpc/listener.h"

namespace sequent::rpc {
namespace {

constexpr char kPlainText[] = "text/plain; charset=utf-8";
constexpr char kPrometheusText[] = "text/plain; version=0.0.4; charset=utf-8";

void Answer(mg_connection* connection, int code, const char* reason, const char* type,
            const std::string& body) {
  mg_printf(connection,
            "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
            "Cache-Control: no-store\r\n\r\n",
            code, reason, type, body.size());
  mg_write(connection, body.data(), body.size());
}

// Connects and leaves again.
void Knock(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* address = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &address) != 0) return;
  const int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0) {
    (void)!connect(fd, address->ai_addr, address->ai_addrlen);
    close(fd);
  }
  freeaddrinfo(address);
}

class MetricsPage final : public CivetHandler {
 public:
  explicit MetricsPage(engine::Metrics* metrics) : metrics_(metrics) {}
  bool handleGet(CivetServer*, mg_connection* connection) override {
    metrics_->Update();
    const auto families = metrics_->registry()->Collect();
    Answer(connection, 200, "OK", kPrometheusText,
           prometheus::TextSerializer().Serialize(families));
    return true;
  }

 private:
  engine::Metrics* const metrics_;
};

class HealthPage final : public CivetHandler {
 public:
  bool handleGet(CivetServer*, mg_connection* connection) override {
    Answer(connection, 200, "OK", kPlainText, "ok\n");
    return true;
  }
};

class ReadyPage final : public CivetHandler {
 public:
  explicit ReadyPage(HttpEndpoint::NotReady not_ready) : not_ready_(std::move(not_ready)) {}
  bool handleGet(CivetServer*, mg_connection* connection) override {
    const std::string why = not_ready_();
    if (why.empty()) {
      Answer(connection, 200, "OK", kPlainText, "ready\n");
    } else {
      Answer(connection, 503, "Service Unavailable", kPlainText, why + "\n");
    }
    return true;
  }

 private:
  const HttpEndpoint::NotReady not_ready_;
};

}  // namespace

class HttpEndpoint::Impl {
 public:
  Impl(const std::vector<std::string>& options, std::string host, engine::Metrics* metrics,
       NotReady not_ready)
      : host_(std::move(host)),
        metrics_page_(metrics),
        ready_page_(std::move(not_ready)),
        server_(options) {
    // Without the "$" whatever begins so would be answered too.
    server_.addHandler("/metrics$", metrics_page_);
    server_.addHandler("/healthz$", health_page_);
    server_.addHandler("/readyz$", ready_page_);
  }
  // Civetweb looks whether it should stop when somebody comes, else every two seconds only.
  ~Impl() {
    const int own_port = port();
    const auto closed = std::async(std::launch::async, [this] { server_.close(); });
    while (closed.wait_for(std::chrono::milliseconds(10)) != std::future_status::ready) {
      Knock(host_, own_port);
    }
  }
  int port() {
    const auto ports = server_.getListeningPorts();
    return ports.empty() ? 0 : ports.front();
  }

 private:
  const std::string host_;
  MetricsPage metrics_page_;
  HealthPage health_page_;
  ReadyPage ready_page_;
  CivetServer server_;
};

StatusOr<std::unique_ptr<HttpEndpoint>> HttpEndpoint::Start(const std::string& address,
                                                            engine::Metrics* metrics,
                                                            NotReady not_ready) {
  SEQ_ASSIGN_OR_RETURN(const HostPort parsed, HostPort::Parse(address));
  const bool v6 = parsed.host.find(':') != std::string::npos;
  // Civetweb takes addresses only, no names.
  const std::string host = parsed.host == "localhost" ? "127.0.0.1" : parsed.host;
  const std::vector<std::string> options = {
      "listening_ports",
      StrCat(v6 ? StrCat("[", host, "]") : host, ":", parsed.port),
      "num_threads",
      "4",
      "request_timeout_ms",
      "10000",
      "enable_directory_listing",
      "no"};
  try {
    return std::unique_ptr<HttpEndpoint>(
        new HttpEndpoint(std::make_unique<Impl>(options, host, metrics, std::move(not_ready))));
  } catch (const CivetException& error) {
    return absl::UnavailableError(
        StrCat("cannot listen on ", address, ": ", error.what(), " (is the port taken?)"));
  }
}

HttpEndpoint::HttpEndpoint(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpEndpoint::~HttpEndpoint() = default;
int HttpEndpoint::port() const { return impl_->port(); }

}  // namespace sequent::rpc
