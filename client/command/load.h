// Load on a server: N sessions, each sending requests of K steps, in a closed loop or at a fixed
// rate.
//
// Closed loop: a session sends its next request when the last is answered. Fixed rate: requests are
// due at even distances whatever the server does, and latency counts from when a request was due,
// so a server that stalls cannot hide it (no coordinated omission).
#ifndef SEQUENT_CLIENT_COMMAND_LOAD_H_
#define SEQUENT_CLIENT_COMMAND_LOAD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "client/client.h"
#include "client/command/histogram.h"
#include "core/base/status.h"

namespace sequent::client {

struct LoadOptions {
  std::string model;
  int64_t version = 0;
  size_t sessions = 100;
  uint32_t steps = 1;         // per request
  double seconds = 10;        // measured
  double warmup_seconds = 1;  // run before, not measured
  double rate = 0;            // requests per second over all sessions; 0 = closed loop
  v1::OutputSelection output;
};

struct LoadResult {
  double seconds = 0;
  uint64_t requests = 0, steps = 0, replayed = 0;
  std::map<std::string, uint64_t> errors;  // by reason
  double mean_batch_rows = 0;
  Histogram latency;  // nanoseconds
};

// `progress` is called about once a second with the result so far. Sessions are ended afterwards.
StatusOr<LoadResult> RunLoad(Client* client, const LoadOptions& options,
                             const std::function<void(const LoadResult&)>& progress);

}  // namespace sequent::client

#endif  // SEQUENT_CLIENT_COMMAND_LOAD_H_
