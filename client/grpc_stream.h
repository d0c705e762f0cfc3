// PredictStream over gRPC, as a Transport; and how gRPC's errors become ours.
#ifndef SEQUENT_CLIENT_GRPC_STREAM_H_
#define SEQUENT_CLIENT_GRPC_STREAM_H_

#include <grpcpp/support/status.h>

#include <memory>

#include "client/transport.h"
#include "core/base/status.h"
#include "sequent/v1/predictor.grpc.pb.h"

namespace sequent::client {

// Opens a stream on `stub`, which it keeps alive.
std::shared_ptr<Transport> OpenGrpcStream(std::shared_ptr<v1::Predictor::Stub> stub,
                                          std::shared_ptr<TransportListener> listener);

// Code and message, with the Reason from the status's google.rpc.ErrorInfo.
Status FromGrpc(const grpc::Status& status);

}  // namespace sequent::client

#endif  // SEQUENT_CLIENT_GRPC_STREAM_H_
