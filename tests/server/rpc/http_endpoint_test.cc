#include "server/rpc/http_endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "server/engine/metrics.h"
#include "tests/integration/wire.h"

namespace sequent::rpc {
namespace {

using testing::HasSubstr;

class HttpEndpointTest : public testing::Test {
 protected:
  std::unique_ptr<HttpEndpoint> Start(const std::string& address = "127.0.0.1:0") {
    auto started = HttpEndpoint::Start(
        address, &metrics, [this] { return std::string(ready.load() ? "" : "still loading"); });
    EXPECT_TRUE(started.ok()) << started.status();
    return *std::move(started);
  }

  engine::Metrics metrics{"1.2.3", "abc", "test"};
  std::atomic<bool> ready{true};
};

TEST_F(HttpEndpointTest, TakesAFreePort) { EXPECT_GT(Start()->port(), 0); }

TEST_F(HttpEndpointTest, ShowsTheMetricsAsPrometheusText) {
  const auto endpoint = Start();
  metrics.RequestDone("Predict", "OK", 0.001);
  const HttpAnswer answer = HttpGet(endpoint->port(), "/metrics");
  EXPECT_EQ(answer.code, 200);
  EXPECT_THAT(answer.head, HasSubstr("text/plain; version=0.0.4"));
  EXPECT_THAT(answer.body, HasSubstr("sequent_requests_total{code=\"OK\",method=\"Predict\"} 1"));
  EXPECT_THAT(answer.body, HasSubstr("version=\"1.2.3\""));
  EXPECT_THAT(answer.body, HasSubstr("process_open_fds"));
}

TEST_F(HttpEndpointTest, IsAliveWhileNotReadyAndSaysWhy) {
  const auto endpoint = Start();
  ready.store(false);
  EXPECT_EQ(HttpGet(endpoint->port(), "/healthz").code, 200);
  const HttpAnswer answer = HttpGet(endpoint->port(), "/readyz");
  EXPECT_EQ(answer.code, 503);
  EXPECT_EQ(answer.body, "still loading\n");
  ready.store(true);
  EXPECT_EQ(HttpGet(endpoint->port(), "/readyz").code, 200);
}

TEST_F(HttpEndpointTest, KnowsNoOtherPages) {
  const auto endpoint = Start();
  for (const char* path : {"/", "/../../etc/passwd", "/metricsx"}) {
    EXPECT_GE(HttpGet(endpoint->port(), path).code, 400) << path;
  }
}

TEST_F(HttpEndpointTest, OnATakenPortDoesNotStart) {
  const auto endpoint = Start();
  const auto second =
      HttpEndpoint::Start("127.0.0.1:" + std::to_string(endpoint->port()), &metrics, {});
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()), HasSubstr("cannot listen"));
}

TEST_F(HttpEndpointTest, WithoutAPortDoesNotStart) {
  const auto endpoint = HttpEndpoint::Start("localhost", &metrics, {});
  EXPECT_EQ(endpoint.status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace sequent::rpc
