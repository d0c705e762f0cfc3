// sequent-train cv: the same fit on every fold, and how much its figures differ.
#include <cmath>
#include <cstdio>
#include <optional>

#include <nlohmann/json.hpp>

#include "core/base/file.h"
#include "trainer/commands.h"
#include "trainer/fit_job.h"
#include "trainer/fold_data.h"
#include "trainer/json_text.h"
#include "trainer/run_folders.h"
#include "trainer/verdict.h"
#include "trainer/yaml_reader.h"

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

nlohmann::ordered_json ToJson(const FoldResult& fold) {
  return {{"updates", fold.updates}, {"best_update", fold.best_update}, {"test", fold.test}};
}

// What has to be the same for a fold that is over to need no more training.
nlohmann::ordered_json IdentityOf(const v1::TrainConfig& config, const Dataset& dataset) {
  v1::TrainConfig same = config;
  same.clear_output();
  same.mutable_train()->clear_threads();
  same.mutable_train()->clear_checkpoint();
  return {{"config", WriteYaml(same)}, {"data", dataset.sha256}};
}

std::string ResultPath(const v1::TrainConfig& config) {
  return config.output().run_dir() + "/fold.json";
}

// The result of the fold if it was over: what ended it may have been a clock, so training on would
// make another of it. Nothing if there is none that can be read.
std::optional<FoldResult> ReadResult(const v1::TrainConfig& config, const Dataset& dataset) {
  const auto text = ReadFile(ResultPath(config));
  if (!text.ok()) return std::nullopt;
  const auto json = nlohmann::ordered_json::parse(*text, nullptr, false);
  try {
    // As text: what was replaced in writing is the same replaced again.
    if (JsonText(json.at("of")) != JsonText(IdentityOf(config, dataset))) return std::nullopt;
    FoldResult fold;
    fold.updates = json.at("updates").get<uint64_t>();
    fold.best_update = json.at("best_update").get<uint64_t>();
    for (const auto& [name, value] : json.at("test").items()) {
      fold.test[name] = value.is_null() ? std::nan("") : value.get<double>();
    }
    return fold;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

Status WriteResult(const v1::TrainConfig& config, const Dataset& dataset, const FoldResult& fold) {
  nlohmann::ordered_json json = {{"of", IdentityOf(config, dataset)}};
  json.update(ToJson(fold));
  return WriteFileAtomically(ResultPath(config), JsonText(json) + "\n");
}

StatusOr<FoldResult> RunFold(const v1::TrainConfig& base, const Dataset& dataset,
                             const train::Fold& fold, size_t number, const CvOptions& options,
                             bool* interrupted) {
  v1::TrainConfig config = base;
  config.mutable_output()->set_run_dir(StrCat(base.output().run_dir(), "/folds/", number));
  if (options.resume) {
    if (auto done = ReadResult(config, dataset)) return *std::move(done);
  }
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
  const FoldResult done{record.test, result.updates, result.best_update};
  SEQ_RETURN_IF_ERROR(WriteResult(job.config, dataset, done));
  return done;
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
  size_t there = 0, beaten = 0;
  for (const FoldResult& fold : folds) {
    const Judgement judgement = JudgeMeasures(fold.test);
    if (judgement.there == 0) continue;
    ++there;
    beaten += judgement.beaten == judgement.there ? 1 : 0;
  }
  if (there == 0) return;
  std::printf("the model beats every baseline in %zu of %zu folds\n", beaten, there);
}

nlohmann::ordered_json ToJson(const std::vector<FoldResult>& folds,
                              const std::map<std::string, Spread>& all) {
  nlohmann::ordered_json json = {{"interrupted", false}};
  for (const auto& [name, spread] : all) {
    json["mean"][name] = spread.mean;
    json["deviation"][name] = spread.deviation;
  }
  for (const FoldResult& fold : folds) json["folds"].push_back(ToJson(fold));
  return json;
}

// `done`: the folds that are over, of `count`.
void PrintInterrupted(const std::vector<FoldResult>& done, size_t count, bool json) {
  if (!json) {
    std::printf("interrupted in fold %zu of %zu; to go on: the same command, --resume\n",
                done.size() + 1, count);
    return;
  }
  nlohmann::ordered_json line = {{"interrupted", true}};
  line["folds"] = nlohmann::ordered_json::array();
  for (const FoldResult& fold : done) line["folds"].push_back(ToJson(fold));
  std::printf("%s\n", JsonText(line).c_str());
}

}  // namespace

Status RunCv(const CvOptions& options) {
  SEQ_ASSIGN_OR_RETURN(v1::TrainConfig config, LoadConfig(options.config));
  SEQ_RETURN_IF_ERROR(ApplyDefaults(&config));
  SEQ_ASSIGN_OR_RETURN(*config.mutable_train(), train::ResolveTrainOptions(config));
  SEQ_ASSIGN_OR_RETURN(const Dataset dataset,
                       LoadDataset(config.task(), config.data(), {.seed = config.seed()}));
  SEQ_ASSIGN_OR_RETURN(const auto folds, MakeFolds(config, dataset));
  const std::string& run_dir = config.output().run_dir();
  if (!options.resume) SEQ_RETURN_IF_ERROR(RemoveRunFolders(run_dir + "/folds"));
  std::vector<FoldResult> results;
  for (size_t f = 0; f < folds.size(); ++f) {
    bool interrupted = false;
    auto result = RunFold(config, dataset, folds[f], f + 1, options, &interrupted);
    if (!result.ok()) {
      return Status(result.status().code(),
                    StrCat("fold ", f + 1, ": ", result.status().message()));
    }
    if (interrupted) {
      PrintInterrupted(results, folds.size(), options.json);
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
  SEQ_RETURN_IF_ERROR(WriteFileAtomically(run_dir + "/cv.json", JsonText(json, 2) + "\n"));
  if (options.json) {
    std::printf("%s\n", JsonText(json).c_str());
  } else {
    PrintTable(results, all);
    std::printf("wrote %s/cv.json\n", run_dir.c_str());
  }
  return absl::OkStatus();
}

}  // namespace sequent
