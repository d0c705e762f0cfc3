// sequent bench: how much a server takes, and how long a step waits.

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "client/command/commands.h"
#include "client/command/load.h"

namespace sequent::client {
namespace {

struct Options {
  ModelFlags model;
  OutputFlags output;
  LoadOptions load;
  size_t streams = 1;
};

std::string Milliseconds(int64_t nanos) {
  return StrCat(Short(static_cast<double>(nanos) * 1e-6), " ms");
}

uint64_t ErrorCount(const LoadResult& result) {
  uint64_t errors = 0;
  for (const auto& [reason, count] : result.errors) errors += count;
  return errors;
}

double PerSecond(uint64_t count, const LoadResult& result) {
  return result.seconds > 0 ? static_cast<double>(count) / result.seconds : 0;
}

void PrintForPeople(const Options& options, const LoadResult& result) {
  const Histogram& latency = result.latency;
  PrintTable({
      {"load", options.load.rate > 0 ? StrCat(Short(options.load.rate), " requests/s, fixed")
                                     : std::string("closed loop")},
      {"sessions", StrCat(options.load.sessions, " over ", options.streams, " streams")},
      {"steps per request", StrCat(options.load.steps)},
      {"measured", StrCat(Short(result.seconds), " s")},
      {"requests", StrCat(result.requests, " (", Short(PerSecond(result.requests, result)), "/s)")},
      {"steps", StrCat(result.steps, " (", Short(PerSecond(result.steps, result)), "/s)")},
      {"errors", StrCat(ErrorCount(result))},
      {"replayed", StrCat(result.replayed)},
      {"mean batch rows", Short(result.mean_batch_rows)},
      {"latency p50", Milliseconds(latency.Quantile(0.5))},
      {"latency p90", Milliseconds(latency.Quantile(0.9))},
      {"latency p99", Milliseconds(latency.Quantile(0.99))},
      {"latency p99.9", Milliseconds(latency.Quantile(0.999))},
      {"latency max", Milliseconds(latency.max())},
  });
  for (const auto& [reason, count] : result.errors) {
    std::printf("error %s: %llu\n", reason.c_str(), static_cast<unsigned long long>(count));
  }
}

void PrintForPrograms(const Options& options, const LoadResult& result) {
  const Histogram& latency = result.latency;
  const auto seconds = [](int64_t nanos) { return static_cast<double>(nanos) * 1e-9; };
  std::printf(
      "{\"sessions\":%zu,\"streams\":%zu,\"steps_per_request\":%u,\"rate\":%g,\"seconds\":%g,"
      "\"requests\":%llu,\"steps\":%llu,\"requests_per_second\":%g,\"steps_per_second\":%g,"
      "\"errors\":%llu,\"replayed\":%llu,\"mean_batch_rows\":%g,\"latency_seconds\":{\"mean\":%g,"
      "\"p50\":%g,\"p90\":%g,\"p99\":%g,\"p999\":%g,\"max\":%g}}\n",
      options.load.sessions, options.streams, options.load.steps, options.load.rate, result.seconds,
      static_cast<unsigned long long>(result.requests),
      static_cast<unsigned long long>(result.steps), PerSecond(result.requests, result),
      PerSecond(result.steps, result), static_cast<unsigned long long>(ErrorCount(result)),
      static_cast<unsigned long long>(result.replayed), result.mean_batch_rows,
      latency.mean() * 1e-9, seconds(latency.Quantile(0.5)), seconds(latency.Quantile(0.9)),
      seconds(latency.Quantile(0.99)), seconds(latency.Quantile(0.999)), seconds(latency.max()));
}

void ShowProgress(const LoadResult& result) {
  if (isatty(STDERR_FILENO) == 0) return;
  std::fprintf(stderr, "\r%5.0f s  %9.0f steps/s  p99 %s  errors %llu   ", result.seconds,
               PerSecond(result.steps, result), Milliseconds(result.latency.Quantile(0.99)).c_str(),
               static_cast<unsigned long long>(ErrorCount(result)));
}

}  // namespace

void AddBench(CLI::App* app, Globals* globals) {
  CLI::App* command = app->add_subcommand(
      "bench", "Load: many sessions step at once; throughput and latency percentiles");
  const auto options = std::make_shared<Options>();
  LoadOptions& load = options->load;
  options->model.Add(command, true);
  options->output.Add(command);
  command->add_option("--sessions", load.sessions, "Sessions at once")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command->add_option("--steps", load.steps, "Steps per request")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->add_option("--streams", options->streams, "Streams they share")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("-d,--duration", load.seconds, "Seconds to measure")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--warmup", load.warmup_seconds, "Seconds before that")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--rate", load.rate, "Requests per second in all; 0 = closed loop")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->callback([options, globals] {
    globals->options.streams = options->streams;
    const auto client = ConnectOrFail(globals);
    if (client == nullptr) return;
    options->load.model = options->model.model;
    options->load.version = options->model.version;
    options->load.output = options->output.Selection();
    const auto result = RunLoad(client.get(), options->load, ShowProgress);
    if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r%60s\r", "");
    if (!result.ok()) return Fail(globals, result.status());
    if (globals->json) {
      PrintForPrograms(*options, *result);
    } else {
      PrintForPeople(*options, *result);
    }
    if (ErrorCount(*result) > 0) globals->exit_code = kExitFailed;
  });
}

}  // namespace sequent::client
