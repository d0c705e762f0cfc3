// When a drain is over: nothing has been in flight for a while, or it has taken too long.
//
// Thread safety: thread-compatible.
#ifndef SEQUENT_SERVER_RPC_DRAIN_H_
#define SEQUENT_SERVER_RPC_DRAIN_H_

#include <cstdint>

namespace sequent::rpc {

inline constexpr double kDrainQuietSeconds = 0.5;

class DrainWatch {
 public:
  DrainWatch(int64_t now_nanos, double timeout_seconds)
      : end_nanos_(now_nanos + static_cast<int64_t>(timeout_seconds * 1e9)),
        busy_nanos_(now_nanos) {}

  // `accepted` counts requests ever accepted, so that short ones between two looks are seen too.
  bool Over(int64_t now_nanos, bool in_flight, uint64_t accepted) {
    if (in_flight || accepted != accepted_) busy_nanos_ = now_nanos;
    accepted_ = accepted;
    const auto quiet_nanos = static_cast<int64_t>(kDrainQuietSeconds * 1e9);
    return now_nanos >= end_nanos_ || now_nanos - busy_nanos_ >= quiet_nanos;
  }

 private:
  const int64_t end_nanos_;
  int64_t busy_nanos_;  // when something was last seen to be going on
  uint64_t accepted_ = 0;
};

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_DRAIN_H_
