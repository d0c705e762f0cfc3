// Streams that have answers to write. Whoever answers adds the stream; whoever has answered, a tick
// or a call, flushes once at its end, so that one message takes all that a stream got from it.
//
// Thread safety: thread-safe.
#ifndef SEQUENT_SERVER_RPC_PUMP_QUEUE_H_
#define SEQUENT_SERVER_RPC_PUMP_QUEUE_H_

#include <atomic>
#include <memory>
#include <vector>

#include "core/base/mutex.h"
#include "server/rpc/executor.h"

namespace sequent::rpc {

// Something with answers to write.
class Pumped {
 public:
  virtual ~Pumped() = default;
  // Writes what is there. Does not block.
  virtual void PumpAnswers() = 0;
};

class PumpQueue {
 public:
  explicit PumpQueue(Executor* executor) : executor_(executor) {}

  void Add(std::shared_ptr<Pumped> pumped) SEQ_EXCLUDES(mutex_);
  // Has everything that was added pumped: by the caller, or by the executor if the caller has
  // better things to do.
  void Flush(bool here) SEQ_EXCLUDES(mutex_);

 private:
  Executor* const executor_;
  std::atomic<bool> any_{false};
  Mutex mutex_;
  std::vector<std::shared_ptr<Pumped>> waiting_ SEQ_GUARDED_BY(mutex_);
};

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_PUMP_QUEUE_H_
