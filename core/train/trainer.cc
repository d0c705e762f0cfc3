// The loop: updates, validations, checkpoints, and what ends it.
#include "core/train/trainer.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "core/base/clock.h"
#include "core/train/batches.h"
#include "core/train/checkpoint.h"
#include "core/train/gradients.h"
#include "core/train/initialize.h"
#include "core/train/optimizer.h"
#include "core/train/ranks.h"
#include "core/train/raw_bytes.h"
#include "core/train/same_run.h"
#include "core/train/schedule.h"
#include "core/train/selection.h"
#include "core/train/updater.h"

namespace sequent::train {
namespace {

// What a fit is about, checked.
struct Setting {
  v1::TrainConfig config;  // options resolved
  v1::ModelConfig model;
  Graph graph;
  std::string data_fingerprint;
  std::string run_dir;
};

template <typename T>
class Run {
 public:
  Run(const Setting& setting, Batches batches, std::vector<Block> blocks, const TrainerHooks& hooks,
      Ranks* ranks)
      : setting_(setting),
        options_(setting_.config.train()),
        hooks_(hooks),
        ranks_(ranks),
        updater_(setting_.config, setting_.graph, std::move(batches), std::move(blocks), ranks),
        selection_(options_) {
    total_ = std::numeric_limits<uint64_t>::max();
    if (options_.epochs() > 0) total_ = EpochUpdates() * options_.epochs();
    if (options_.max_updates() > 0) total_ = std::min<uint64_t>(total_, options_.max_updates());
  }

  Status Start(const TensorMap* initial) {
    SEQ_RETURN_IF_ERROR(updater_.Start(
        initial != nullptr
            ? *initial
            : InitialTensors(setting_.graph, options_.initialization(), setting_.config.seed())));
    return updater_.PlanPruning(0, total_);
  }

  Status Resume(const Checkpoint& checkpoint) {
    SEQ_RETURN_IF_ERROR(
        CheckSameRun(setting_.config, setting_.model, setting_.data_fingerprint, checkpoint));
    SEQ_RETURN_IF_ERROR(updater_.Restore(checkpoint));
    selection_.Restore(checkpoint);
    update_ = checkpoint.update;
    if (!checkpoint.best.empty()) {
      best_.resize(updater_.weights().size());
      SEQ_RETURN_IF_ERROR(FromRawBytes(checkpoint.best, &best_));
    }
    SEQ_RETURN_IF_ERROR(updater_.PlanPruning(update_, total_));
    if (ValidationIsDue()) validated_update_ = update_;
    // More epochs, or more patience, may have been asked for.
    finished_already_ =
        !checkpoint.finished.empty() && (selection_.OutOfPatience() || update_ >= total_);
    return absl::OkStatus();
  }

  StatusOr<FitResult> Train() {
    SEQ_RETURN_IF_ERROR(Agree(
        ranks_, hooks_.on_start ? hooks_.on_start({update_, Validated()}) : absl::OkStatus()));
    SEQ_RETURN_IF_ERROR(CheckMonitors());
    const int64_t begin = Clock::Real()->Nanos();
    std::string reason = finished_already_ ? "finished already" : "";
    while (reason.empty() && update_ < total_) {
      ++update_;
      SEQ_RETURN_IF_ERROR(Update(begin));
      if (ValidationIsDue()) SEQ_RETURN_IF_ERROR(Validate());
      reason = ReasonToStop(begin);
      const bool due = update_ % options_.checkpoint().every_updates() == 0;
      if (due && reason.empty() && update_ < total_) SEQ_RETURN_IF_ERROR(Save(""));
    }
    if (reason.empty()) reason = ReasonAtEnd();
    if (!finished_already_) SEQ_RETURN_IF_ERROR(Save(reason == "interrupted" ? "" : reason));
    // Off the schedule it is for the result alone, and not in the checkpoint: what goes on from
    // there must not differ from a run that never stopped.
    if (hooks_.validate && !Validated() && reason != "interrupted") {
      SEQ_RETURN_IF_ERROR(Validate());
    }
    return Result(reason);
  }

 private:
  uint64_t EpochUpdates() const { return updater_.accumulation().epoch_updates(); }
  double Epochs() const {
    return static_cast<double>(update_) / static_cast<double>(EpochUpdates());
  }

  Status Update(int64_t begin) {
    const int64_t start = Clock::Real()->Nanos();
    UpdateEvent event;
    event.lr = LearningRate(options_.schedule(), BaseLearningRate(options_.optimizer()), update_,
                            total_, EpochUpdates()) *
               selection_.rate_factor();
    SEQ_ASSIGN_OR_RETURN(const UpdateOutcome outcome, updater_.Update(update_, event.lr));
    symbols_ += outcome.symbols;
    train_nanos_ += Clock::Real()->Nanos() - start;
    if (!hooks_.on_update) return absl::OkStatus();
    event.update = update_;
    event.updates = total_;
    event.epoch = Epochs();
    event.loss = outcome.loss;
    event.grad_norm = outcome.grad_norm;
    event.symbols = outcome.symbols;
    event.seconds = static_cast<double>(Clock::Real()->Nanos() - begin) * 1e-9;
    hooks_.on_update(event);
    return absl::OkStatus();
  }

  bool ValidationIsDue() const {
    if (!hooks_.validate) return false;
    const uint64_t every = options_.validate().every_updates();
    return update_ % (every > 0 ? every : EpochUpdates()) == 0;
  }

  bool Validated() const { return update_ > 0 && validated_update_ == update_; }

  // Rank 0 measures, for all.
  StatusOr<Measures> Measure() {
    StatusOr<Measures> own = Measures();
    if (ranks_->rank() == 0) {
      own = hooks_.validate(updater_.network().ToTensors(updater_.weights()));
    }
    SEQ_RETURN_IF_ERROR(Agree(ranks_, own.status()));
    if (ranks_->count() == 1) return own;
    Checkpoint message;
    message.best_measures = *own;
    SEQ_ASSIGN_OR_RETURN(message, ParseCheckpoint(ranks_->Gather(SerializeCheckpoint(message))[0]));
    return message.best_measures;
  }

  // A measure that does not exist should not be found out after the first epoch.
  Status CheckMonitors() {
    const bool plain = options_.early_stopping().monitor() == "validation.loss" &&
                       !options_.schedule().has_plateau();
    if (plain || !hooks_.validate || update_ > 0) return absl::OkStatus();
    SEQ_ASSIGN_OR_RETURN(const Measures measures, Measure());
    return selection_.Check(measures);
  }

  Status Validate() {
    SEQ_ASSIGN_OR_RETURN(const Measures measures, Measure());
    validated_update_ = update_;
    if (Status status = selection_.Check(measures); !status.ok()) {
      return Status(status.code(), StrCat("update ", update_, ": ", status.message()));
    }
    const bool best = updater_.PruningIsDone(update_) && selection_.Take(update_, measures);
    if (best) best_ = updater_.weights();
    if (hooks_.on_validation) hooks_.on_validation({update_, Epochs(), measures, best});
    return absl::OkStatus();
  }

  std::string ReasonToStop(int64_t begin) const {
    if (selection_.OutOfPatience()) return "early_stopping";
    const double limit = static_cast<double>(options_.max_time().seconds()) +
                         static_cast<double>(options_.max_time().nanos()) * 1e-9;
    const double seconds = static_cast<double>(Clock::Real()->Nanos() - begin) * 1e-9;
    std::string own = limit > 0 && seconds >= limit ? "max_time" : "";
    if (hooks_.stop != nullptr && hooks_.stop->load()) own = "interrupted";
    for (std::string& reason : ranks_->Gather(own)) {
      if (!reason.empty()) return std::move(reason);
    }
    return "";
  }

  std::string ReasonAtEnd() const {
    return total_ == options_.max_updates() ? "max_updates" : "epochs";
  }

  // Rank 0 writes, all hand in their states.
  Status Save(const std::string& finished) {
    if (setting_.run_dir.empty()) return absl::OkStatus();
    Checkpoint checkpoint;
    updater_.Save(update_, &checkpoint);
    if (ranks_->rank() > 0) return Agree(ranks_, absl::OkStatus());
    selection_.Save(&checkpoint);
    checkpoint.config = setting_.config.SerializeAsString();
    checkpoint.model = setting_.model.SerializeAsString();
    checkpoint.data = setting_.data_fingerprint;
    checkpoint.finished = finished;
    checkpoint.best = RawBytes(best_);
    SEQ_RETURN_IF_ERROR(Agree(
        ranks_, WriteCheckpoint(setting_.run_dir, checkpoint, options_.checkpoint().keep_last())));
    if (hooks_.on_checkpoint) hooks_.on_checkpoint(update_);
    return absl::OkStatus();
  }

  FitResult Result(const std::string& reason) const {
    FitResult result;
    result.updates = update_;
    result.epochs = Epochs();
    result.symbols = symbols_;
    result.train_seconds = static_cast<double>(train_nanos_) * 1e-9;
    result.stop_reason = reason;
    result.best_update = selection_.has_best() ? selection_.best_update() : update_;
    result.best_measures = selection_.best_measures();
    result.best = updater_.network().ToTensors(best_.empty() ? updater_.weights() : best_);
    return result;
  }

  const Setting& setting_;
  const v1::TrainOptions& options_;
  const TrainerHooks& hooks_;
  Ranks* const ranks_;
  Updater<T> updater_;
  Selection selection_;
  uint64_t update_ = 0, total_ = 0;
  std::vector<T> best_;  // empty before the first validation
  uint64_t validated_update_ = 0;
  uint64_t symbols_ = 0;
  int64_t train_nanos_ = 0;
  bool finished_already_ = false;
};

template <typename T>
StatusOr<FitResult> FitAs(const Setting& setting, const Batches& batches,
                          const std::vector<Block>& blocks,
                          const std::optional<Checkpoint>& checkpoint, const TensorMap* initial,
                          const TrainerHooks& hooks, Ranks* ranks) {
  Run<T> run(setting, batches, blocks, hooks, ranks);
  SEQ_RETURN_IF_ERROR(Agree(ranks, checkpoint ? run.Resume(*checkpoint) : run.Start(initial)));
  return run.Train();
}

// The newest checkpoint if the run is to go on from it; if it begins anew the old ones go.
StatusOr<std::optional<Checkpoint>> PrepareRunFolder(const std::string& run_dir, bool resume) {
  if (run_dir.empty()) return std::optional<Checkpoint>();
  if (!resume) {
    SEQ_RETURN_IF_ERROR(RemoveCheckpoints(run_dir));
    return std::optional<Checkpoint>();
  }
  auto newest = ReadNewestCheckpoint(run_dir);
  if (absl::IsNotFound(newest.status())) return std::optional<Checkpoint>();
  SEQ_RETURN_IF_ERROR(newest.status());
  return std::optional<Checkpoint>(*std::move(newest));
}

// Rank 0's, for all: others may not see its folder.
StatusOr<std::optional<Checkpoint>> ShareRunFolder(const std::string& run_dir, bool resume,
                                                   Ranks* ranks) {
  StatusOr<std::optional<Checkpoint>> own = std::optional<Checkpoint>();
  if (ranks->rank() == 0) own = PrepareRunFolder(run_dir, resume);
  SEQ_RETURN_IF_ERROR(Agree(ranks, own.status()));
  if (ranks->count() == 1) return own;
  const std::string bytes =
      ranks->Gather(own->has_value() ? SerializeCheckpoint(**own) : std::string())[0];
  if (bytes.empty()) return std::optional<Checkpoint>();
  SEQ_ASSIGN_OR_RETURN(Checkpoint checkpoint, ParseCheckpoint(bytes));
  return std::optional<Checkpoint>(std::move(checkpoint));
}

// Ranks that were given something else would add gradients of another problem.
Status CheckSameOnRanks(const Setting& setting, const TensorMap* initial, Ranks* ranks) {
  if (ranks->count() == 1) return absl::OkStatus();
  for (const RunPart& part :
       RunParts(setting.config, setting.model, initial, setting.data_fingerprint)) {
    const auto all = ranks->Gather(part.fingerprint);
    for (size_t r = 1; r < all.size(); ++r) {
      if (all[r] == all[0]) continue;
      return absl::FailedPreconditionError(
          StrCat("expected the same ", part.name, " on all ranks, got another on rank ", r));
    }
  }
  return absl::OkStatus();
}

StatusOr<Setting> Settle(const v1::TrainConfig& config, const v1::ModelConfig& model,
                         const TrainingData& data, const std::string& run_dir, size_t ranks,
                         const TrainerHooks& hooks) {
  Setting setting{config, model, {}, "", run_dir};
  SEQ_ASSIGN_OR_RETURN(*setting.config.mutable_train(), ResolveTrainOptions(config));
  SEQ_ASSIGN_OR_RETURN(setting.graph, ResolveGraph(model));
  const v1::TrainOptions& options = setting.config.train();
  SEQ_RETURN_IF_ERROR(CheckShardsOverRanks(options.shards(), ranks));
  if (options.schedule().has_plateau() && !hooks.validate) {
    return absl::InvalidArgumentError(
        "train.schedule.plateau: expected a validation part (data.split.validation), got none");
  }
  if (!run_dir.empty() || ranks > 1) setting.data_fingerprint = Fingerprint(data);
  return setting;
}

}  // namespace

StatusOr<FitResult> Fit(const v1::TrainConfig& config, const v1::ModelConfig& model,
                        const TrainingData& data, const std::string& run_dir, bool resume,
                        const TensorMap* initial, const TrainerHooks& hooks) {
  Ranks* const ranks = hooks.ranks != nullptr ? hooks.ranks : OneRank();
  const auto setting = Settle(config, model, data, run_dir, ranks->count(), hooks);
  SEQ_RETURN_IF_ERROR(Agree(ranks, setting.status()));
  SEQ_RETURN_IF_ERROR(CheckSameOnRanks(*setting, initial, ranks));
  const v1::TrainOptions& options = setting->config.train();
  const bool shuffle = !config.data().has_shuffle() || config.data().shuffle();
  SEQ_ASSIGN_OR_RETURN(const Batches batches,
                       Batches::Create(setting->graph, data, options, shuffle, config.seed()));
  SEQ_ASSIGN_OR_RETURN(const auto blocks, ParameterBlocks(setting->graph, options));
  SEQ_ASSIGN_OR_RETURN(const auto checkpoint, ShareRunFolder(run_dir, resume, ranks));
  const auto fit = options.dtype() == "float64" ? FitAs<double> : FitAs<float>;
  return fit(*setting, batches, blocks, checkpoint, initial, hooks, ranks);
}

}  // namespace sequent::train
