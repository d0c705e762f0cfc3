#include "server/rpc/unary_call.h"

#include <chrono>

namespace sequent::rpc {

int64_t DeadlineOfCall(const Edge& edge, const grpc::ServerContextBase& context) {
  const auto deadline = context.deadline();
  if (deadline == std::chrono::system_clock::time_point::max()) return engine::kNoDeadline;
  const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(
      deadline - std::chrono::system_clock::now());
  const int64_t now = edge.clock->Nanos();
  return left.count() > engine::kNoDeadline - now ? engine::kNoDeadline : now + left.count();
}

}  // namespace sequent::rpc
