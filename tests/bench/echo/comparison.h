// The real server against the echo, in rounds that alternate, and what is to be said about it.
//
// Thread safety: one caller.
#ifndef SEQUENT_TESTS_BENCH_ECHO_COMPARISON_H_
#define SEQUENT_TESTS_BENCH_ECHO_COMPARISON_H_

#include <string>
#include <vector>

#include "core/base/status.h"
#include "sequent/v1/predictor.pb.h"
#include "tests/bench/echo/bench_child.h"
#include "tests/bench/echo/step_load.h"

namespace sequent::echo {

// One round of one server.
struct Round {
  double cpu_us = 0;     // of the server's process, per step
  double kernel_us = 0;  // of that, inside Model::Run; the echo has none
  double rows = 0;       // per tick
  double steps_per_second = 0;
  double steps_per_answer = 0;  // in one message of the server
  double busy = 0;              // the server's CPU time per second
  double p50_us = 0, p99_us = 0;
};

struct Comparison {
  std::vector<Round> echo, real;  // of the same length; pairs belong together

  // The median over pairs of (real CPU - kernel) / echo CPU.
  double CpuRatio() const;
  // The median over pairs of real p50 - kernel - echo p50: what a step alone waits longer.
  double ExtraLatencyMicros() const;
};

struct Plan {
  LoadShape shape;
  int rounds = 11;
  double seconds = 1, warm_seconds = 0.2;
};

// `input` is one step of `model`.
StatusOr<Comparison> Compare(const Plan& plan, const v1::PredictRequest& input,
                             const std::string& model, BenchChild* echo, BenchChild* real);

double Median(std::vector<double> values);
// The medians of all fields, each for itself.
Round MedianOf(const std::vector<Round>& rounds);

}  // namespace sequent::echo

#endif  // SEQUENT_TESTS_BENCH_ECHO_COMPARISON_H_
