#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <thread>

#include <nlohmann/json.hpp>

#include "core/model/model_file.h"
#include "core/model/quantize.h"
#include "core/nn/model.h"
#include "core/train/trainer.h"
#include "trainer/commands.h"
#include "trainer/dataset.h"
#include "trainer/event_log.h"
#include "trainer/fit_job.h"
#include "trainer/forecast_scheme.h"
#include "trainer/json_text.h"
#include "trainer/label_data.h"
#include "trainer/label_report.h"
#include "trainer/metrics_log.h"
#include "trainer/progress.h"
#include "trainer/publish.h"
#include "trainer/report.h"
#include "trainer/scoring.h"
#include "trainer/sparsity.h"
#include "trainer/training_record.h"
#include "trainer/yaml_reader.h"

namespace sequent {
namespace {

Status CheckTrainingLength(const Job& job) {
  const size_t need = job.model.task() == "forecast" ? std::max(2u, job.config.train().window())
                      : job.dataset.lines            ? 1
                                                     : 2;
  if (job.parts.train.size() < need) {
    return absl::DataLossError(StrCat("expected at least ", need,
                                      " rows in the training part (train.window), got ",
                                      job.parts.train.size()));
  }
  if (job.model.task() == "language_model" && !job.dataset.lines &&
      job.parts.validation.size() == 1) {
    return absl::DataLossError("expected at least 2 characters in the validation part, got 1");
  }
  return absl::OkStatus();
}

// Of the other parts, before the training rather than after it.
Status CheckLabels(const Job& job) {
  if (job.dataset.sequences.empty()) return absl::OkStatus();
  for (const train::Part& part : {job.parts.validation, job.parts.test}) {
    SEQ_RETURN_IF_ERROR(BuildSamples(job.model, job.dataset, part).status());
  }
  return absl::OkStatus();
}

// What one step of the model takes in, in the plural.
const char* SymbolName(const v1::ModelConfig& model) {
  if (model.inputs(0).has_features()) return "steps";
  return model.inputs(0).tokens().codec() == "characters" ? "characters" : "tokens";
}

}  // namespace

StatusOr<Job> PrepareJob(v1::TrainConfig config, std::string_view known_pieces) {
  SEQ_ASSIGN_OR_RETURN(Dataset dataset,
                       LoadDataset(config.task(), config.data(), {.seed = config.seed()}));
  SEQ_ASSIGN_OR_RETURN(const train::Parts parts,
                       train::SplitRows(config.data().split(), dataset.size));
  return PrepareJob(std::move(config), std::move(dataset), parts, known_pieces);
}

StatusOr<Job> PrepareJob(v1::TrainConfig config, Dataset dataset, const train::Parts& parts,
                         std::string_view known_pieces) {
  Job job;
  job.config = std::move(config);
  job.dataset = std::move(dataset);
  job.parts = parts;
  SEQ_ASSIGN_OR_RETURN(job.model,
                       BuildModelConfig(job.config, job.dataset, job.parts.train, known_pieces));
  SEQ_RETURN_IF_ERROR(CheckTrainingLength(job));
  SEQ_RETURN_IF_ERROR(CheckLabels(job));
  SEQ_ASSIGN_OR_RETURN(job.data, BuildTrainingData(job.model, job.dataset, job.parts.train));
  const unsigned threads = job.config.train().threads();
  job.pool = std::make_unique<ThreadPool>(
      threads > 0 ? threads : std::max(1u, std::thread::hardware_concurrency()));
  return job;
}

namespace {

// Before hours of training, not after them.
Status PrepareOutput(const v1::OutputConfig& output) {
  std::filesystem::path folder = std::filesystem::path(output.model()).parent_path();
  if (folder.empty()) folder = ".";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return absl::UnavailableError(
        StrCat("output.model: cannot create ", folder.string(), ": ", error.message()));
  }
  if (access(folder.c_str(), W_OK | X_OK) != 0) {
    return absl::UnavailableError(
        StrCat("output.model: cannot write into ", folder.string(), ": ", std::strerror(errno)));
  }
  if (std::filesystem::is_directory(output.model(), error)) {
    return absl::InvalidArgumentError(
        StrCat("output.model: expected a file, got the folder ", output.model()));
  }
  return absl::OkStatus();
}

// What a fit begins with; empty: nothing, random weights.
struct Beginning {
  TensorMap tensors;
  std::string pieces;  // a SentencePiece model
};

StatusOr<Beginning> ReadBeginning(const std::string& init_from) {
  Beginning beginning;
  if (init_from.empty()) return beginning;
  SEQ_ASSIGN_OR_RETURN(ModelContents contents, ReadModelFile(init_from));
  beginning.pieces = contents.config.inputs(0).tokens().asset_data();
  beginning.tensors = std::move(contents.tensors);
  for (auto& [name, tensor] : beginning.tensors) tensor = Rounded(tensor, Precision::kFp32);
  return beginning;
}

bool IsFirst(const FitOptions& options) {
  return options.ranks == nullptr || options.ranks->rank() == 0;
}

StatusOr<v1::TrainConfig> Configure(const FitOptions& options) {
  SEQ_ASSIGN_OR_RETURN(v1::TrainConfig config, LoadConfig(options.config));
  SEQ_RETURN_IF_ERROR(ApplyDefaults(&config));
  SEQ_ASSIGN_OR_RETURN(*config.mutable_train(), train::ResolveTrainOptions(config));
  return config;
}

StatusOr<Job> Prepare(v1::TrainConfig config, const FitOptions& options) {
  if (IsFirst(options)) SEQ_RETURN_IF_ERROR(PrepareOutput(config.output()));
  SEQ_ASSIGN_OR_RETURN(Beginning beginning, ReadBeginning(options.init_from));
  SEQ_ASSIGN_OR_RETURN(Job job, PrepareJob(std::move(config), beginning.pieces));
  job.initial = std::move(beginning.tensors);
  return job;
}

}  // namespace

StatusOr<train::Measures> MeasurePart(const Job& job, const TensorMap& tensors,
                                      const train::Part& part, const ScoreOptions& options) {
  ModelContents contents;
  contents.config = job.model;
  contents.tensors = tensors;
  SEQ_ASSIGN_OR_RETURN(auto model, Model::Create(std::move(contents)));
  return Score({model}, job.dataset, part, job.pool.get(), options);
}

namespace {

// One step ahead, and quickly: for choosing weights.
ScoreOptions ValidationOptions(const Job& job) {
  v1::ForecastConfig one_step;
  one_step.set_period(job.config.forecast().period());
  one_step.set_ar_lags(job.config.forecast().ar_lags());
  return {MeasureOptionsOf(one_step, /*interval=*/false), job.parts.train};
}

ScoreOptions ReportOptions(const Job& job) {
  return {MeasureOptionsOf(job.config.forecast(), /*interval=*/true), job.parts.train};
}

StatusOr<std::unique_ptr<MetricsLog>> OpenMetrics(const std::string& run_dir,
                                                  const train::StartEvent& start) {
  std::error_code error;
  std::filesystem::create_directories(run_dir, error);
  if (error) return absl::UnavailableError(StrCat(run_dir, ": ", error.message()));
  return MetricsLog::Open(run_dir + "/metrics.jsonl", start);
}

}  // namespace

StatusOr<train::FitResult> TrainJob(const Job& job, const FitOptions& options) {
  SEQ_ASSIGN_OR_RETURN(const ProgressKind kind, ParseProgress(options.progress, stderr));
  const std::string& run_dir = job.config.output().run_dir();
  std::unique_ptr<MetricsLog> log;
  std::unique_ptr<EventLog> events;
  Progress progress(kind, SymbolName(job.model), stderr);
  train::TrainerHooks hooks;
  hooks.stop = options.stop;
  hooks.ranks = options.ranks;
  if (job.parts.validation.size() > 0) {
    hooks.validate = [&](const TensorMap& tensors) {
      return MeasurePart(job, tensors, job.parts.validation, ValidationOptions(job));
    };
  }
  const TensorMap* initial = job.initial.empty() ? nullptr : &job.initial;
  if (!IsFirst(options)) {
    return train::Fit(job.config, job.model, job.data, run_dir, options.resume, initial, hooks);
  }
  hooks.on_start = [&](const train::StartEvent& start) -> Status {
    SEQ_ASSIGN_OR_RETURN(log, OpenMetrics(run_dir, start));
    SEQ_ASSIGN_OR_RETURN(events, EventLog::Open(run_dir, start.update));
    return absl::OkStatus();
  };
  hooks.on_update = [&](const train::UpdateEvent& event) {
    log->Add(event);
    events->Add(event);
    progress.Update(event);
  };
  hooks.on_validation = [&](const train::ValidationEvent& event) {
    log->Add(event);
    events->Add(event);
    progress.Validation(event);
  };
  auto result =
      train::Fit(job.config, job.model, job.data, run_dir, options.resume, initial, hooks);
  progress.Clear();
  if (!result.ok()) return result;
  SEQ_RETURN_IF_ERROR(log->Close());
  SEQ_RETURN_IF_ERROR(events->Close());
  return result;
}

StatusOr<TrainingRecord> MakeRecord(const Job& job, const train::FitResult& result) {
  TrainingRecord record;
  record.seed = job.config.seed();
  record.data = job.config.data();
  record.data_sha256 = job.dataset.sha256;
  record.parts = job.parts;
  record.best_update = result.best_update;
  record.updates = result.updates;
  record.validation = result.best_measures;
  record.forecast = job.config.forecast();
  if (job.model.task() == "forecast" && job.parts.validation.size() > 0) {
    SEQ_ASSIGN_OR_RETURN(record.validation,
                         MeasurePart(job, result.best, job.parts.validation, ReportOptions(job)));
  }
  if (job.parts.test.size() > 0) {
    SEQ_ASSIGN_OR_RETURN(record.test,
                         MeasurePart(job, result.best, job.parts.test, ReportOptions(job)));
  }
  if (!job.dataset.sequences.empty()) {
    for (auto [part, measures] : {std::pair(job.parts.validation, &record.validation),
                                  std::pair(job.parts.test, &record.test)}) {
      if (part.size() == 0) continue;
      SEQ_RETURN_IF_ERROR(
          AddLabelBaselines(job.model, job.dataset, job.parts.train, part, measures));
    }
    return record;
  }
  if (job.model.task() != "language_model") return record;
  SEQ_ASSIGN_OR_RETURN(const auto codec, TextCodec::Create(job.model.inputs(0).tokens()));
  for (auto [part, measures] : {std::pair(job.parts.validation, &record.validation),
                                std::pair(job.parts.test, &record.test)}) {
    if (part.size() < 2) continue;
    (*measures)["loss_unigram"] = UnigramLoss(*codec, job.dataset, job.parts.train, part);
  }
  return record;
}

namespace {

void PrintResult(const Job& job, const train::FitResult& result, const TrainingRecord& record,
                 const std::vector<TensorSparsity>& zeros, const std::vector<std::string>& files,
                 bool json) {
  const double speed =
      result.train_seconds > 0 ? static_cast<double>(result.symbols) / result.train_seconds : 0;
  if (json) {
    nlohmann::ordered_json line = {{"stop_reason", result.stop_reason},
                                   {"updates", result.updates},
                                   {"epochs", result.epochs},
                                   {"best_update", result.best_update},
                                   {"validation", record.validation},
                                   {"test", record.test},
                                   {"symbols_per_second", speed},
                                   {"train_seconds", result.train_seconds},
                                   {"files", files}};
    for (const TensorSparsity& one : zeros) line["sparsity"][one.name] = one.share();
    std::printf("%s\n", JsonText(line).c_str());
    return;
  }
  std::printf("stopped: %s, after %llu updates (%.2f epochs); best weights of update %llu\n",
              result.stop_reason.c_str(), static_cast<unsigned long long>(result.updates),
              result.epochs, static_cast<unsigned long long>(result.best_update));
  if (!record.validation.empty()) {
    std::printf("%s", DescribeMeasures("validation", record.validation).c_str());
  }
  if (!record.test.empty()) std::printf("%s", DescribeMeasures("test", record.test).c_str());
  if (result.symbols > 0) {
    std::printf("trained on %.0f %s per second\n", speed, SymbolName(job.model));
  }
  if (!zeros.empty()) std::printf("%s", DescribeSparsity(zeros).c_str());
  for (const std::string& file : files) std::printf("wrote %s\n", file.c_str());
  if (result.stop_reason == "interrupted") std::printf("to go on: the same command, --resume\n");
}

StatusOr<std::vector<std::string>> WriteModel(const Job& job, const train::FitResult& result,
                                              const TrainingRecord& record) {
  ModelContents contents;
  contents.config = job.model;
  contents.tensors = result.best;
  contents.training = RecordToJson(record);
  const v1::OutputConfig& output = job.config.output();
  SEQ_RETURN_IF_ERROR(WriteModelFile(output.model(), contents));
  std::vector<std::string> files = {output.model()};
  if (output.publish().empty()) return files;
  SEQ_ASSIGN_OR_RETURN(std::string file, Publish(output.publish(), contents));
  files.push_back(std::move(file));
  return files;
}

}  // namespace

Status RunFit(const FitOptions& options) {
  train::Ranks* const ranks = options.ranks != nullptr ? options.ranks : train::OneRank();
  auto config = Configure(options);
  SEQ_RETURN_IF_ERROR(train::Agree(ranks, config.status()));
  if (options.dump_config) {
    if (IsFirst(options)) std::printf("%s", WriteYaml(*config).c_str());
    return absl::OkStatus();
  }
  const auto prepared = Prepare(*std::move(config), options);
  SEQ_RETURN_IF_ERROR(train::Agree(ranks, prepared.status()));
  const Job& job = *prepared;
  SEQ_ASSIGN_OR_RETURN(const train::FitResult result, TrainJob(job, options));
  if (!IsFirst(options)) return absl::OkStatus();
  SEQ_ASSIGN_OR_RETURN(const TrainingRecord record, MakeRecord(job, result));
  SEQ_ASSIGN_OR_RETURN(auto files, WriteModel(job, result, record));
  // The model is what counts: without a report the fit has succeeded still.
  if (auto report = WriteReport(job, result, record); report.ok()) {
    files.push_back(*std::move(report));
  } else {
    std::fprintf(stderr, "note: no report: %s\n", std::string(report.status().message()).c_str());
  }
  std::vector<TensorSparsity> zeros;
  if (job.config.train().has_prune()) {
    SEQ_ASSIGN_OR_RETURN(zeros, CountZeros(job.model, result.best));
  }
  PrintResult(job, result, record, zeros, files, options.json);
  return absl::OkStatus();
}

}  // namespace sequent
