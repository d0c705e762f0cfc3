// echo_bench: what a step costs beside the kernels, measured against a bare echo.
//
// Two servers on one core, the load on another; rounds alternate between them. For each model
// (characters: 2 x LSTM 128 and a softmax over 66 characters, the answer names them all; series:
// 2 x LSTM 128 over 8 columns and a point head) three cases:
//
//   messages   256 sessions on 4 streams, one step (one PredictRequest) per message
//   batches    the same with 32 steps per message: 32 PredictRequests, of 32 sessions
//   alone      one session, one step at a time: the latency of an idle server
//
// "messages" and "batches" compare the server's CPU time without that of the kernels with the
// echo's, per step; "alone" compares median latencies, the kernels' time taken away.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "tests/bench/echo/comparison.h"
#include "tests/support/models.h"

namespace sequent::echo {
namespace {

constexpr char kCharacters[] = "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr size_t kColumns = 8;

struct Options {
  std::string serve, pattern, repository;  // a child's
  int core = 0, client_core = 1;
  std::vector<std::string> models = {"characters", "series"};
  std::vector<std::string> cases = {"messages", "batches", "alone"};
  int rounds = 11;
  double seconds = 1;
  std::string json;
};

struct Subject {
  std::string name;
  ModelContents contents;
  v1::PredictRequest input;
};

Subject Characters() {
  v1::ModelConfig config = TextConfig(kCharacters);
  config.set_name("characters");
  AddEmbedding(&config, "embedding", 64);
  AddLstm(&config, "lstm1", 128);
  AddLstm(&config, "lstm2", 128);
  AddSoftmax(&config, "next");
  Subject subject{"characters", RandomModel(config, 1), {}};
  subject.input.set_text("e");
  return subject;
}

Subject Series() {
  std::vector<std::string> columns;
  for (size_t i = 0; i < kColumns; ++i) columns.push_back(StrCat("column", i));
  v1::ModelConfig config = SeriesConfig(columns);
  config.set_name("series");
  AddLstm(&config, "lstm1", 128);
  AddLstm(&config, "lstm2", 128);
  AddRegression(&config, "next");
  Subject subject{"series", RandomModel(config, 2), {}};
  subject.input.mutable_floats()->set_width(kColumns);
  for (size_t i = 0; i < kColumns; ++i) subject.input.mutable_floats()->add_values(0.25f);
  return subject;
}

// A folder that goes with its owner.
struct TemporaryFolder {
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "echo_bench.XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path = name;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

LoadShape ShapeOf(const std::string& name) {
  if (name == "messages") return {256, 4, 1};
  if (name == "batches") return {256, 4, 32};
  return {1, 1, 1};
}

std::string JsonOf(const Round& round) {
  char text[512];
  std::snprintf(text, sizeof text,
                "{\"cpu_us_per_step\": %.3f, \"kernel_us_per_step\": %.3f, \"rows_per_tick\": "
                "%.1f, \"steps_per_second\": %.0f, \"steps_per_answer\": %.2f, \"busy\": %.3f, "
                "\"p50_us\": %.1f, \"p99_us\": %.1f}",
                round.cpu_us, round.kernel_us, round.rows, round.steps_per_second,
                round.steps_per_answer, round.busy, round.p50_us, round.p99_us);
  return text;
}

void Print(const char* who, const Round& round) {
  std::printf(
      "  %-8s %8.2f us CPU/step, %6.2f in kernels, %6.1f rows/tick, %8.0f steps/s, "
      "%5.1f steps/answer, %3.0f%% busy, p50 %7.1f us, p99 %7.1f us\n",
      who, round.cpu_us, round.kernel_us, round.rows, round.steps_per_second,
      round.steps_per_answer, 100 * round.busy, round.p50_us, round.p99_us);
}

std::string Report(const std::string& model, const std::string& name,
                   const Comparison& comparison) {
  const Round echo = MedianOf(comparison.echo), real = MedianOf(comparison.real);
  std::printf("%s, %s: (CPU - kernels) / echo = %.2f per step; p50 - kernels - echo's = %.1f us\n",
              model.c_str(), name.c_str(), comparison.CpuRatio(), comparison.ExtraLatencyMicros());
  Print("echo", echo);
  Print("server", real);
  std::fflush(stdout);
  char ratios[128];
  std::snprintf(ratios, sizeof ratios, "\"cpu_ratio\": %.3f, \"extra_latency_us\": %.1f",
                comparison.CpuRatio(), comparison.ExtraLatencyMicros());
  return StrCat("{\"model\": \"", model, "\", \"case\": \"", name, "\", ", ratios,
                ", \"rounds\": ", comparison.echo.size(), ", \"echo\": ", JsonOf(echo),
                ", \"server\": ", JsonOf(real), "}");
}

// One case, on servers of its own: what an earlier case leaves behind in a process is not measured.
StatusOr<std::string> Measure(const Options& options, const Subject& subject,
                              const std::string& name) {
  const TemporaryFolder folder;
  const std::filesystem::path version = folder.path / subject.name / "1";
  std::filesystem::create_directories(version);
  SEQ_RETURN_IF_ERROR(WriteModelFile(version / "model.safetensors", subject.contents));
  const std::string core = "--core=" + std::to_string(options.core);
  BenchChild real({"--serve=models", "--repository=" + folder.path.string(), core});
  if (real.address().empty()) return absl::UnavailableError("the server did not start");
  SEQ_ASSIGN_OR_RETURN(const v1::PredictResponse pattern,
                       OneAnswer(real.address(), subject.input, subject.name));
  const std::string pattern_path = folder.path / "pattern";
  std::ofstream(pattern_path, std::ios::binary) << pattern.SerializeAsString();
  BenchChild echo({"--serve=echo", "--pattern=" + pattern_path, core});
  if (echo.address().empty()) return absl::UnavailableError("the echo did not start");
  Plan plan;
  plan.shape = ShapeOf(name);
  plan.rounds = options.rounds;
  plan.seconds = options.seconds;
  SEQ_ASSIGN_OR_RETURN(const Comparison comparison,
                       Compare(plan, subject.input, subject.name, &echo, &real));
  return Report(subject.name, name, comparison);
}

Status Run(const Options& options) {
  SEQ_RETURN_IF_ERROR(StayOnCore(options.client_core));
  std::vector<std::string> results;
  for (const std::string& model : options.models) {
    const Subject subject = model == "series" ? Series() : Characters();
    for (const std::string& name : options.cases) {
      SEQ_ASSIGN_OR_RETURN(std::string result, Measure(options, subject, name));
      results.push_back(std::move(result));
    }
  }
  if (options.json.empty()) return absl::OkStatus();
  std::ofstream file(options.json);
  file << "{\"benchmark\": \"echo_bench\", \"results\": [";
  for (size_t i = 0; i < results.size(); ++i) file << (i == 0 ? "\n  " : ",\n  ") << results[i];
  file << "\n]}\n";
  return file.good() ? absl::OkStatus() : absl::UnavailableError("cannot write " + options.json);
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("What a step costs beside the kernels, against a bare gRPC echo");
  app.add_option("--serve", options.serve, "models or echo: be the server (used by itself)");
  app.add_option("--pattern", options.pattern, "with --serve=echo: file with the answer");
  app.add_option("--repository", options.repository, "with --serve=models");
  app.add_option("--core", options.core, "core of the servers; -1: any");
  app.add_option("--client-core", options.client_core, "core of the load; -1: any");
  app.add_option("--models", options.models, "characters, series")
      ->delimiter(',')
      ->check(CLI::IsMember({"characters", "series"}));
  app.add_option("--cases", options.cases, "messages, batches, alone")
      ->delimiter(',')
      ->check(CLI::IsMember({"messages", "batches", "alone"}));
  app.add_option("--rounds", options.rounds, "pairs of rounds per case")->check(CLI::Range(1, 999));
  app.add_option("--seconds", options.seconds, "of one round")->check(CLI::Range(0.01, 60.0));
  app.add_option("--json", options.json, "write the results here");
  CLI11_PARSE(app, argc, argv);
  if (!options.serve.empty()) {
    if (const Status status = StayOnCore(options.core); !status.ok()) return 1;
    return options.serve == "echo" ? ServeEcho(options.pattern) : ServeModels(options.repository);
  }
  const Status status = Run(options);
  if (!status.ok()) std::cerr << "echo_bench: " << status << '\n';
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace sequent::echo

int main(int argc, char** argv) { return sequent::echo::Main(argc, argv); }
