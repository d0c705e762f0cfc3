// One bidirectional PredictStream, without saying how it travels: gRPC in production, a fake in
// tests.
#ifndef SEQUENT_CLIENT_TRANSPORT_H_
#define SEQUENT_CLIENT_TRANSPORT_H_

#include <functional>
#include <memory>

#include "core/base/status.h"
#include "sequent/v1/predictor.pb.h"

namespace sequent::client {

// Calls come from the transport's threads, never from inside Open, Write or Close.
class TransportListener {
 public:
  virtual ~TransportListener() = default;
  virtual void OnMessage(const v1::PredictStreamResponse& message) = 0;
  virtual void OnWritten() = 0;  // the last Write is done; the next may come
  // The stream has ended; nothing more comes from it. Called exactly once.
  virtual void OnClosed(const Status& status) = 0;
};

class Transport {
 public:
  virtual ~Transport() = default;
  // One at a time; `message` is copied or serialised before it returns.
  virtual void Write(const v1::PredictStreamRequest& message) = 0;
  // No more writes; OnClosed follows when the server has answered what it has.
  virtual void Close() = 0;
  // Gives the stream up; OnClosed follows soon.
  virtual void Cancel() = 0;
};

// Opens a stream that reports to `listener` until OnClosed. The listener is kept alive till then.
using TransportFactory =
    std::function<std::shared_ptr<Transport>(std::shared_ptr<TransportListener> listener)>;

}  // namespace sequent::client

#endif  // SEQUENT_CLIENT_TRANSPORT_H_
