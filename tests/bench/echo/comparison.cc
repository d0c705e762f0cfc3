#include "tests/bench/echo/comparison.h"

#include <algorithm>

namespace sequent::echo {
namespace {

StatusOr<Round> RunRound(const Plan& plan, StepLoad* load, BenchChild* server) {
  int64_t cpu = 0;
  KernelTime kernel;
  const auto begin = [&] {
    cpu = -server->CpuNanos();
    kernel = server->Kernel();
  };
  const auto end = [&] {
    const KernelTime now = server->Kernel();
    kernel = {now.nanos - kernel.nanos, now.ticks - kernel.ticks, now.rows - kernel.rows};
    cpu += server->CpuNanos();
  };
  SEQ_ASSIGN_OR_RETURN(const LoadResult result,
                       load->Run(plan.warm_seconds, plan.seconds, begin, end));
  if (result.steps == 0) return absl::UnavailableError("no step was answered");
  const auto steps = static_cast<double>(result.steps);
  Round round;
  round.cpu_us = static_cast<double>(cpu) * 1e-3 / steps;
  round.kernel_us = static_cast<double>(kernel.nanos) * 1e-3 / steps;
  if (kernel.ticks > 0) {
    round.rows = static_cast<double>(kernel.rows) / static_cast<double>(kernel.ticks);
  }
  round.steps_per_second = steps / result.seconds;
  round.steps_per_answer = steps / static_cast<double>(std::max<uint64_t>(result.answers, 1));
  round.busy = static_cast<double>(cpu) * 1e-9 / result.seconds;
  round.p50_us = result.Latency(0.5);
  round.p99_us = result.Latency(0.99);
  return round;
}

}  // namespace

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

Round MedianOf(const std::vector<Round>& rounds) {
  Round median;
  for (double Round::* field :
       {&Round::cpu_us, &Round::kernel_us, &Round::rows, &Round::steps_per_second,
        &Round::steps_per_answer, &Round::busy, &Round::p50_us, &Round::p99_us}) {
    std::vector<double> values;
    for (const Round& round : rounds) values.push_back(round.*field);
    median.*field = Median(std::move(values));
  }
  return median;
}

double Comparison::CpuRatio() const {
  std::vector<double> ratios;
  for (size_t i = 0; i < echo.size(); ++i) {
    ratios.push_back((real[i].cpu_us - real[i].kernel_us) / echo[i].cpu_us);
  }
  return Median(std::move(ratios));
}

double Comparison::ExtraLatencyMicros() const {
  std::vector<double> extras;
  for (size_t i = 0; i < echo.size(); ++i) {
    extras.push_back(real[i].p50_us - real[i].kernel_us - echo[i].p50_us);
  }
  return Median(std::move(extras));
}

StatusOr<Comparison> Compare(const Plan& plan, const v1::PredictRequest& input,
                             const std::string& model, BenchChild* echo, BenchChild* real) {
  StepLoad echo_load(echo->address(), plan.shape, input, model);
  StepLoad real_load(real->address(), plan.shape, input, model);
  Comparison comparison;
  for (int i = 0; i < plan.rounds; ++i) {
    SEQ_ASSIGN_OR_RETURN(const Round of_echo, RunRound(plan, &echo_load, echo));
    SEQ_ASSIGN_OR_RETURN(const Round of_real, RunRound(plan, &real_load, real));
    if (of_real.kernel_us == 0) {
      return absl::InternalError("the kernel timer saw no tick: is the program linked as it asks?");
    }
    comparison.echo.push_back(of_echo);
    comparison.real.push_back(of_real);
  }
  return comparison;
}

}  // namespace sequent::echo
