// sequent-train cv: the same fit on every fold, and how much its figures differ.
#include <cmath>
#include <cstdio>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "trainer/commands.h"
#include "trainer/fit_job.h"
#include "trainer/fold_data.h"
#include "trainer/scoring.h"

namespace sequent {
namespace {

struct FoldResult {
  train::Measures test;
  uint64_t updates = 0, best_update = 0;
};

struct Spread {
  double mean = 0, deviation = 0;  // of the folds; n - 1 in the denominator
};

// Of measures that every fold has.
std::map<std::string, Spread> SpreadOf(const std::vector<FoldResult>& folds) {
  std::map<std::string, Spread> all;
  const double n = static_cast<double>(folds.size());
  for (const auto& [name, unused] : folds[0].test) {
    Spread spread;
    bool everywhere = true;
    for (const FoldResult& fold : folds) {
      everywhere &= fold.test.contains(name);
      if (everywhere) spread.mean += fold.test.at(name) / n;
    }
    if (!everywhere) continue;
    for (const FoldResult& fold : folds) {
      const double d = fold.test.at(name) - spread.mean;
      spread.deviation += d * d;
    }
    spread.deviation = std::sqrt(spread.deviation / (n - 1));
    all[name] = spread;
  }
  return all;
}

StatusOr<FoldResult> RunFold(const v1::TrainConfig& base, const Dataset& dataset,
                             const train::Fold& fold, size_t number, const CvOptions& options,
                             bool* interrupted) {
  v1::TrainConfig config = base;
  config.mutable_output()->set_run_dir(StrCat(base.output().run_dir(), "/folds/", number));
  SEQ_ASSIGN_OR_RETURN(FoldData data, TakeFold(config, dataset, fold));
  SEQ_ASSIGN_OR_RETURN(const Job job,
                       PrepareJob(std::move(config), std::move(data.dataset), data.parts));
  FitOptions fit;
  fit.resume = options.resume;
  fit.progress = options.progress;
  fit.stop = options.stop;
  SEQ_ASSIGN_OR_RETURN(const train::FitResult result, TrainJob(job, fit));
  *interrupted = result.stop_reason == "interrupted";
  if (*interrupted) return FoldResult{};
  SEQ_ASSIGN_OR_RETURN(const TrainingRecord record, MakeRecord(job, result));
  return FoldResult{record.test, result.updates, result.best_update};
}

void PrintTable(const std::vector<FoldResult>& folds, const std::map<std::string, Spread>& all) {
  std::printf("%-24s %12s %12s", "test part", "mean", "deviation");
  for (size_t f = 0; f < folds.size(); ++f) std::printf(" %11s%zu", "fold ", f + 1);
  std::printf("\n");
  for (const auto& [name, spread] : all) {
    if (name.find("confusion.") != name.npos) continue;
    std::printf("%-24s %12.6g %12.6g", name.c_str(), spread.mean, spread.deviation);
    for (const FoldResult& fold : folds) std::printf(" %12.6g", fold.test.at(name));
    std::printf("\n");
  }
  size_t beaten = 0;
  for (const FoldResult& fold : folds) {
    beaten += DescribeMeasures("test", fold.test).find(" NOT ") == std::string::npos;
  }
  std::printf("the model beats the naive baseline in %zu of %zu folds\n", beaten, folds.size());
}

nlohmann::ordered_json ToJson(const std::vector<FoldResult>& folds,
                              const std::map<std::string, Spread>& all) {
  nlohmann::ordered_json json;
  for (const auto& [name, spread] : all) {
    json["mean"][name] = spread.mean;
    json["deviation"][name] = spread.deviation;
  }
  for (const FoldResult& fold : folds) {
    json["folds"].push_back(
        {{"updates", fold.updates}, {"best_update", fold.best_update}, {"test", fold.test}});
  }
  return json;
}

}  // namespace

Status RunCv(const CvOptions& options) {
  SEQ_ASSIGN_OR_RETURN(v1::TrainConfig config, LoadConfig(options.config));
  SEQ_RETURN_IF_ERROR(ApplyDefaults(&config));
  SEQ_ASSIGN_OR_RETURN(*config.mutable_train(), train::ResolveTrainOptions(config));
  SEQ_ASSIGN_OR_RETURN(const Dataset dataset,
                       LoadDataset(config.task(), config.data(), {.seed = config.seed()}));
  SEQ_ASSIGN_OR_RETURN(const auto folds, MakeFolds(config, dataset));
  std::error_code ignored;
  const std::string& run_dir = config.output().run_dir();
  if (!options.resume) std::filesystem::remove_all(run_dir + "/folds", ignored);
  std::vector<FoldResult> results;
  for (size_t f = 0; f < folds.size(); ++f) {
    bool interrupted = false;
    auto result = RunFold(config, dataset, folds[f], f + 1, options, &interrupted);
    if (!result.ok()) {
      return Status(result.status().code(),
                    StrCat("fold ", f + 1, ": ", result.status().message()));
    }
    if (interrupted) {
      std::printf("interrupted in fold %zu of %zu; to go on: the same command, --resume\n", f + 1,
                  folds.size());
      return absl::OkStatus();
    }
    std::fprintf(stderr, "fold %zu/%zu: %llu updates%s\n", f + 1, folds.size(),
                 static_cast<unsigned long long>(result->updates),
                 result->test.contains("loss")
                     ? StrCat(", test loss ", result->test.at("loss")).c_str()
                     : "");
    results.push_back(*std::move(result));
  }
  const auto all = SpreadOf(results);
  const auto json = ToJson(results, all);
  SEQ_RETURN_IF_ERROR(WriteFileAtomically(run_dir + "/cv.json", json.dump(2) + "\n"));
  if (options.json) {
    std::printf("%s\n", json.dump().c_str());
  } else {
    PrintTable(results, all);
    std::printf("wrote %s/cv.json\n", run_dir.c_str());
  }
  return absl::OkStatus();
}

}  // namespace sequent
