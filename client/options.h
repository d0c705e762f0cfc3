// How a client behaves. Defaults are what a program on a good network wants.
#ifndef SEQUENT_CLIENT_OPTIONS_H_
#define SEQUENT_CLIENT_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

namespace sequent::client {

struct ClientOptions {
  // host:port, or any gRPC target.
  std::string address = "127.0.0.1:8001";
  // Bidirectional streams that sessions are spread over. One carries tens of thousands of steps per
  // second; more help when several cores should serialise.
  size_t streams = 1;
  // Requests of one stream sent and not yet answered. Keep it at or below the server's
  // --max-inflight-per-stream.
  size_t max_in_flight = 256;
  // Requests of one stream waiting to be sent; beyond it a step fails with RESOURCE_EXHAUSTED.
  size_t max_queued = 100'000;
  // Bytes of requests put into one message; a single larger request is refused here.
  size_t max_message_bytes = 3 << 20;
  // A step that has no answer after this long fails with DEADLINE_EXCEEDED. 0 = wait for ever.
  double timeout_seconds = 30;
  // A broken stream is opened again, and a refused step sent again, after this long, doubled each
  // time up to the maximum.
  double first_backoff_seconds = 0.05;
  double max_backoff_seconds = 2;
};

struct SessionOptions {
  std::string model;
  int64_t version = 0;  // 0 = the server's default
  std::string id;       // empty: a random one
};

}  // namespace sequent::client

#endif  // SEQUENT_CLIENT_OPTIONS_H_
