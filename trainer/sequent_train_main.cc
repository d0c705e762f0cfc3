// sequent-train: flags -> options -> one call.

#include <csignal>
#include <cstdio>
#include <functional>

#include <CLI/CLI.hpp>

#include "trainer/commands.h"
#include "trainer/process_ranks.h"

namespace {

std::atomic<bool> stop{false};

// The first Ctrl-C (or SIGTERM) lets the update finish; the second ends the process.
void OnInterrupt(int signal) {
  stop.store(true);
  std::signal(signal, SIG_DFL);
}

// For the commands that train.
template <typename Options>
void PrepareToTrain(Options* options) {
  options->config.environment = sequent::ProcessEnvironment();
  options->stop = &stop;
  std::signal(SIGINT, OnInterrupt);
  std::signal(SIGTERM, OnInterrupt);
  std::signal(SIGXFSZ, SIG_IGN);  // a file that grows too large is an error like a full disk
}

constexpr char kExitCodes[] =
    "Exit codes: 0 done (also after Ctrl-C), 2 usage or configuration, 3 data or model file,\n"
    "4 loss not finite, 1 anything else. Results go to stdout, progress and errors to stderr.";

constexpr char kFitExamples[] =
    "Keys come from the file, from the environment (SEQUENT_TRAIN__BATCH=64), from --set; the "
    "later\n"
    "wins. docs/training.md lists them.\n"
    "\n"
    "  sequent-train fit --task language_model --data book.txt --out book.safetensors\n"
    "  sequent-train fit config.yaml --set train.epochs=5 --set model.layers.1.lstm.units=256\n"
    "  sequent-train fit config.yaml --resume\n"
    "  mpirun -np 2 sequent-train fit config.yaml";

constexpr char kPredictExamples[] =
    "Forecasts are printed as CSV, each made one step before its row unless --evaluation says "
    "from\n"
    "where. Of a text, the log probability of every token, or with --steps what the model writes\n"
    "after it.\n"
    "\n"
    "  sequent-train predict weather.safetensors --data weather.csv --last 30\n"
    "  sequent-train predict book.safetensors --data book.txt --last 200 --steps 500";

void AddFit(CLI::App* app, sequent::FitOptions* options) {
  auto* fit = app->add_subcommand("fit", "Train a model and write its file");
  auto& config = options->config;
  fit->add_option("config", config.file, "Configuration; common jobs need none")
      ->type_name("CONFIG.yaml");
  fit->add_option("--task", config.task, "language_model, forecast, classify or tag: task")
      ->type_name("TASK");
  fit->add_option("--data", config.data, "Text or CSV to learn from (repeatable): data.path")
      ->type_name("FILE")
      ->allow_extra_args(false);
  fit->add_option("--set", config.sets, "Any other key (repeatable)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  fit->add_option("--out", config.out, "The model file to write: output.model")->type_name("FILE");
  fit->add_option("--run-dir", config.run_dir,
                  "Where checkpoints and metrics.jsonl go: output.run_dir")
      ->type_name("FOLDER");
  fit->add_option("--publish", config.publish,
                  "Also write FOLDER/<next version>/model.safetensors, for a server")
      ->type_name("FOLDER");
  fit->add_option("--init-from", options->init_from,
                  "Start from the weights of this model, not from random ones")
      ->type_name("MODEL");
  fit->add_flag(
      "--resume", options->resume,
      "Go on from the newest checkpoint, if there is one; without it old ones are removed");
  fit->add_flag("--dump-config", options->dump_config, "Print what would run, and stop");
  fit->add_option("--progress", options->progress,
                  "auto, bar, plain or none; auto: a bar on a terminal, else plain lines")
      ->type_name("KIND")
      ->capture_default_str();
  fit->add_flag("--json", options->json, "Print the result as one JSON object");
  fit->footer(kFitExamples);
}

void AddPart(CLI::App* command, const char* unless_given, sequent::PartOptions* part) {
  command
      ->add_option("--part", part->part,
                   sequent::StrCat("validation, test or train, as fit cut them, or all; else ",
                                   unless_given))
      ->type_name("PART");
  command
      ->add_option("--last", part->last, "The last N rows, characters, lines or sequences instead")
      ->type_name("N");
  const auto number = [command](const char* name, const char* help, auto set) {
    command->add_option_function<uint32_t>(name, set, help)->type_name("N");
  };
  command
      ->add_option_function<std::string>(
          "--evaluation", [=](const std::string& name) { part->forecast.set_evaluation(name); },
          "Series: one_step, fixed_origin or rolling_origin; else as recorded")
      ->type_name("SCHEME");
  number("--horizon",
         "With --evaluation: rows ahead of an origin; of a direct model at most what it says",
         [=](uint32_t n) { part->forecast.set_horizon(n); });
  number("--context", "With --evaluation: rows before an origin; 0 = all",
         [=](uint32_t n) { part->forecast.set_context(n); });
  number("--stride", "With --evaluation rolling_origin: rows between origins",
         [=](uint32_t n) { part->forecast.set_stride(n); });
}

// `take` gets the precision that was named.
void AddPrecision(CLI::App* command, const std::string& help, bool required,
                  const std::function<void(sequent::Precision)>& take) {
  command
      ->add_option_function<std::string>(
          "--precision",
          [take](const std::string& text) {
            const auto precision = sequent::ParsePrecision(text);
            if (!precision.ok()) {
              throw CLI::ValidationError("--precision",
                                         std::string(sequent::Message(precision.status())));
            }
            take(*precision);
          },
          help)
      ->type_name("TYPE")
      ->required(required);
}

void AddEvaluate(CLI::App* app, sequent::EvaluateOptions* options) {
  auto* evaluate = app->add_subcommand("evaluate", "Measure models; several are averaged");
  evaluate->add_option("model", options->models, "Model files")->required()->type_name("MODEL");
  evaluate->add_option("--data", options->data, "Text or CSV to measure on (repeatable)")
      ->required()
      ->type_name("FILE")
      ->allow_extra_args(false);
  AddPart(evaluate, "validation, of other data than fit's all", &options->part);
  AddPrecision(
      evaluate,
      "Round the weights to fp32, bf16 or int8 and show what that costs against fp32; else "
      "as stored",
      false, [=](sequent::Precision p) { options->precision = p; });
  evaluate->add_option("--threads", options->threads, "0 = all cores")
      ->type_name("N")
      ->capture_default_str();
  evaluate->add_flag("--json", options->json, "Print one JSON object");
}

void AddPredict(CLI::App* app, sequent::PredictOptions* options) {
  auto* predict = app->add_subcommand("predict", "Forecasts or text, offline");
  predict->add_option("model", options->model, "Model file")->required()->type_name("MODEL");
  predict->add_option("--data", options->data, "Text or CSV to go on from (repeatable)")
      ->required()
      ->type_name("FILE")
      ->allow_extra_args(false);
  AddPart(predict, "all", &options->part);
  predict
      ->add_option("--steps", options->steps,
                   "Tokens to write after the text: characters, or words")
      ->type_name("N");
  predict->add_option("--seed", options->seed, "Of the tokens drawn")
      ->type_name("N")
      ->capture_default_str();
  predict->add_option("--temperature", options->temperature, "Below 1 safer, above 1 wilder")
      ->type_name("T")
      ->capture_default_str();
  predict->footer(kPredictExamples);
}

void AddQuantize(CLI::App* app, sequent::QuantizeOptions* options) {
  auto* quantize = app->add_subcommand("quantize", "Write a model with smaller weights");
  quantize->add_option("model", options->model, "Model file, in fp32")
      ->required()
      ->type_name("MODEL");
  AddPrecision(quantize, "bf16 or int8", true,
               [=](sequent::Precision p) { options->precision = p; });
  quantize->add_option("-o,--out", options->out, "The model file to write")->type_name("FILE");
  quantize
      ->add_option("--publish", options->publish,
                   "Write FOLDER/<next version>/model.safetensors, for a server")
      ->type_name("FOLDER");
  quantize
      ->add_option("--data", options->data,
                   "Also measure on this text or CSV what it costs (repeatable)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  AddPart(quantize, "validation, of other data than fit's all", &options->part);
  quantize->add_flag("--json", options->json, "Print one JSON object");
}

void AddPrune(CLI::App* app, sequent::PruneOptions* options) {
  auto* prune = app->add_subcommand("prune", "Write a model with small weights set to 0");
  prune->add_option("model", options->model, "Model file, in fp32")->required()->type_name("MODEL");
  prune
      ->add_option("--keep-largest", options->keep_largest,
                   "Keep this share of the weights, the largest ones")
      ->type_name("FRACTION");
  prune
      ->add_option("--among", options->among,
                   "tensor: that share of each tensor; all: of all of them together")
      ->type_name("SCOPE")
      ->capture_default_str();
  prune
      ->add_option("--zero-below", options->zero_below,
                   "Zero what is below this fraction of its tensor's largest weight")
      ->type_name("FRACTION");
  prune->add_option("-o,--out", options->out, "The model file to write")->type_name("FILE");
  prune
      ->add_option("--publish", options->publish,
                   "Write FOLDER/<next version>/model.safetensors, for a server")
      ->type_name("FOLDER");
  prune
      ->add_option("--data", options->data,
                   "Also measure on this text or CSV what it costs (repeatable)")
      ->type_name("FILE")
      ->allow_extra_args(false);
  AddPart(prune, "validation, of other data than fit's all", &options->part);
  prune->add_flag("--json", options->json, "Print one JSON object");
  prune->footer("To prune step by step and train on: fit --init-from MODEL with train.prune.");
}

// Where a configuration comes from, for the commands that fit many times.
void AddConfig(CLI::App* command, sequent::ConfigSources* config) {
  command->add_option("config", config->file, "Configuration")
      ->required()
      ->type_name("CONFIG.yaml");
  command->add_option("--data", config->data, "Files to learn from (repeatable): data.path")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command->add_option("--set", config->sets, "Any other key (repeatable)")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command->add_option("--run-dir", config->run_dir, "Where all files go: output.run_dir")
      ->type_name("FOLDER");
}

void AddTune(CLI::App* app, sequent::TuneOptions* options) {
  auto* tune = app->add_subcommand("tune", "Search for better values of configuration keys");
  AddConfig(tune, &options->config);
  tune->add_flag("--resume", options->resume,
                 "Take up the search of the run folder; without it a new one begins");
  tune->add_option("--progress", options->progress, "Of each try: auto, bar, plain or none")
      ->type_name("KIND")
      ->capture_default_str();
  tune->add_flag("--json", options->json, "Print the result as one JSON object");
  tune->footer(
      "The section `tune` of the configuration says which keys, where to look, and how often;\n"
      "docs/training.md describes it. Writes tries.jsonl and best.yaml into the run folder.");
}

void AddCv(CLI::App* app, sequent::CvOptions* options) {
  auto* cv = app->add_subcommand("cv", "Cross-validate: fit every fold, show how figures differ");
  AddConfig(cv, &options->config);
  cv->add_flag("--resume", options->resume,
               "Go on with the folds of the run folder; without it they begin anew");
  cv->add_option("--progress", options->progress, "Of each fold: auto, bar, plain or none")
      ->type_name("KIND")
      ->capture_default_str();
  cv->add_flag("--json", options->json, "Print the result as one JSON object");
  cv->footer("The section `cv` of the configuration says how the data is cut; docs/training.md.");
}

void AddInspect(CLI::App* app, sequent::InspectOptions* options) {
  auto* inspect = app->add_subcommand("inspect", "What a model file holds");
  inspect->add_option("model", options->model, "Model file")->required()->type_name("MODEL");
  inspect->add_flag("--json", options->json, "Print one JSON object");
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Trains, measures and inspects the models that sequent-server serves.",
               "sequent-train");
  app.footer(kExitCodes);
  app.set_version_flag("--version", "sequent-train " SEQUENT_VERSION " (" SEQUENT_REVISION ")");
  app.require_subcommand(1);
  sequent::FitOptions fit;
  sequent::EvaluateOptions evaluate;
  sequent::PredictOptions predict;
  sequent::QuantizeOptions quantize;
  sequent::PruneOptions prune;
  sequent::TuneOptions tune;
  sequent::CvOptions cv;
  sequent::InspectOptions inspect;
  AddFit(&app, &fit);
  AddEvaluate(&app, &evaluate);
  AddPredict(&app, &predict);
  AddQuantize(&app, &quantize);
  AddPrune(&app, &prune);
  AddTune(&app, &tune);
  AddCv(&app, &cv);
  AddInspect(&app, &inspect);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  // Ranks leave together, when the first has said what there is to say: mpirun ends all of them as
  // soon as one has ended with an error.
  std::unique_ptr<sequent::train::Ranks> ranks;
  bool speaks = true;
  sequent::Status status;
  if (app.got_subcommand("fit")) {
    PrepareToTrain(&fit);
    auto joined = sequent::JoinRanks(fit.config.environment);
    status = joined.status();
    if (joined.ok()) {
      ranks = *std::move(joined);
      fit.ranks = ranks.get();
      speaks = ranks == nullptr || ranks->rank() == 0;
      status = sequent::RunFit(fit);
    }
  } else if (app.got_subcommand("prune")) {
    status = sequent::RunPrune(prune);
  } else if (app.got_subcommand("tune")) {
    PrepareToTrain(&tune);
    status = sequent::RunTune(tune);
  } else if (app.got_subcommand("cv")) {
    PrepareToTrain(&cv);
    status = sequent::RunCv(cv);
  } else if (app.got_subcommand("evaluate")) {
    status = sequent::RunEvaluate(evaluate);
  } else if (app.got_subcommand("predict")) {
    status = sequent::RunPredict(predict);
  } else if (app.got_subcommand("quantize")) {
    status = sequent::RunQuantize(quantize);
  } else {
    status = sequent::RunInspect(inspect);
  }
  if (!status.ok() && speaks) {
    std::fprintf(stderr, "sequent-train: %s\n", std::string(status.message()).c_str());
  }
  return sequent::ExitCode(status);
}
