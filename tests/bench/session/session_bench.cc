// session_bench: what an idle session costs in memory, and what a crowd of them costs a step.
//
// Two servers, one with few sessions of a 1x64 GRU and one with many, each begun by one step whose
// reply is acknowledged. First the growth of the second server's resident memory per session beside
// its state row; then windows of steps of random sessions at one fixed rate, on the two servers in
// turn.
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/nn/model.h"
#include "tests/bench/session/crowd.h"
#include "tests/integration/server_fixture.h"
#include "tests/support/models.h"

namespace sequent::bench {
namespace {

struct Options {
  size_t few = 1'000;
  size_t many = 1'000'000;
  double rate = 2'000;
  size_t pairs = 15;
  double window = 0.5;
  size_t churns = 0;
  size_t acked_at_once = 1'000;
  std::string json;
};

// Quantile q of `values`, which are not empty.
double Quantile(std::vector<double> values, double q) {
  const auto at = static_cast<ptrdiff_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<size_t>(at)];
}
double Median(const std::vector<double>& values) { return Quantile(values, 0.5); }

ModelContents Gru() {
  v1::ModelConfig config = SeriesConfig({"x"});
  AddGru(&config, "gru", 64);
  AddRegression(&config, "next");
  return RandomModel(config, 1);
}

struct Memory {
  double row_bytes = 0, per_session = 0;
  double beside_row() const { return per_session - row_bytes; }
};

Memory MeasureGrowth(Crowd* crowd, const Options& options) {
  const size_t count = options.many;
  Memory memory;
  memory.row_bytes = static_cast<double>((*Model::Create(Gru()))->state_size());
  const size_t before = crowd->resident().now;
  crowd->GrowTo(count, options.acked_at_once);
  const Resident after = crowd->resident();
  memory.per_session = static_cast<double>(after.now - before) / static_cast<double>(count);
  std::printf("%zu sessions: resident %zu -> %zu MB (peak %zu)\n", count, before / 1'000'000,
              after.now / 1'000'000, after.peak / 1'000'000);
  std::printf("per session: %.0f bytes = row %.0f + %.0f\n", memory.per_session, memory.row_bytes,
              memory.beside_row());
  return memory;
}

// Closes and begins everybody again: what has been given back is used again.
std::vector<double> Churn(Crowd* crowd, const Options& options) {
  std::vector<double> resident;
  const size_t count = crowd->size();
  for (size_t i = 0; i < options.churns; ++i) {
    crowd->Close();
    const size_t empty = crowd->resident().now;
    crowd->GrowTo(count, options.acked_at_once);
    resident.push_back(static_cast<double>(crowd->resident().now));
    std::printf("churn %zu: resident %zu MB closed, %.0f MB begun again\n", i + 1,
                empty / 1'000'000, resident.back() / 1e6);
  }
  return resident;
}

struct Latency {
  std::vector<double> few, many, ratios;  // medians of windows, seconds; many / few
  double few_p99 = 0, many_p99 = 0;
};

Latency MeasureSteps(Crowd* few, Crowd* many, const Options& options) {
  Latency latency;
  std::vector<double> few_p99, many_p99;
  for (size_t pair = 0; pair <= options.pairs; ++pair) {
    const std::vector<double> a = few->Step(options.rate, options.window, 2 * pair);
    const std::vector<double> b = many->Step(options.rate, options.window, 2 * pair + 1);
    if (pair == 0) continue;  // warms up
    latency.few.push_back(Median(a));
    latency.many.push_back(Median(b));
    latency.ratios.push_back(latency.many.back() / latency.few.back());
    few_p99.push_back(Quantile(a, 0.99));
    many_p99.push_back(Quantile(b, 0.99));
  }
  latency.few_p99 = Median(few_p99);
  latency.many_p99 = Median(many_p99);
  std::printf("step at %.0f/s, p50 (p99) in us: %.1f (%.0f) among %zu, %.1f (%.0f) among %zu\n",
              options.rate, Median(latency.few) * 1e6, latency.few_p99 * 1e6, few->size(),
              Median(latency.many) * 1e6, latency.many_p99 * 1e6, many->size());
  std::printf("ratio of p50: median %.3f of %zu pairs, %.3f..%.3f\n", Median(latency.ratios),
              latency.ratios.size(), Quantile(latency.ratios, 0), Quantile(latency.ratios, 1));
  return latency;
}

nlohmann::json Report(const Options& options, const Memory& memory, const Latency& latency,
                      const std::vector<double>& churned) {
  return {{"sessions", options.many},
          {"id_bytes", 36},
          {"row_bytes", memory.row_bytes},
          {"bytes_per_session", memory.per_session},
          {"bytes_beside_row", memory.beside_row()},
          {"rate", options.rate},
          {"few", options.few},
          {"few_p50_seconds", Median(latency.few)},
          {"few_p99_seconds", latency.few_p99},
          {"many_p50_seconds", Median(latency.many)},
          {"many_p99_seconds", latency.many_p99},
          {"p50_ratio", Median(latency.ratios)},
          {"p50_ratios", latency.ratios},
          {"resident_after_churn", churned}};
}

void Run(const Options& options) {
  rpc::TempDir repository;
  rpc::WriteModel(repository.path(), "gru", 1, Gru());
  Crowd few(repository.path()), many(repository.path());
  few.GrowTo(options.few, options.acked_at_once);
  const Memory memory = MeasureGrowth(&many, options);
  const std::vector<double> churned = Churn(&many, options);
  const Latency latency = MeasureSteps(&few, &many, options);
  if (options.json.empty()) return;
  std::ofstream(options.json) << Report(options, memory, latency, churned).dump(2) << "\n";
}

}  // namespace
}  // namespace sequent::bench

int main(int argc, char** argv) {
  sequent::bench::Options options;
  CLI::App app("What an idle session costs in memory, and what a crowd of them costs a step.");
  app.add_option("--few", options.few, "sessions of the small server")->capture_default_str();
  app.add_option("--many", options.many, "sessions of the large server")->capture_default_str();
  app.add_option("--rate", options.rate, "steps per second")->capture_default_str();
  app.add_option("--pairs", options.pairs, "windows on each server")->capture_default_str();
  app.add_option("--window", options.window, "seconds of a window")->capture_default_str();
  app.add_option("--churns", options.churns, "times that all sessions are closed and begun again");
  app.add_option("--acked-at-once", options.acked_at_once,
                 "sessions begun before they are acknowledged")
      ->capture_default_str();
  app.add_option("--json", options.json, "file for the figures");
  CLI11_PARSE(app, argc, argv);
  // The programs lie beside this one.
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  setenv("SEQUENT_BINARY_DIR", self.parent_path().parent_path().c_str(), 0);
  sequent::bench::Run(options);
  return 0;
}
