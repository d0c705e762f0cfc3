// kernel_bench: one recurrent layer, ours beside Eigen and oneDNN, and beside what the core can do.
//
// Every point is a benchmark of Google Benchmark whose iterations are rounds: each runs a window of
// ours, of the probes and of the others. docs/performance.md says how to read the figures.
#include <benchmark/benchmark.h>
#include <sched.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "core/base/thread_pool.h"
#include "tests/bench/point.h"
#include "tests/bench/report.h"
#include "tests/bench/serve.h"

namespace sequent::bench {
namespace {

// fp32 sums of 2048 products in another order, sixteen steps deep, differ by less.
constexpr double kTolerance = 1e-4;

struct Options {
  std::vector<std::string> cells = {"lstm", "gru"};
  std::vector<size_t> units = {64, 128, 256, 512, 1024};
  std::vector<size_t> rows = {1, 2, 4, 8, 16, 32, 64, 128};
  std::vector<size_t> steps = {1, 16};
  std::vector<std::string> against = {"onednn", "eigen"};
  size_t rounds = 11;
  double window_ms = 2;
  std::string json;
  bool serve = false;
};

struct Run {
  Options options;
  Bound bound;
  std::vector<PointResult> results;
  bool failed = false;
};

// The weights of the last layer asked for: neighbours in the grid share them.
const TensorMap& Weights(Cell cell, size_t units) {
  static Shape last;
  static TensorMap weights;
  if (last.cell != cell || last.units != units) {
    weights = MakeWeights(cell, units);
    last = {cell, units, 0, 0};
  }
  return weights;
}

void SetCounters(const PointResult& result, const Bound& bound, benchmark::State* state) {
  const Timing& ours = result.timings[0];
  state->counters["x_bound"] = Median(ours.seconds) / bound.Seconds(result.shape);
  for (size_t i = 1; i < result.timings.size(); ++i) {
    state->counters[result.timings[i].name] = MedianRatio(result.timings[i].seconds, ours.seconds);
  }
}

void MeasureStep(const Shape& shape, Run* run, benchmark::State& state) {
  const TensorMap& weights = Weights(shape.cell, shape.units);
  Point point(shape, "step");
  point.Add("ours", MakeOurs(shape, weights));
  for (const std::string& name : run->options.against) {
    if (auto contestant = MakeContestant(name, shape, weights)) {
      point.Add(name, std::move(contestant));
    }
  }
  if (const double difference = point.LargestDifference(); !(difference <= kTolerance)) {
    run->failed = true;
    state.SkipWithError(("outputs differ by " + std::to_string(difference)).c_str());
    return;
  }
  for (auto _ : state) {
    state.SetIterationTime(point.Round(run->options.window_ms * 1e-3, &run->bound));
  }
  SetCounters(point.result(), run->bound, &state);
  run->results.push_back(point.result());
}

void Register(const Shape& shape, Run* run) {
  const std::string name = std::string(CellName(shape.cell)) + "/H:" + std::to_string(shape.units) +
                           "/B:" + std::to_string(shape.rows) +
                           "/T:" + std::to_string(shape.steps);
  benchmark::RegisterBenchmark(
      name.c_str(), [shape, run](benchmark::State& state) { MeasureStep(shape, run, state); })
      ->Iterations(static_cast<int64_t>(run->options.rounds))
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

void RegisterGrid(Run* run) {
  for (const std::string& cell : run->options.cells) {
    for (const size_t units : run->options.units) {
      for (const size_t steps : run->options.steps) {
        for (const size_t rows : run->options.rows) {
          Register({CellNamed(cell).value(), units, rows, steps}, run);
        }
      }
    }
  }
}

// One core, so that caches stay warm and the probes see the core that the points see.
void StayOnThisCore() {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(sched_getcpu()), &set);
  sched_setaffinity(0, sizeof(set), &set);
}

void AddOptions(CLI::App* app, Options* options) {
  app->add_option("--cells", options->cells, "lstm, gru")
      ->delimiter(',')
      ->check(CLI::IsMember({"lstm", "gru"}));
  app->add_option("--units", options->units, "Widths, of input and state alike")->delimiter(',');
  app->add_option("--rows", options->rows, "Batch sizes")->delimiter(',');
  app->add_option("--steps", options->steps, "Steps per call")->delimiter(',');
  app->add_option("--against", options->against, "onednn, eigen; none")
      ->delimiter(',')
      ->check(CLI::IsMember({"onednn", "eigen", "none"}));
  app->add_option("--rounds", options->rounds, "Rounds of windows per point")
      ->check(CLI::PositiveNumber);
  app->add_option("--window-ms", options->window_ms, "Length of a window")
      ->check(CLI::PositiveNumber);
  app->add_option("--json", options->json, "File for the figures");
  app->add_flag("--serve", options->serve, "Run what standard input asks for; see serve.h");
}

int Main(int argc, char** argv) {
  Run run;
  CLI::App app("Measures one recurrent layer. Options of Google Benchmark are taken as well.");
  AddOptions(&app, &run.options);
  app.allow_extras();
  CLI11_PARSE(app, argc, argv);
  StayOnThisCore();
  FlushDenormals();
  if (run.options.serve) return Serve(std::cin, std::cout);

  std::vector<std::string> rest = app.remaining();
  std::vector<char*> arguments = {argv[0]};
  for (std::string& argument : rest) arguments.push_back(argument.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  RegisterGrid(&run);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  if (!run.options.json.empty()) {
    std::ofstream file(run.options.json);
    file << Report(run.results, run.bound) << "\n";
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
