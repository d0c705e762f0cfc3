// A server with a crowd of sessions, as a client sees it: what session_bench measures.
//
// Thread safety: one user at a time.
#ifndef SEQUENT_TESTS_BENCH_SESSION_CROWD_H_
#define SEQUENT_TESTS_BENCH_SESSION_CROWD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sequent/v1/predictor.grpc.pb.h"
#include "tests/integration/server_process.h"

namespace sequent::bench {

// What /proc says that a process holds in memory, bytes.
struct Resident {
  size_t now = 0, peak = 0;
};

class Crowd {
 public:
  // A sequent-server of its own with default flags, serving `repository`, and no sessions yet.
  // Ends the program if it does not start.
  explicit Crowd(const std::string& repository);

  // Begins sessions until there are `count`: one numbered step each, whose reply is acknowledged,
  // after every `acked_at_once` of them. Ends the program if a request fails.
  void GrowTo(size_t count, size_t acked_at_once);
  // Steps sessions drawn from `seed`, `rate` a second for `seconds`, each one sent at its time
  // whether or not those before have been answered. Seconds from sending to answer.
  std::vector<double> Step(double rate, double seconds, uint64_t seed);
  // Closes all sessions with an `end`.
  void Close();

  size_t size() const { return next_steps_.size(); }
  Resident resident() const;

 private:
  v1::PredictRequest Request(size_t session) const;
  v1::PredictRequest StepOf(size_t session) const;
  // Sends a request for each session from `first` to before `end` and waits for the answers, which
  // must be OK.
  template <typename MakeRequest>
  void AskAll(size_t first, size_t end, MakeRequest make);

  rpc::ServerProcess server_;
  std::unique_ptr<v1::Predictor::Stub> stub_;
  std::vector<uint32_t> next_steps_;
};

}  // namespace sequent::bench

#endif  // SEQUENT_TESTS_BENCH_SESSION_CROWD_H_
