// sequent-train: flags -> options -> one call.

#include <csignal>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "trainer/commands.h"

namespace {

std::atomic<bool> stop{false};

// The first Ctrl-C (or SIGTERM) lets the update finish; the second ends the process.
void OnInterrupt(int signal) {
  stop.store(true);
  std::signal(signal, SIG_DFL);
}

void AddFit(CLI::App* app, sequent::FitOptions* options) {
  auto* fit = app->add_subcommand("fit", "Train a model and write its file");
  auto& config = options->config;
  fit->add_option("config", config.file, "YAML file; see docs/training.md");
  fit->add_option("--set", config.sets, "One key: train.batch=50 (repeatable)")
      ->allow_extra_args(false);
  fit->add_option("--task", config.task, "language_model or forecast");
  fit->add_option("--data", config.data, "Data file, data.path (repeatable)")
      ->allow_extra_args(false);
  fit->add_option("--out", config.out, "Model file, output.model");
  fit->add_option("--run-dir", config.run_dir, "Checkpoints and metrics.jsonl, output.run_dir");
  fit->add_option("--publish", config.publish, "Also write the next version into this folder");
  fit->add_option("--init-from", options->init_from, "Model file to start from");
  fit->add_flag("--resume", options->resume, "Go on from the newest checkpoint");
  fit->add_flag("--dump-config", options->dump_config, "Print what would run, and stop");
  fit->add_option("--progress", options->progress, "auto, bar, plain or none")
      ->capture_default_str();
  fit->add_flag("--json", options->json, "The result as one JSON object");
}

void AddPart(CLI::App* command, sequent::PartOptions* part) {
  command->add_option("--part", part->part, "validation, test, train (as in fit) or all");
  command->add_option("--last", part->last, "The last so many rows instead");
}

void AddEvaluate(CLI::App* app, sequent::EvaluateOptions* options) {
  auto* evaluate = app->add_subcommand("evaluate", "Measure models; several are averaged");
  evaluate->add_option("model", options->models, "Model files")->required();
  evaluate->add_option("--data", options->data, "Data file (repeatable)")
      ->required()
      ->allow_extra_args(false);
  AddPart(evaluate, &options->part);
  evaluate->add_option("--threads", options->threads, "0 = all cores")->capture_default_str();
  evaluate->add_flag("--json", options->json, "One JSON object");
}

void AddPredict(CLI::App* app, sequent::PredictOptions* options) {
  auto* predict = app->add_subcommand("predict", "Forecasts or text, offline");
  predict->add_option("model", options->model, "Model file")->required();
  predict->add_option("--data", options->data, "Data file (repeatable)")
      ->required()
      ->allow_extra_args(false);
  AddPart(predict, &options->part);
  predict->add_option("--steps", options->steps, "Symbols to write after the text");
  predict->add_option("--seed", options->seed)->capture_default_str();
  predict->add_option("--temperature", options->temperature)->capture_default_str();
}

void AddInspect(CLI::App* app, sequent::InspectOptions* options) {
  auto* inspect = app->add_subcommand("inspect", "What a model file holds");
  inspect->add_option("model", options->model, "Model file")->required();
  inspect->add_flag("--json", options->json, "One JSON object");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains, measures and inspects the models that sequent-server serves.");
  app.set_version_flag("--version", "sequent-train " SEQUENT_VERSION " (" SEQUENT_REVISION ")");
  app.require_subcommand(1);
  sequent::FitOptions fit;
  sequent::EvaluateOptions evaluate;
  sequent::PredictOptions predict;
  sequent::InspectOptions inspect;
  AddFit(&app, &fit);
  AddEvaluate(&app, &evaluate);
  AddPredict(&app, &predict);
  AddInspect(&app, &inspect);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  sequent::Status status;
  if (app.got_subcommand("fit")) {
    fit.config.environment = sequent::ProcessEnvironment();
    fit.stop = &stop;
    std::signal(SIGINT, OnInterrupt);
    std::signal(SIGTERM, OnInterrupt);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that grows too large is an error like a full disk
    status = sequent::RunFit(fit);
  } else if (app.got_subcommand("evaluate")) {
    status = sequent::RunEvaluate(evaluate);
  } else if (app.got_subcommand("predict")) {
    status = sequent::RunPredict(predict);
  } else {
    status = sequent::RunInspect(inspect);
  }
  if (!status.ok()) {
    std::fprintf(stderr, "sequent-train: %s\n", std::string(status.message()).c_str());
  }
  return sequent::ExitCode(status);
}
