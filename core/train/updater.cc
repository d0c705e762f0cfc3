#include "core/train/updater.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <span>
#include <thread>
#include <utility>

#include "core/train/finite.h"
#include "core/train/raw_bytes.h"

namespace sequent::train {
namespace {

template <typename T>
uint64_t SymbolsOf(const Chunk<T>& chunk) {
  if (chunk.lengths.empty()) return uint64_t{chunk.steps} * chunk.rows;
  return std::accumulate(chunk.lengths.begin(), chunk.lengths.end(), uint64_t{0});
}

}  // namespace

template <typename T>
Updater<T>::Updater(const v1::TrainConfig& config, const Graph& graph, Batches batches,
                    std::vector<Block> blocks, Ranks* ranks)
    : config_(config),
      options_(config_.train()),
      ranks_(ranks),
      first_shard_(ranks->rank() * (options_.shards() / ranks->count())),
      shards_(options_.shards() / ranks->count()),
      network_(graph),
      batches_(std::move(batches)),
      accumulation_{batches_.updates_per_epoch(), options_.accumulate()},
      blocks_(std::move(blocks)),
      optimizer_(options_.optimizer(), network_.parameter_count()),
      bound_(network_, options_),
      pool_(Threads()),
      tapes_(shards_),
      gradients_(shards_) {
  network_.SetClassLosses(batches_.class_losses());
}

template <typename T>
size_t Updater<T>::Threads() const {
  const size_t cores = std::max(1u, std::thread::hardware_concurrency());
  const size_t wanted = options_.threads() == 0 ? cores : options_.threads();
  return std::min<size_t>(wanted, shards_);
}

template <typename T>
Status Updater<T>::Start(const TensorMap& initial) {
  SEQ_RETURN_IF_ERROR(network_.FromTensors(initial));
  network_.Prepare();
  if (options_.ema().decay() > 0) ema_ = network_.parameters();
  return absl::OkStatus();
}

template <typename T>
Status Updater<T>::PlanPruning(uint64_t done, uint64_t updates) {
  pruner_ = Pruner<T>(options_, updates, network_.table(), network_.offsets());
  pruner_.Begin(done, network_.parameters());
  return pruner_.CheckLength();
}

// Row r of B belongs to shard floor(r S / B).
template <typename T>
size_t Updater<T>::FirstRow(size_t shard, size_t rows) const {
  return (shard * rows + options_.shards() - 1) / options_.shards();
}

// Of all batches of the update together.
template <typename T>
std::vector<double> Updater<T>::Normaliser(uint64_t update) const {
  const uint64_t first = accumulation_.FirstBatch(update), last = accumulation_.LastBatch(update);
  std::vector<double> normaliser = batches_.Normaliser(first);
  if (first == last) return normaliser;
  std::vector<double> valid(normaliser.size(), 0);
  for (uint64_t batch = first; batch <= last; ++batch) {
    const std::vector<double> own = batches_.Normaliser(batch);
    for (size_t h = 0; h < own.size(); ++h) valid[h] += own[h] > 0 ? 1 / own[h] : 0;
  }
  for (size_t h = 0; h < valid.size(); ++h) normaliser[h] = valid[h] > 0 ? 1 / valid[h] : 0;
  return normaliser;
}

// `shard` counts from this rank's first.
template <typename T>
typename Updater<T>::Report Updater<T>::Backpropagate(uint64_t update,
                                                      const std::vector<double>& normaliser,
                                                      size_t shard) {
  Report report;
  gradients_[shard].assign(network_.parameter_count(), T(0));
  for (uint64_t batch = accumulation_.FirstBatch(update); batch <= accumulation_.LastBatch(update);
       ++batch) {
    const size_t rows = batches_.Rows(batch);
    const size_t first = FirstRow(first_shard_ + shard, rows);
    const size_t count = FirstRow(first_shard_ + shard + 1, rows) - first;
    if (count == 0) continue;
    if (batches_.StartsAnew(batch)) network_.ResetTape(count, &tapes_[shard]);
    const Chunk<T> chunk = batches_.template Cut<T>(batch, first, count);
    report.symbols += SymbolsOf(chunk);
    report.loss += network_.Run(chunk, normaliser, {config_.seed(), batch}, /*training=*/true,
                                &tapes_[shard], gradients_[shard].data());
    if (!std::isfinite(report.loss)) break;  // the tape shows where
  }
  pruner_.MaskGradients(&gradients_[shard]);
  return report;
}

// In the order of the shards, whichever rank has them.
template <typename T>
UpdateOutcome Updater<T>::AddReports(const std::vector<Report>& own) const {
  UpdateOutcome outcome;
  for (const std::string& bytes : ranks_->Gather(RawBytes(own))) {
    std::vector<Report> reports(bytes.size() / sizeof(Report));
    std::memcpy(reports.data(), bytes.data(), bytes.size());
    for (const Report& report : reports) {
      outcome.loss += report.loss;
      outcome.symbols += report.symbols;
    }
  }
  return outcome;
}

// Into gradients_[0], over shards and then ranks; returns the norm.
template <typename T>
double Updater<T>::AddGradients() {
  std::vector<double> squares(blocks_.size());
  const auto add = [&](size_t b) { AddParts<T>(blocks_[b], gradients_); };
  const auto square = [&](size_t b) {
    const Block& block = blocks_[b];
    squares[b] = SumOfSquares<T>(
        std::span<const T>(gradients_[0]).subspan(block.begin, block.end - block.begin));
  };
  if (ranks_->count() > 1) {
    pool_.Run(blocks_.size(), add);
    ranks_->AddTree(gradients_[0]);
    pool_.Run(blocks_.size(), square);
  } else {
    pool_.Run(blocks_.size(), [&](size_t b) {
      add(b);
      square(b);
    });
  }
  return std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0));
}

// False if a weight is not finite afterwards.
template <typename T>
bool Updater<T>::StepBlocks(double scale) {
  std::vector<char> finite(blocks_.size());
  T* parameters = network_.parameters().data();
  pool_.Run(blocks_.size(), [&](size_t b) {
    const Block& block = blocks_[b];
    const size_t size = block.end - block.begin;
    ClipValues<T>(options_.clip(), scale, std::span<T>(gradients_[0]).subspan(block.begin, size));
    optimizer_.Step(block.begin, block.end, block.penalised, parameters, gradients_[0].data());
    finite[b] = AllFinite<T>(std::span<const T>(parameters + block.begin, size));
  });
  return std::find(finite.begin(), finite.end(), 0) == finite.end();
}

template <typename T>
void Updater<T>::Average(uint64_t update) {
  if (ema_.empty()) return;
  const double n = static_cast<double>(update);
  const double decay = std::min(options_.ema().decay(), (1 + n) / (10 + n));
  const T share = static_cast<T>(1 - decay);
  pool_.Run(blocks_.size(), [&](size_t b) {
    T* __restrict average = ema_.data();
    const T* __restrict weights = network_.parameters().data();
    for (size_t i = blocks_[b].begin; i < blocks_[b].end; ++i) {
      average[i] += share * (weights[i] - average[i]);
    }
  });
}

template <typename T>
StatusOr<UpdateOutcome> Updater<T>::Update(uint64_t update, double lr) {
  const std::vector<double> normaliser = Normaliser(update);
  std::vector<Report> reports(shards_);
  network_.BeginUpdate({config_.seed(), update});
  pool_.Run(shards_, [&](size_t s) { reports[s] = Backpropagate(update, normaliser, s); });
  UpdateOutcome outcome = AddReports(reports);
  outcome.grad_norm = AddGradients();
  if (!std::isfinite(outcome.loss) || !std::isfinite(outcome.grad_norm)) {
    return NotFinite(update, outcome, "a finite loss and gradient", WhereNotFinite());
  }
  optimizer_.Begin(update, lr);
  if (!StepBlocks(ClipScale(options_.clip(), outcome.grad_norm))) {
    return NotFinite(update, outcome, "finite weights",
                     TensorNotFinite(network_, network_.parameters()));
  }
  bound_.Apply(&network_.parameters());
  pruner_.Prune(update, &network_.parameters());
  Average(update);
  network_.Prepare();
  return outcome;
}

template <typename T>
std::string Updater<T>::WhereNotFinite() const {
  size_t place = kNowhere;
  for (const std::string& bytes :
       ranks_->Gather(RawBytes(std::vector<size_t>{FirstNotFinite(network_, tapes_)}))) {
    size_t other = kNowhere;
    std::memcpy(&other, bytes.data(), sizeof(other));
    place = std::min(place, other);
  }
  return DescribePlace(network_, place, gradients_[0]);
}

template <typename T>
Status Updater<T>::NotFinite(uint64_t update, const UpdateOutcome& outcome, const std::string& what,
                             const std::string& where) const {
  return absl::OutOfRangeError(StrCat("update ", update, ": expected ", what, "; loss ",
                                      outcome.loss, ", gradient norm ", outcome.grad_norm,
                                      ", first not finite: ", where,
                                      ". A lower learning rate or train.clip may help"));
}

template <typename T>
void Updater<T>::Save(uint64_t update, Checkpoint* checkpoint) const {
  checkpoint->update = update;
  checkpoint->parameters = RawBytes(network_.parameters());
  for (const auto& slot : optimizer_.slots()) {
    checkpoint->slots.push_back(RawBytes(slot));
  }
  checkpoint->ema = RawBytes(ema_);
  if (batches_.StartsAnew(accumulation_.FirstBatch(update + 1))) return;
  std::string own;
  for (const Tape<T>& tape : tapes_) {
    for (const NodeTape<T>& node : tape.nodes) own += RawBytes(node.state);
  }
  for (const std::string& states : ranks_->Gather(own)) checkpoint->states += states;
}

template <typename T>
Status Updater<T>::Restore(const Checkpoint& checkpoint) {
  SEQ_RETURN_IF_ERROR(FromRawBytes(checkpoint.parameters, &network_.parameters()));
  network_.Prepare();
  if (checkpoint.slots.size() != optimizer_.slots().size()) {
    return absl::DataLossError("checkpoint: the optimiser's values are missing");
  }
  for (size_t i = 0; i < checkpoint.slots.size(); ++i) {
    SEQ_RETURN_IF_ERROR(FromRawBytes(checkpoint.slots[i], &optimizer_.slots()[i]));
  }
  if (options_.ema().decay() > 0) {
    ema_.resize(network_.parameter_count());
    SEQ_RETURN_IF_ERROR(FromRawBytes(checkpoint.ema, &ema_));
  }
  return RestoreStates(checkpoint);
}

// Every rank reads the states of all shards and keeps its own.
template <typename T>
Status Updater<T>::RestoreStates(const Checkpoint& checkpoint) {
  const uint64_t next = accumulation_.FirstBatch(checkpoint.update + 1);
  if (batches_.StartsAnew(next)) return absl::OkStatus();
  const size_t rows = batches_.Rows(next);
  std::string_view states = checkpoint.states;
  for (size_t s = 0; s < options_.shards(); ++s) {
    const size_t count = FirstRow(s + 1, rows) - FirstRow(s, rows);
    if (count == 0) continue;
    Tape<T> tape;
    network_.ResetTape(count, &tape);
    for (NodeTape<T>& node : tape.nodes) {
      const size_t bytes = std::min(states.size(), node.state.size() * sizeof(T));
      SEQ_RETURN_IF_ERROR(FromRawBytes(states.substr(0, bytes), &node.state));
      states.remove_prefix(bytes);
    }
    if (s >= first_shard_ && s < first_shard_ + shards_) tapes_[s - first_shard_] = std::move(tape);
  }
  return absl::OkStatus();
}

template class Updater<float>;
template class Updater<double>;

}  // namespace sequent::train
