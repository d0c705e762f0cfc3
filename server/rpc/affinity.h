// The x-session-id metadata: an affinity key that load balancers hash on.
//
// It is echoed in the initial metadata, so it goes through the check of session ids first: gRPC
// aborts the process when told to send metadata with other bytes.
#ifndef SEQUENT_SERVER_RPC_AFFINITY_H_
#define SEQUENT_SERVER_RPC_AFFINITY_H_

#include <string>
#include <string_view>

#include "core/base/status.h"

namespace grpc {
class ServerContextBase;
}

namespace sequent::rpc {

// What one call's session ids must agree with; default: anything.
class Affinity {
 public:
  Affinity() = default;
  explicit Affinity(std::string key) : key_(std::move(key)) {}

  // Takes the key of the call and has it echoed. BAD_REQUEST if there are several or it is no
  // session id; nothing is echoed then.
  static StatusOr<Affinity> OfCall(grpc::ServerContextBase* context);

  // BAD_REQUEST unless `session_id` equals the key or begins with it and '/'.
  Status Check(std::string_view session_id) const;

 private:
  std::string key_;  // empty: none was given
};

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_AFFINITY_H_
