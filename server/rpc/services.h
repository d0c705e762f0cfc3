// The two services of the protocol; each call goes to its reactor or straight to the engine. All
// methods take raw buffers (see unary_call.h).
#ifndef SEQUENT_SERVER_RPC_SERVICES_H_
#define SEQUENT_SERVER_RPC_SERVICES_H_

#include <memory>

#include "server/rpc/edge.h"

namespace grpc {
class Service;
}

namespace sequent::rpc {

// `edge` must outlive the service.
std::unique_ptr<grpc::Service> MakePredictorService(Edge* edge);
std::unique_ptr<grpc::Service> MakeModelService(Edge* edge);

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_SERVICES_H_
