// Talking to a server below the generated code: raw gRPC messages, and HTTP.
#ifndef SEQUENT_TESTS_INTEGRATION_WIRE_H_
#define SEQUENT_TESTS_INTEGRATION_WIRE_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sequent::rpc {

// One unary call: its end and the bytes that came.
std::pair<grpc::Status, std::string> RawUnary(const std::shared_ptr<grpc::Channel>& channel,
                                              const std::string& method, const std::string& bytes);
// Sends the messages, half-closes unless `keep_open`, and returns the end and what came.
struct RawStreamResult {
  grpc::Status status;
  std::vector<std::string> messages;
};
RawStreamResult RawStream(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                          const std::vector<std::string>& messages, bool keep_open = false);

// GET `path` from 127.0.0.1:`port`.
struct HttpAnswer {
  int code = 0;
  std::string head, body;
};
HttpAnswer HttpGet(int port, const std::string& path);

}  // namespace sequent::rpc

#endif  // SEQUENT_TESTS_INTEGRATION_WIRE_H_
