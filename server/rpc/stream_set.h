// The open streams of a server, so that a drain can speak to all of them.
//
// Thread safety: thread-safe.
#ifndef SEQUENT_SERVER_RPC_STREAM_SET_H_
#define SEQUENT_SERVER_RPC_STREAM_SET_H_

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "core/base/mutex.h"
#include "core/base/status.h"

namespace sequent::rpc {

// What the server itself has to say to a stream.
class NoticeTarget {
 public:
  virtual ~NoticeTarget() = default;
  // Sends a Notice between answers; the stream goes on.
  virtual void Notify(const Status& status) = 0;
  // Reads no more, writes what is answered, then ends with `status`.
  virtual void End(const Status& status) = 0;
};

class StreamSet {
 public:
  // A number no other stream of this set has had, from 1. `target` is told of notices until Remove.
  uint64_t Add(std::weak_ptr<NoticeTarget> target) SEQ_EXCLUDES(mutex_);
  void Remove(uint64_t id) SEQ_EXCLUDES(mutex_);
  void NotifyAll(const Status& status) SEQ_EXCLUDES(mutex_);
  void EndAll(const Status& status) SEQ_EXCLUDES(mutex_);

 private:
  std::vector<std::shared_ptr<NoticeTarget>> Open() SEQ_EXCLUDES(mutex_);

  Mutex mutex_;
  uint64_t next_id_ SEQ_GUARDED_BY(mutex_) = 1;
  std::unordered_map<uint64_t, std::weak_ptr<NoticeTarget>> targets_ SEQ_GUARDED_BY(mutex_);
};

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_STREAM_SET_H_
