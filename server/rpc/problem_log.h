// Reports problems that come with requests, at most one event per kind and second: a client that
// sends nothing but bad requests must not fill a disk.
//
// Thread safety: thread-safe.
#ifndef SEQUENT_SERVER_RPC_PROBLEM_LOG_H_
#define SEQUENT_SERVER_RPC_PROBLEM_LOG_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/base/clock.h"
#include "core/base/mutex.h"
#include "server/rpc/event.h"

namespace sequent::rpc {

class ProblemLog {
 public:
  ProblemLog(const Clock* clock, EventSink sink) : clock_(clock), sink_(std::move(sink)) {}

  // `kind` is from a closed set (reasons, code names). The event's field `unreported` is the number
  // of problems of this kind since the last event that were only counted.
  void Note(std::string_view kind, std::string_view message) SEQ_EXCLUDES(mutex_);

 private:
  struct Kind {
    int64_t reported_nanos = 0;
    bool reported = false;
    uint64_t unreported = 0;
  };

  const Clock* const clock_;
  const EventSink sink_;
  Mutex mutex_;
  std::map<std::string, Kind, std::less<>> kinds_ SEQ_GUARDED_BY(mutex_);
};

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_PROBLEM_LOG_H_
