// PredictStream over gRPC, as a Transport; and how gRPC's errors become ours.
#ifndef SEQUENT_CLIENT_GRPC_STREAM_H_
#define SEQUENT_CLIENT_GRPC_STREAM_H_

#include <grpcpp/support/status.h>

#include <cstddef>
#include <memory>

#include "client/transport.h"
#include "core/base/mutex.h"
#include "core/base/status.h"
#include "sequent/v1/predictor.grpc.pb.h"

namespace sequent::client {

// Counts the streams of a client, so that it can outlive them: whoever lets go of a channel last
// must not be one of gRPC's own threads, which then goes on reading from a queue that is gone.
//
// Thread safety: thread-safe.
class StreamCount : public std::enable_shared_from_this<StreamCount> {
 public:
  // Counted for as long as the result lives.
  std::shared_ptr<void> Enter() SEQ_EXCLUDES(mutex_);
  void WaitForNone() SEQ_EXCLUDES(mutex_);

 private:
  void Leave() SEQ_EXCLUDES(mutex_);

  Mutex mutex_;
  CondVar none_;
  size_t count_ SEQ_GUARDED_BY(mutex_) = 0;
};

// Opens a stream on `stub`, which it keeps alive. It is counted until it holds nothing any more.
std::shared_ptr<Transport> OpenGrpcStream(std::shared_ptr<v1::Predictor::Stub> stub,
                                          std::shared_ptr<TransportListener> listener,
                                          StreamCount* count);

// Code and message, with the Reason from the status's google.rpc.ErrorInfo.
Status FromGrpc(const grpc::Status& status);

}  // namespace sequent::client

#endif  // SEQUENT_CLIENT_GRPC_STREAM_H_
