// The loop. Shards of the batch run side by side; everything that could depend on their timing
// (gradients, loss, norm) is summed in one order afterwards.
#include "core/train/trainer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "core/base/clock.h"
#include "core/base/thread_pool.h"
#include "core/train/batches.h"
#include "core/train/checkpoint.h"
#include "core/train/finite.h"
#include "core/train/initialize.h"
#include "core/train/network.h"
#include "core/train/optimizer.h"
#include "core/train/prune.h"
#include "core/train/same_run.h"

namespace sequent::train {
namespace {

template <typename T>
std::string RawBytes(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

template <typename T>
Status FromRawBytes(const std::string& bytes, std::vector<T>* values) {
  if (bytes.size() != values->size() * sizeof(T)) {
    return absl::DataLossError(StrCat("checkpoint: expected ", values->size() * sizeof(T),
                                      " bytes of values, got ", bytes.size()));
  }
  if (!bytes.empty()) std::memcpy(values->data(), bytes.data(), bytes.size());
  return absl::OkStatus();
}

template <typename T>
class Run {
 public:
  Run(const v1::TrainConfig& config, const v1::ModelConfig& model, const Graph& graph,
      Batches batches, std::string data_fingerprint, std::string run_dir, const TrainerHooks& hooks)
      : config_(config),
        options_(config.train()),
        model_(model),
        network_(graph),
        batches_(std::move(batches)),
        optimizer_(options_.optimizer(), network_.parameter_count()),
        data_fingerprint_(std::move(data_fingerprint)),
        run_dir_(std::move(run_dir)),
        hooks_(hooks),
        pool_(Threads()) {
    tapes_.resize(options_.shards());
    gradients_.resize(options_.shards());
    total_ = std::numeric_limits<uint64_t>::max();
    if (options_.epochs() > 0) total_ = batches_.updates_per_epoch() * options_.epochs();
    if (options_.max_updates() > 0) total_ = std::min<uint64_t>(total_, options_.max_updates());
    pruner_ = Pruner<T>(options_.prune(), total_, network_.table(), network_.offsets());
  }

  Status Start(const TensorMap* initial) {
    SEQ_RETURN_IF_ERROR(network_.FromTensors(
        initial != nullptr
            ? *initial
            : InitialTensors(network_.graph(), options_.initialization(), config_.seed())));
    network_.Prepare();
    pruner_.Begin(0, network_.parameters());
    return pruner_.CheckLength();
  }

  Status Resume(const Checkpoint& checkpoint) {
    SEQ_RETURN_IF_ERROR(CheckSameRun(config_, model_, data_fingerprint_, checkpoint));
    SEQ_RETURN_IF_ERROR(FromRawBytes(checkpoint.parameters, &network_.parameters()));
    if (checkpoint.slots.size() != optimizer_.slots().size()) {
      return absl::DataLossError("checkpoint: the optimiser's values are missing");
    }
    for (size_t i = 0; i < checkpoint.slots.size(); ++i) {
      SEQ_RETURN_IF_ERROR(FromRawBytes(checkpoint.slots[i], &optimizer_.slots()[i]));
    }
    update_ = checkpoint.update;
    SEQ_RETURN_IF_ERROR(ResumeStates(checkpoint));
    best_update_ = checkpoint.best_update;
    best_measures_ = checkpoint.best_measures;
    bad_validations_ = checkpoint.bad_validations;
    if (!checkpoint.best.empty()) {
      best_.resize(network_.parameter_count());
      SEQ_RETURN_IF_ERROR(FromRawBytes(checkpoint.best, &best_));
    }
    network_.Prepare();
    pruner_.Begin(update_, network_.parameters());
    SEQ_RETURN_IF_ERROR(pruner_.CheckLength());
    if (ValidationIsDue()) validated_update_ = update_;
    // More epochs may have been asked for; early stopping ends the run still.
    finished_already_ = checkpoint.finished == "early_stopping" ||
                        (!checkpoint.finished.empty() && update_ >= total_);
    return absl::OkStatus();
  }

  StatusOr<FitResult> Train() {
    if (hooks_.on_start) SEQ_RETURN_IF_ERROR(hooks_.on_start(update_));
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
    if (reason != "finished already") {
      if (hooks_.validate && validated_update_ != update_ && reason != "interrupted") {
        SEQ_RETURN_IF_ERROR(Validate());
      }
      SEQ_RETURN_IF_ERROR(Save(reason == "interrupted" ? "" : reason));
    }
    return Result(reason);
  }

 private:
  size_t Threads() const {
    const size_t cores = std::max(1u, std::thread::hardware_concurrency());
    const size_t wanted = options_.threads() == 0 ? cores : options_.threads();
    return std::min<size_t>(wanted, options_.shards());
  }

  // Row r belongs to shard floor(r S / B).
  size_t FirstRow(size_t shard, size_t rows) const {
    return (shard * rows + options_.shards() - 1) / options_.shards();
  }

  Status Update(int64_t begin) {
    const int64_t start = Clock::Real()->Nanos();
    const size_t rows = batches_.Rows(update_), shards = options_.shards();
    const std::vector<double> normaliser = batches_.Normaliser(update_);
    std::vector<double> losses(shards, 0);
    std::vector<uint64_t> symbols(shards, 0);
    pool_.Run(shards, [&](size_t s) {
      gradients_[s].assign(network_.parameter_count(), T(0));
      const size_t first = FirstRow(s, rows), count = FirstRow(s + 1, rows) - first;
      if (count == 0) return;
      if (batches_.StartsAnew(update_)) network_.ResetTape(count, &tapes_[s]);
      const Chunk<T> chunk = batches_.template Cut<T>(update_, first, count);
      symbols[s] = chunk.steps * chunk.rows;
      losses[s] = network_.Run(chunk, normaliser, {config_.seed(), update_}, /*training=*/true,
                               &tapes_[s], gradients_[s].data());
    });
    for (size_t stride = 1; stride < shards; stride *= 2) {
      for (size_t s = 0; s + stride < shards; s += 2 * stride) {
        for (size_t i = 0; i < gradients_[s].size(); ++i) {
          gradients_[s][i] += gradients_[s + stride][i];
        }
      }
    }
    UpdateEvent event;
    for (size_t s = 0; s < shards; ++s) {
      event.loss += losses[s];
      event.symbols += symbols[s];
    }
    pruner_.MaskGradients(&gradients_[0]);
    const double norm = ClipGradients(options_.clip(), &gradients_[0]);
    if (!std::isfinite(event.loss) || !std::isfinite(norm)) {
      return NotFinite("a finite loss and gradient", event.loss, norm,
                       WhereNotFinite(network_, tapes_, gradients_[0]));
    }
    event.lr =
        LearningRate(options_.schedule(), BaseLearningRate(options_.optimizer()), update_, total_);
    optimizer_.Step(update_, event.lr, &network_.parameters(), &gradients_[0]);
    pruner_.Prune(update_, &network_.parameters());
    const std::string tensor = TensorNotFinite(network_, network_.parameters());
    if (!tensor.empty()) return NotFinite("finite weights", event.loss, norm, tensor);
    network_.Prepare();
    symbols_ += event.symbols;
    train_nanos_ += Clock::Real()->Nanos() - start;
    if (hooks_.on_update) {
      event.update = update_;
      event.updates = total_;
      event.epoch = Epochs();
      event.grad_norm = norm;
      event.seconds = static_cast<double>(Clock::Real()->Nanos() - begin) * 1e-9;
      hooks_.on_update(event);
    }
    return absl::OkStatus();
  }

  Status NotFinite(const std::string& what, double loss, double norm,
                   const std::string& where) const {
    return absl::OutOfRangeError(StrCat("update ", update_, ": expected ", what, "; loss ", loss,
                                        ", gradient norm ", norm, ", first not finite: ", where,
                                        ". A lower learning rate or train.clip may help"));
  }

  double Epochs() const {
    return static_cast<double>(update_) / static_cast<double>(batches_.updates_per_epoch());
  }

  bool ValidationIsDue() const {
    if (!hooks_.validate) return false;
    const uint64_t every = options_.validate().every_updates();
    return update_ % (every > 0 ? every : batches_.updates_per_epoch()) == 0;
  }

  Status Validate() {
    SEQ_ASSIGN_OR_RETURN(const Measures measures, hooks_.validate(network_.ToTensors()));
    validated_update_ = update_;
    const double loss = measures.at("loss");
    if (!std::isfinite(loss)) {
      return absl::OutOfRangeError(
          StrCat("update ", update_, ": expected a finite validation loss, got ", loss));
    }
    const bool counts = pruner_.IsDone(update_);
    const bool best = counts && (best_.empty() || loss < best_measures_.at("loss") -
                                                             options_.early_stopping().min_delta());
    bad_validations_ = best || !counts ? 0 : bad_validations_ + 1;
    if (best) {
      best_ = network_.parameters();
      best_measures_ = measures;
      best_update_ = update_;
    }
    if (hooks_.on_validation) hooks_.on_validation({update_, Epochs(), measures, best});
    return absl::OkStatus();
  }

  std::string ReasonToStop(int64_t begin) const {
    const uint32_t patience = options_.early_stopping().patience();
    if (patience > 0 && bad_validations_ >= patience) return "early_stopping";
    if (hooks_.stop != nullptr && hooks_.stop->load()) return "interrupted";
    const double limit = static_cast<double>(options_.max_time().seconds()) +
                         static_cast<double>(options_.max_time().nanos()) * 1e-9;
    const double seconds = static_cast<double>(Clock::Real()->Nanos() - begin) * 1e-9;
    return limit > 0 && seconds >= limit ? "max_time" : "";
  }

  std::string ReasonAtEnd() const {
    return total_ == options_.max_updates() ? "max_updates" : "epochs";
  }

  Status Save(const std::string& finished) {
    if (run_dir_.empty()) return absl::OkStatus();
    Checkpoint checkpoint;
    checkpoint.config = config_.SerializeAsString();
    checkpoint.model = model_.SerializeAsString();
    checkpoint.data = data_fingerprint_;
    checkpoint.update = update_;
    checkpoint.finished = finished;
    checkpoint.parameters = RawBytes(network_.parameters());
    for (const auto& slot : optimizer_.slots()) checkpoint.slots.push_back(RawBytes(slot));
    if (!batches_.StartsAnew(update_ + 1)) {
      for (const Tape<T>& tape : tapes_) {
        for (const NodeTape<T>& node : tape.nodes) {
          checkpoint.states.push_back(RawBytes(node.state));
        }
      }
    }
    checkpoint.best_update = best_update_;
    checkpoint.best = RawBytes(best_);
    checkpoint.best_measures = best_measures_;
    checkpoint.bad_validations = bad_validations_;
    SEQ_RETURN_IF_ERROR(WriteCheckpoint(run_dir_, checkpoint, options_.checkpoint().keep_last()));
    if (hooks_.on_checkpoint) hooks_.on_checkpoint(update_);
    return absl::OkStatus();
  }

  Status ResumeStates(const Checkpoint& checkpoint) {
    if (batches_.StartsAnew(update_ + 1)) return absl::OkStatus();
    const size_t rows = batches_.Rows(std::max<uint64_t>(1, update_));
    size_t next = 0;
    for (size_t s = 0; s < tapes_.size(); ++s) {
      const size_t count = FirstRow(s + 1, rows) - FirstRow(s, rows);
      if (count == 0) continue;
      network_.ResetTape(count, &tapes_[s]);
      for (NodeTape<T>& node : tapes_[s].nodes) {
        if (next == checkpoint.states.size()) {
          return absl::DataLossError("checkpoint: carried states are missing");
        }
        SEQ_RETURN_IF_ERROR(FromRawBytes(checkpoint.states[next++], &node.state));
      }
    }
    return absl::OkStatus();
  }

  StatusOr<FitResult> Result(const std::string& reason) {
    FitResult result;
    result.updates = update_;
    result.epochs = Epochs();
    result.symbols = symbols_;
    result.train_seconds = static_cast<double>(train_nanos_) * 1e-9;
    result.stop_reason = reason;
    result.best_update = best_.empty() ? update_ : best_update_;
    result.best_measures = best_measures_;
    if (!best_.empty()) network_.parameters() = best_;
    result.best = network_.ToTensors();
    return result;
  }

  const v1::TrainConfig config_;
  const v1::TrainOptions options_;
  const v1::ModelConfig model_;
  Network<T> network_;
  const Batches batches_;
  Optimizer<T> optimizer_;
  Pruner<T> pruner_;
  const std::string data_fingerprint_;
  const std::string run_dir_;
  const TrainerHooks& hooks_;
  ThreadPool pool_;

  std::vector<Tape<T>> tapes_;             // one per shard
  std::vector<std::vector<T>> gradients_;  // one per shard; the sum ends in the first
  uint64_t update_ = 0, total_ = 0;
  std::vector<T> best_;  // empty before the first validation
  Measures best_measures_;
  uint64_t best_update_ = 0, bad_validations_ = 0;
  uint64_t validated_update_ = 0;
  uint64_t symbols_ = 0;
  int64_t train_nanos_ = 0;
  bool finished_already_ = false;
};

template <typename T>
StatusOr<FitResult> FitAs(const v1::TrainConfig& config, const v1::ModelConfig& model,
                          const Graph& graph, const Batches& batches,
                          const std::string& data_fingerprint, const std::string& run_dir,
                          const std::optional<Checkpoint>& checkpoint, const TensorMap* initial,
                          const TrainerHooks& hooks) {
  Run<T> run(config, model, graph, batches, data_fingerprint, run_dir, hooks);
  SEQ_RETURN_IF_ERROR(checkpoint ? run.Resume(*checkpoint) : run.Start(initial));
  return run.Train();
}

}  // namespace

StatusOr<FitResult> Fit(const v1::TrainConfig& config, const v1::ModelConfig& model,
                        const TrainingData& data, const std::string& run_dir, bool resume,
                        const TensorMap* initial, const TrainerHooks& hooks) {
  v1::TrainConfig resolved = config;
  SEQ_ASSIGN_OR_RETURN(*resolved.mutable_train(), ResolveTrainOptions(config));
  SEQ_ASSIGN_OR_RETURN(const Graph graph, ResolveGraph(model));
  const bool shuffle = !config.data().has_shuffle() || config.data().shuffle();
  SEQ_ASSIGN_OR_RETURN(const Batches batches,
                       Batches::Create(graph, data, resolved.train(), shuffle, config.seed()));
  std::optional<Checkpoint> checkpoint;
  std::string fingerprint;
  if (!run_dir.empty()) {
    fingerprint = Fingerprint(data);
    if (resume) {
      auto newest = ReadNewestCheckpoint(run_dir);
      if (newest.ok()) {
        checkpoint = *std::move(newest);
      } else if (!absl::IsNotFound(newest.status())) {
        return newest.status();
      }
    } else {
      SEQ_RETURN_IF_ERROR(RemoveCheckpoints(run_dir));
    }
  }
  const auto fit = resolved.train().dtype() == "float64" ? FitAs<double> : FitAs<float>;
  return fit(resolved, model, graph, batches, fingerprint, run_dir, checkpoint, initial, hooks);
}

}  // namespace sequent::train
