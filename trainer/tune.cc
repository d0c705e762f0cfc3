// sequent-train tune: fits the same model many times, with other values of the keys in question,
// and keeps a journal of it.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>

#include <nlohmann/json.hpp>

#include "core/base/clock.h"
#include "core/base/file.h"
#include "trainer/commands.h"
#include "trainer/fit_job.h"
#include "trainer/json_text.h"
#include "trainer/run_folders.h"
#include "trainer/tune_journal.h"
#include "trainer/yaml_reader.h"

namespace sequent {
namespace {

namespace fs = std::filesystem;

// A search under way.
struct Tuning {
  TunePlan plan;
  Dataset dataset;
  train::Parts parts;
  std::string run_dir;
  std::unique_ptr<TuneJournal> journal;
  std::unique_ptr<search::Search> search;
};

// What a search makes small.
double LossOf(const TunePlan& plan, double metric) { return plan.maximize ? -metric : metric; }

std::vector<search::Trial> History(const Tuning& tuning) {
  std::vector<search::Trial> history;
  for (const TuneTry& one : tuning.journal->tries()) {
    // The journal has checked its texts.
    history.push_back({*PointOf(tuning.plan, one.texts), LossOf(tuning.plan, one.metric)});
  }
  return history;
}

Status MakeFolder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return absl::OkStatus();
  return absl::UnavailableError(StrCat("output.run_dir: ", folder, ": ", error.message()));
}

StatusOr<Tuning> Begin(const TuneOptions& options) {
  Tuning tuning;
  SEQ_ASSIGN_OR_RETURN(v1::TrainConfig config, LoadConfig(options.config));
  SEQ_ASSIGN_OR_RETURN(tuning.plan, MakeTunePlan(config));
  config.clear_tune();
  SEQ_RETURN_IF_ERROR(ApplyDefaults(&config));
  SEQ_RETURN_IF_ERROR(train::ResolveTrainOptions(config).status());
  SEQ_ASSIGN_OR_RETURN(tuning.dataset,
                       LoadDataset(config.task(), config.data(), {.seed = config.seed()}));
  SEQ_ASSIGN_OR_RETURN(tuning.parts, train::SplitRows(config.data().split(), tuning.dataset.size));
  if (tuning.parts.validation.size() == 0) {
    return absl::InvalidArgumentError(
        "data.split.validation: expected a part to compare the tries on, got none");
  }
  tuning.run_dir = config.output().run_dir();
  SEQ_RETURN_IF_ERROR(MakeFolder(tuning.run_dir));
  if (!options.resume) SEQ_RETURN_IF_ERROR(RemoveRunFolders(tuning.run_dir + "/tries"));
  SEQ_ASSIGN_OR_RETURN(tuning.journal,
                       TuneJournal::Open(tuning.run_dir + "/tries.jsonl", tuning.plan,
                                         tuning.dataset.sha256, options.resume));
  SEQ_ASSIGN_OR_RETURN(tuning.search, search::MakeSearch(tuning.plan.space, tuning.plan.search));
  return tuning;
}

std::string DescribeValues(const TunePlan& plan, const std::vector<std::string>& texts) {
  std::string text;
  for (size_t i = 0; i < texts.size(); ++i) {
    text += StrCat(i == 0 ? "" : "  ", plan.keys[i], "=", texts[i]);
  }
  return text;
}

StatusOr<double> MetricOf(const TunePlan& plan, const train::Measures& measures) {
  const auto at = measures.find(plan.measure);
  if (at != measures.end()) return at->second;
  std::string names;
  for (const auto& [name, value] : measures) names += (names.empty() ? "" : ", ") + name;
  return absl::InvalidArgumentError(
      StrCat("tune.metric: expected validation. and one of ", names, ", got ", plan.measure));
}

// One fit. A loss that is not finite is a result, other errors are not. `interrupted`: it is not
// over; its checkpoint is there for the next time.
StatusOr<TuneTry> RunTry(const Tuning& tuning, const std::vector<std::string>& texts, size_t number,
                         const TuneOptions& options, bool* interrupted) {
  SEQ_ASSIGN_OR_RETURN(v1::TrainConfig config, ConfigAt(tuning.plan, texts));
  const std::string folder = StrCat(tuning.run_dir, "/tries/", number);
  config.mutable_output()->set_run_dir(folder);
  SEQ_ASSIGN_OR_RETURN(const Job job, PrepareJob(std::move(config), tuning.dataset, tuning.parts));
  const int64_t begin = Clock::Real()->Nanos();
  FitOptions fit;
  fit.resume = true;
  fit.progress = options.progress;
  fit.stop = options.stop;
  const auto result = TrainJob(job, fit);
  TuneTry one;
  one.texts = texts;
  one.seconds = static_cast<double>(Clock::Real()->Nanos() - begin) * 1e-9;
  if (absl::IsOutOfRange(result.status())) {
    one.metric = std::numeric_limits<double>::quiet_NaN();
    one.failure = std::string(result.status().message());
    return one;
  }
  if (!result.ok()) return result.status();
  *interrupted = result->stop_reason == "interrupted";
  if (*interrupted) return one;
  one.updates = result->updates;
  one.measures = result->best_measures;
  SEQ_ASSIGN_OR_RETURN(one.metric, MetricOf(tuning.plan, one.measures));
  if (!std::isfinite(one.metric)) one.failure = StrCat(tuning.plan.measure, " is not finite");
  std::error_code ignored;
  fs::remove_all(folder + "/checkpoints", ignored);
  return one;
}

void ShowTry(const Tuning& tuning, const TuneTry& one) {
  const size_t number = tuning.journal->tries().size();
  const auto best = search::BestTrial(History(tuning));
  std::string text = StrCat("try ", number, "/", tuning.plan.search.tries, "  ",
                            DescribeValues(tuning.plan, one.texts), "  ", tuning.plan.measure, " ");
  text += one.failure.empty() ? StrCat(one.metric) : StrCat("failed (", one.failure, ")");
  if (best) {
    text += StrCat("  best ", tuning.journal->tries()[*best].metric, " of try ", *best + 1);
  }
  std::fprintf(stderr, "%s  %.1f s\n", text.c_str(), one.seconds);
}

// Returns whether it was interrupted.
StatusOr<bool> RunTries(Tuning* tuning, const TuneOptions& options) {
  const auto stopped = [&] { return options.stop != nullptr && options.stop->load(); };
  while (tuning->journal->tries().size() < tuning->plan.search.tries) {
    if (stopped()) return true;
    const auto point = tuning->search->Next(History(*tuning));
    if (!point) break;
    const auto texts = TextsAt(tuning->plan, *point);
    const size_t number = tuning->journal->tries().size() + 1;
    bool interrupted = false;
    const auto one = RunTry(*tuning, texts, number, options, &interrupted);
    if (!one.ok()) {
      return Status(one.status().code(),
                    StrCat("try ", number, " (", DescribeValues(tuning->plan, texts),
                           "): ", one.status().message()));
    }
    if (interrupted) return true;
    SEQ_RETURN_IF_ERROR(tuning->journal->Add(*one));
    ShowTry(*tuning, *one);
  }
  return false;
}

// <run_dir>/best.yaml: what `fit` takes to fit the best model again.
StatusOr<std::string> WriteBest(const Tuning& tuning, const TuneTry& best) {
  v1::TrainConfig config = tuning.plan.base;
  for (size_t i = 0; i < best.texts.size(); ++i) {
    SEQ_RETURN_IF_ERROR(SetByPath(tuning.plan.keys[i], best.texts[i], "tune", &config));
  }
  const std::string path = tuning.run_dir + "/best.yaml";
  SEQ_RETURN_IF_ERROR(WriteFileAtomically(path, WriteYaml(config)));
  return path;
}

void PrintResult(const Tuning& tuning, size_t best, const std::string& path, bool interrupted,
                 bool json) {
  const auto& tries = tuning.journal->tries();
  if (json) {
    nlohmann::ordered_json line = {
        {"tries", tries.size()},      {"interrupted", interrupted},
        {"best_try", best + 1},       {"metric", tuning.plan.measure},
        {"best", tries[best].metric}, {"measures", tries[best].measures}};
    for (size_t i = 0; i < tuning.plan.keys.size(); ++i) {
      line["parameters"][tuning.plan.keys[i]] = tries[best].texts[i];
    }
    line["files"] = {path};
    std::printf("%s\n", JsonText(line).c_str());
    return;
  }
  std::printf("best of %zu tries: %s %.17g, try %zu\n", tries.size(), tuning.plan.measure.c_str(),
              tries[best].metric, best + 1);
  for (size_t i = 0; i < tuning.plan.keys.size(); ++i) {
    std::printf("  %-40s %s\n", tuning.plan.keys[i].c_str(), tries[best].texts[i].c_str());
  }
  std::printf("wrote %s\n", path.c_str());
  if (interrupted) std::printf("to go on: the same command, --resume\n");
}

// Interrupted before any try was good.
void PrintNothingYet(const Tuning& tuning, bool json) {
  const size_t tries = tuning.journal->tries().size();
  if (json) {
    const nlohmann::ordered_json line = {{"tries", tries}, {"interrupted", true}};
    std::printf("%s\n", JsonText(line).c_str());
    return;
  }
  std::printf("interrupted after %zu tries; to go on: the same command, --resume\n", tries);
}

}  // namespace

Status RunTune(const TuneOptions& options) {
  SEQ_ASSIGN_OR_RETURN(Tuning tuning, Begin(options));
  SEQ_ASSIGN_OR_RETURN(const bool interrupted, RunTries(&tuning, options));
  const auto best = search::BestTrial(History(tuning));
  if (!best) {
    if (interrupted) {
      PrintNothingYet(tuning, options.json);
      return absl::OkStatus();
    }
    return absl::OutOfRangeError("expected a try with a finite metric, got none: all failed");
  }
  SEQ_ASSIGN_OR_RETURN(const std::string path, WriteBest(tuning, tuning.journal->tries()[*best]));
  PrintResult(tuning, *best, path, interrupted, options.json);
  return absl::OkStatus();
}

}  // namespace sequent
