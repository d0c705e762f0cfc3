// A message of a client on a stream: parsed, with a place for each request's answer. It lives as
// long as one of its requests is unanswered, and keeps the stream alive for as long.
//
// Messages are used again, with the memory they have grown: the first so many bytes of a message
// are parsed into its own block, and nothing is allocated for its requests.
#ifndef SEQUENT_SERVER_RPC_INCOMING_H_
#define SEQUENT_SERVER_RPC_INCOMING_H_

#include <google/protobuf/arena.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/base/mutex.h"
#include "sequent/v1/predictor.pb.h"
#include "server/engine/request.h"

namespace sequent::rpc {

class PredictStream;
struct Incoming;

// One request of a message, from its arrival until its answer is written.
struct Pending {
  Incoming* incoming = nullptr;
  const v1::PredictRequest* request = nullptr;
  std::shared_ptr<const engine::StepReply> reply;
};

// Thread safety: plain data, but for `left`.
struct Incoming {
  Incoming();

  static constexpr size_t kBlockBytes = 16 << 10;

  alignas(8) char block[kBlockBytes];  // the arena's first
  google::protobuf::Arena arena;
  v1::PredictStreamRequest* message = nullptr;  // the arena's
  std::vector<Pending> pending;                 // one per request
  std::atomic<size_t> left{0};                  // of those, not yet written or dropped
  int64_t arrived_nanos = 0;
  std::shared_ptr<PredictStream> stream;
};

// Thread safety: thread-safe.
class IncomingPool {
 public:
  // With an empty message, and nothing else.
  std::unique_ptr<Incoming> Take() SEQ_EXCLUDES(mutex_);
  void Give(std::unique_ptr<Incoming> incoming) SEQ_EXCLUDES(mutex_);

 private:
  static constexpr size_t kMaxIdle = 64;
  static constexpr size_t kMaxPending = 256;  // one that has carried more is not kept

  Mutex mutex_;
  std::vector<std::unique_ptr<Incoming>> idle_ SEQ_GUARDED_BY(mutex_);
};

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_INCOMING_H_
