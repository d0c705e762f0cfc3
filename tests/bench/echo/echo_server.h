// The least a gRPC server can do with PredictStream: a callback service that parses each message
// and answers each request with a response of the real server's shape and size. What the real
// server costs beyond it is the engine's and the edge's doing.
//
// Its answers are coalesced by the real server's rule: while a write is under way answers gather,
// and the next message takes them all. Nothing is made that could be kept: a stream's responses
// stand ready with their heads, and only ids and step numbers are set before they are serialised.
//
// Thread safety: thread-compatible; calls are served on gRPC's threads.
#ifndef SEQUENT_TESTS_BENCH_ECHO_ECHO_SERVER_H_
#define SEQUENT_TESTS_BENCH_ECHO_ECHO_SERVER_H_

#include <memory>

#include "sequent/v1/predictor.pb.h"

namespace sequent::echo {

class EchoServer {
 public:
  // Serves on a free port of 127.0.0.1; every answer has the heads, the model and the timing of
  // `pattern`.
  explicit EchoServer(const v1::PredictResponse& pattern);
  ~EchoServer();

  int port() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sequent::echo

#endif  // SEQUENT_TESTS_BENCH_ECHO_ECHO_SERVER_H_
