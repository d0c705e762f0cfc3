// Defaults and checks of the training options.
#include <cmath>
#include <string>

#include "core/train/prune.h"
#include "core/train/trainer.h"

namespace sequent::train {
namespace {

Status Bad(const std::string& key, const std::string& expected, const std::string& got) {
  return absl::InvalidArgumentError(StrCat("train.", key, ": expected ", expected, ", got ", got));
}

Status CheckPositive(const std::string& key, double value) {
  if (value > 0 && std::isfinite(value)) return absl::OkStatus();
  return Bad(key, "> 0", StrCat(value));
}

Status CheckNotNegative(const std::string& key, double value) {
  if (value >= 0 && std::isfinite(value)) return absl::OkStatus();
  return Bad(key, ">= 0", StrCat(value));
}

Status CheckFraction(const std::string& key, double value) {
  if (value >= 0 && value < 1) return absl::OkStatus();
  return Bad(key, "0 <= x < 1", StrCat(value));
}

Status CheckChoice(const std::string& key, const std::string& value, const std::string& first,
                   const std::string& second) {
  if (value == first || value == second) return absl::OkStatus();
  return Bad(key, StrCat(first, " or ", second), StrCat("'", value, "'"));
}

Status ResolveOptimizer(v1::Optimizer* optimizer) {
  if (optimizer->has_sgd()) {
    v1::Sgd* sgd = optimizer->mutable_sgd();
    SEQ_RETURN_IF_ERROR(CheckPositive("optimizer.sgd.lr", sgd->lr()));
    SEQ_RETURN_IF_ERROR(CheckFraction("optimizer.sgd.momentum", sgd->momentum()));
    SEQ_RETURN_IF_ERROR(CheckNotNegative("optimizer.sgd.l2", sgd->l2()));
    if (sgd->nesterov() && sgd->momentum() == 0) {
      return Bad("optimizer.sgd.nesterov", "a momentum > 0 with it", "momentum 0");
    }
    return absl::OkStatus();
  }
  v1::Adam* adam = optimizer->mutable_adam();
  if (adam->lr() == 0) adam->set_lr(0.001);
  if (!adam->has_beta1()) adam->set_beta1(0.9);
  if (!adam->has_beta2()) adam->set_beta2(0.999);
  if (!adam->has_epsilon()) adam->set_epsilon(1e-8);
  SEQ_RETURN_IF_ERROR(CheckPositive("optimizer.adam.lr", adam->lr()));
  SEQ_RETURN_IF_ERROR(CheckFraction("optimizer.adam.beta1", adam->beta1()));
  SEQ_RETURN_IF_ERROR(CheckFraction("optimizer.adam.beta2", adam->beta2()));
  SEQ_RETURN_IF_ERROR(CheckNotNegative("optimizer.adam.l2", adam->l2()));
  SEQ_RETURN_IF_ERROR(CheckNotNegative("optimizer.adam.weight_decay", adam->weight_decay()));
  return CheckPositive("optimizer.adam.epsilon", adam->epsilon());
}

Status ResolveSchedule(v1::Schedule* schedule) {
  if (schedule->has_cosine()) {
    const double factor = schedule->cosine().final_factor();
    if (factor >= 0 && factor <= 1) return absl::OkStatus();
    return Bad("schedule.cosine.final_factor", "0 <= x <= 1", StrCat(factor));
  }
  if (schedule->has_exponential()) {
    v1::Schedule::Exponential* exponential = schedule->mutable_exponential();
    if (exponential->every_updates() == 0) exponential->set_every_updates(1);
    return CheckPositive("schedule.exponential.factor", exponential->factor());
  }
  schedule->mutable_constant();
  return absl::OkStatus();
}

Status ResolveInitialization(v1::Initialization* init) {
  if (init->input().empty()) init->set_input("glorot_uniform");
  if (init->recurrent().empty()) init->set_recurrent("orthogonal");
  if (init->embedding().empty()) init->set_embedding("normal");
  if (!init->has_forget_bias()) init->set_forget_bias(1);
  SEQ_RETURN_IF_ERROR(
      CheckChoice("initialization.input", init->input(), "glorot_uniform", "he_uniform"));
  SEQ_RETURN_IF_ERROR(
      CheckChoice("initialization.recurrent", init->recurrent(), "orthogonal", "glorot_uniform"));
  return CheckChoice("initialization.embedding", init->embedding(), "normal", "glorot_uniform");
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
  SEQ_RETURN_IF_ERROR(ResolveOptimizer(options.mutable_optimizer()));
  SEQ_RETURN_IF_ERROR(ResolveSchedule(options.mutable_schedule()));
  SEQ_RETURN_IF_ERROR(ResolveInitialization(options.mutable_initialization()));
  if (options.has_prune()) SEQ_RETURN_IF_ERROR(ResolvePrune(options.mutable_prune()));
  const std::string& monitor = options.early_stopping().monitor();
  if (!monitor.empty() && monitor != "validation.loss") {
    return Bad("early_stopping.monitor", "validation.loss", StrCat("'", monitor, "'"));
  }
  SEQ_RETURN_IF_ERROR(
      CheckNotNegative("early_stopping.min_delta", options.early_stopping().min_delta()));
  SEQ_RETURN_IF_ERROR(CheckNotNegative("clip.global_norm", options.clip().global_norm()));
  SEQ_RETURN_IF_ERROR(CheckNotNegative("clip.epsilon", options.clip().epsilon()));
  SEQ_RETURN_IF_ERROR(CheckNotNegative("clip.value", options.clip().value()));
  return options;
}

}  // namespace sequent::train
