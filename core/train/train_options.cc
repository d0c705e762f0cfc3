// Defaults and checks of the training options.
#include <string>

#include "core/train/initialize.h"
#include "core/train/option_checks.h"
#include "core/train/prune.h"
#include "core/train/selection.h"
#include "core/train/trainer.h"

namespace sequent::train {
namespace {

Status CheckClassWeights(const v1::TrainOptions& options) {
  for (const auto& [label, weight] : options.class_weights()) {
    SEQ_RETURN_IF_ERROR(CheckNotNegative(StrCat("class_weights.", label), weight));
  }
  if (!options.balance_classes() || options.class_weights_size() == 0) return absl::OkStatus();
  return Bad("balance_classes", "false with class_weights", "true");
}

Status ResolveEarlyStopping(v1::EarlyStopping* stopping) {
  SEQ_RETURN_IF_ERROR(
      ResolveMonitor("early_stopping", stopping->mutable_monitor(), stopping->mutable_mode()));
  return CheckNotNegative("early_stopping.min_delta", stopping->min_delta());
}

}  // namespace

StatusOr<v1::TrainOptions> ResolveTrainOptions(const v1::TrainConfig& config) {
  v1::TrainOptions options = config.train();
  if (options.batch() == 0) options.set_batch(32);
  if (options.bptt() == 0) options.set_bptt(64);
  if (options.window() == 0) options.set_window(options.bptt());
  if (options.stride() == 0) options.set_stride(options.window());
  if (options.epochs() == 0 && options.max_updates() == 0) options.set_epochs(10);
  if (options.shards() == 0) options.set_shards(2);
  if (options.dtype().empty()) options.set_dtype("float32");
  if (options.checkpoint().every_updates() == 0) {
    options.mutable_checkpoint()->set_every_updates(500);
  }
  if (options.checkpoint().keep_last() == 0) options.mutable_checkpoint()->set_keep_last(3);
  SEQ_RETURN_IF_ERROR(CheckChoice("dtype", options.dtype(), "float32", "float64"));
  if (options.shards() > 64) return Bad("shards", "1 to 64", StrCat(options.shards()));
  if (options.batch() > 65536) return Bad("batch", "1 to 65536", StrCat(options.batch()));
  SEQ_RETURN_IF_ERROR(CheckFraction("label_smoothing", options.label_smoothing()));
  SEQ_RETURN_IF_ERROR(CheckClassWeights(options));
  SEQ_RETURN_IF_ERROR(ResolveOptimizer(options.mutable_optimizer()));
  SEQ_RETURN_IF_ERROR(ResolveSchedule(options.mutable_schedule()));
  SEQ_RETURN_IF_ERROR(ResolveInitialization(options.mutable_initialization()));
  SEQ_RETURN_IF_ERROR(ResolveEarlyStopping(options.mutable_early_stopping()));
  if (options.accumulate() == 0) options.set_accumulate(1);
  if (options.accumulate() > 65536)
    return Bad("accumulate", "1 to 65536", StrCat(options.accumulate()));
  SEQ_RETURN_IF_ERROR(CheckFraction("ema.decay", options.ema().decay()));
  if (options.has_prune()) SEQ_RETURN_IF_ERROR(ResolvePrune(options.mutable_prune()));
  if (options.has_prune() && options.ema().decay() > 0) {
    return Bad("prune", "nothing together with train.ema: averages are never 0", "a rule");
  }
  SEQ_RETURN_IF_ERROR(CheckNotNegative("clip.global_norm", options.clip().global_norm()));
  SEQ_RETURN_IF_ERROR(CheckNotNegative("clip.epsilon", options.clip().epsilon()));
  SEQ_RETURN_IF_ERROR(CheckNotNegative("clip.value", options.clip().value()));
  return options;
}

}  // namespace sequent::train
