// Load for a server of PredictStream: sessions in a closed loop, each with one step on its way,
// spread over streams. A message carries exactly so many requests: a stream sends one as soon as so
// many of its sessions have been answered.
//
// The client works as little as it can: requests are patched, answers are looked through for the
// session they belong to and for a status. A session's first answer in each run is parsed whole.
//
// Thread safety: one caller.
#ifndef SEQUENT_TESTS_BENCH_ECHO_STEP_LOAD_H_
#define SEQUENT_TESTS_BENCH_ECHO_STEP_LOAD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "sequent/v1/predictor.pb.h"

namespace sequent::echo {

struct LoadShape {
  size_t sessions = 1;
  size_t streams = 1;
  size_t per_message = 1;  // requests; divides sessions / streams
};

struct LoadResult {
  uint64_t steps = 0;     // answered
  uint64_t messages = 0;  // sent
  uint64_t answers = 0;   // messages received
  double seconds = 0;
  // Of each step, from its message's write to its answer's arrival, microseconds, rising.
  std::vector<float> latencies;
  double Latency(double quantile) const;
};

class StepLoad {
 public:
  // `input` is one step: every request is a copy with ids and numbers filled in. Model only in each
  // session's first. `address`: host:port.
  StepLoad(const std::string& address, const LoadShape& shape, const v1::PredictRequest& input,
           const std::string& model);
  ~StepLoad();

  // Runs for `seconds` after a warm-up of `warm_seconds`, then waits for all answers. `begin` and
  // `end` are called around the measured time. Fails with the first answer that is not a good one.
  StatusOr<LoadResult> Run(double warm_seconds, double seconds, const std::function<void()>& begin,
                           const std::function<void()>& end);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// The answer to the second step of a session of its own.
StatusOr<v1::PredictResponse> OneAnswer(const std::string& address, const v1::PredictRequest& input,
                                        const std::string& model);

}  // namespace sequent::echo

#endif  // SEQUENT_TESTS_BENCH_ECHO_STEP_LOAD_H_
