// kernel_bench: one recurrent layer, ours beside Eigen and oneDNN, and beside what the core can do.
//
// Every point is a benchmark of Google Benchmark whose iterations are rounds: each runs a window of
// ours, of the probes and of the others. docs/performance.md says how to read the figures.
#include <benchmark/benchmark.h>
#include <sched.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "core/base/thread_pool.h"
#include "core/kernels/target_choice.h"
#include "core/kernels/winograd.h"
#include "tests/bench/kernel/neighbours.h"
#include "tests/bench/kernel/plan.h"
#include "tests/bench/kernel/report.h"
#include "tests/bench/kernel/serve.h"

namespace sequent::bench {
namespace {

// Cores. More is not the system's own bustle.
constexpr double kQuiet = 0.1;

struct Options {
  Selection selection;
  std::vector<std::string> against = {"onednn", "eigen"};
  size_t rounds = 11;
  double window_ms = 2;
  std::string json;
  std::string target, products;
  bool serve = false;
};

struct Run {
  Options options;
  std::unique_ptr<PointMaker> maker;
  Bound bound;
  std::vector<PointResult> results;
  bool failed = false;
};

void SetCounters(const PointResult& result, benchmark::State* state) {
  for (const Timing& timing : result.timings) {
    state->counters[timing.name + "_x_bound"] = MedianRatio(timing.seconds, timing.bounds);
    if (&timing == &result.timings[0]) continue;
    state->counters[timing.name] = MedianRatio(timing.seconds, result.timings[0].seconds);
  }
}

void Measure(const Planned& planned, Run* run, benchmark::State& state) {
  const std::unique_ptr<Point> point = run->maker->Make(planned);
  if (const double difference = point->LargestDifference();
      !(difference <= PointMaker::Tolerance(planned.kind))) {
    run->failed = true;
    state.SkipWithError(("outputs differ by " + std::to_string(difference)).c_str());
    return;
  }
  for (auto _ : state) {
    state.SetIterationTime(point->Round(run->options.window_ms * 1e-3, &run->bound));
  }
  SetCounters(point->result(), &state);
  run->results.push_back(point->result());
}

void Register(const Planned& planned, Run* run) {
  const Shape& shape = planned.shape;
  const std::string name = planned.kind + "/" + CellName(shape.cell) +
                           "/H:" + std::to_string(shape.units) +
                           "/B:" + std::to_string(shape.rows) + "/T:" + std::to_string(shape.steps);
  benchmark::RegisterBenchmark(
      name.c_str(), [planned, run](benchmark::State& state) { Measure(planned, run, state); })
      ->Iterations(static_cast<int64_t>(run->options.rounds))
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

void KeepTo(const cpu_set_t& cores) { sched_setaffinity(0, sizeof(cores), &cores); }

// Keeps the calling thread on the core that it is on, so that caches stay warm and the probes see
// what the points see. Returns two threads, the second of which stays on the other cores; nullptr
// where there are none.
std::unique_ptr<ThreadPool> ChooseCores() {
  cpu_set_t others, own;
  sched_getaffinity(0, sizeof(others), &others);
  const auto core = static_cast<size_t>(sched_getcpu());
  CPU_CLR(core, &others);
  CPU_ZERO(&own);
  CPU_SET(core, &own);
  std::unique_ptr<ThreadPool> pool;
  if (CPU_COUNT(&others) > 0) {
    KeepTo(others);
    pool = std::make_unique<ThreadPool>(2);  // its thread inherits them
  }
  KeepTo(own);
  return pool;
}

void AddOptions(CLI::App* app, Options* options) {
  Selection* selection = &options->selection;
  app->add_option("--kinds", selection->kinds, "step, chunk, threads, precision; see plan.h")
      ->delimiter(',')
      ->check(CLI::IsMember({"step", "chunk", "threads", "precision"}));
  app->add_option("--cells", selection->cells, "lstm, gru")
      ->delimiter(',')
      ->check(CLI::IsMember({"lstm", "gru"}));
  const auto sizes = [app](const char* name, std::vector<size_t>* values, const char* what) {
    app->add_option(name, *values, what)->delimiter(',')->check(CLI::Range(1, 8192));
  };
  sizes("--units", &selection->units, "Widths, of input and state alike");
  sizes("--rows", &selection->rows, "Batch sizes");
  sizes("--steps", &selection->steps, "Steps per call");
  app->add_option("--against", options->against, "onednn, eigen; none")
      ->delimiter(',')
      ->check(CLI::IsMember({"onednn", "eigen", "none"}));
  app->add_option("--rounds", options->rounds, "Rounds of windows per point")
      ->check(CLI::PositiveNumber);
  app->add_option("--window-ms", options->window_ms, "Length of a window")
      ->check(CLI::PositiveNumber);
  app->add_flag(
      "--quick",
      [options](int64_t) {
        options->rounds = 3;
        options->window_ms = 1;
      },
      "3 rounds of 1 ms: to look, not to quote");
  app->add_option("--json", options->json, "File for the figures");
  app->add_option(
         "--target", options->target,
         "SIMD target of ours and of the probes, instead of this processor's best one; the "
         "others have limits of their own, as oneDNN's ONEDNN_MAX_CPU_ISA=AVX2")
      ->check(CLI::IsMember(kernels::OfferedTargets()));
  app->add_option("--products", options->products,
                  "How fp32 products go, instead of this processor's best way: winograd, "
                  "multiply-add; see core/kernels/winograd.h")
      ->check(CLI::IsMember({"winograd", "multiply-add"}));
  app->add_flag("--serve", options->serve, "Run what standard input asks for; see serve.h");
}

int Main(int argc, char** argv) {
  Run run;
  CLI::App app("Measures one recurrent layer. Options of Google Benchmark are taken as well.");
  AddOptions(&app, &run.options);
  app.allow_extras();
  CLI11_PARSE(app, argc, argv);
  const std::unique_ptr<ThreadPool> two_threads = ChooseCores();
  FlushDenormals();
  if (!run.options.target.empty()) kernels::UseTarget(run.options.target);
  if (!run.options.products.empty()) {
    kernels::SetWinogradPays(run.options.products == "winograd");
  }
  if (run.options.serve) return Serve(std::cin, std::cout);

  std::vector<std::string> rest = app.remaining();
  std::vector<char*> arguments = {argv[0]};
  for (std::string& argument : rest) arguments.push_back(argument.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  run.maker = std::make_unique<PointMaker>(run.options.against, two_threads.get());
  for (const Planned& planned : Plan(run.options.selection)) Register(planned, &run);
  const Neighbours neighbours;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  if (neighbours.Busy() > kQuiet) {
    std::cerr << "kernel_bench: others kept " << neighbours.Busy()
              << " cores busy meanwhile: these figures mean little\n";
  }
  if (!run.options.json.empty()) {
    std::ofstream file(run.options.json);
    file << Report(run.results, run.bound, neighbours.Busy()) << "\n";
    if (!file.flush()) {
      std::cerr << "kernel_bench: cannot write " << run.options.json << "\n";
      return 1;
    }
  }
  return run.failed ? 1 : 0;
}

}  // namespace
}  // namespace sequent::bench

int main(int argc, char** argv) { return sequent::bench::Main(argc, argv); }
