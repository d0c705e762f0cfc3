// Defaults and checks of optimisers and schedules.
#include "core/train/option_checks.h"
#include "core/train/selection.h"

namespace sequent::train {
namespace {

constexpr double kAdamWDecay = 0.01;  // PyTorch's

// What every kind has. `key`: "optimizer.adam".
template <class Kind>
Status CheckShared(const std::string& key, const Kind& kind) {
  SEQ_RETURN_IF_ERROR(CheckPositive(key + ".lr", kind.lr()));
  SEQ_RETURN_IF_ERROR(CheckNotNegative(key + ".l1", kind.l1()));
  SEQ_RETURN_IF_ERROR(CheckNotNegative(key + ".l2", kind.l2()));
  return CheckNotNegative(key + ".weight_decay", kind.weight_decay());
}

// beta1, beta2, epsilon of Adam and its kin.
template <class Kind>
Status ResolveMoments(const std::string& key, Kind* kind) {
  if (!kind->has_beta1()) kind->set_beta1(0.9);
  if (!kind->has_beta2()) kind->set_beta2(0.999);
  if (!kind->has_epsilon()) kind->set_epsilon(1e-8);
  SEQ_RETURN_IF_ERROR(CheckShared(key, *kind));
  SEQ_RETURN_IF_ERROR(CheckFraction(key + ".beta1", kind->beta1()));
  SEQ_RETURN_IF_ERROR(CheckFraction(key + ".beta2", kind->beta2()));
  return CheckPositive(key + ".epsilon", kind->epsilon());
}

Status ResolveAdam(const std::string& key, v1::Adam* adam) {
  if (adam->lr() == 0) adam->set_lr(0.001);
  return ResolveMoments(key, adam);
}

Status ResolveAdamW(v1::Optimizer* optimizer) {
  v1::Adam adam = optimizer->adamw();
  if (!adam.has_weight_decay()) adam.set_weight_decay(kAdamWDecay);
  SEQ_RETURN_IF_ERROR(ResolveAdam("optimizer.adamw", &adam));
  *optimizer->mutable_adam() = adam;
  return absl::OkStatus();
}

Status CheckSgd(const v1::Sgd& sgd) {
  SEQ_RETURN_IF_ERROR(CheckShared("optimizer.sgd", sgd));
  SEQ_RETURN_IF_ERROR(CheckFraction("optimizer.sgd.momentum", sgd.momentum()));
  if (!sgd.nesterov() || sgd.momentum() > 0) return absl::OkStatus();
  return Bad("optimizer.sgd.nesterov", "a momentum > 0 with it", "momentum 0");
}

Status ResolveRmsProp(v1::RmsProp* rmsprop) {
  const std::string key = "optimizer.rmsprop";
  if (rmsprop->lr() == 0) rmsprop->set_lr(0.01);
  if (!rmsprop->has_alpha()) rmsprop->set_alpha(0.99);
  if (!rmsprop->has_epsilon()) rmsprop->set_epsilon(1e-8);
  SEQ_RETURN_IF_ERROR(CheckShared(key, *rmsprop));
  SEQ_RETURN_IF_ERROR(CheckFraction(key + ".alpha", rmsprop->alpha()));
  SEQ_RETURN_IF_ERROR(CheckFraction(key + ".momentum", rmsprop->momentum()));
  return CheckPositive(key + ".epsilon", rmsprop->epsilon());
}

Status ResolveAdagrad(v1::Adagrad* adagrad) {
  const std::string key = "optimizer.adagrad";
  if (adagrad->lr() == 0) adagrad->set_lr(0.01);
  if (!adagrad->has_epsilon()) adagrad->set_epsilon(1e-10);
  SEQ_RETURN_IF_ERROR(CheckShared(key, *adagrad));
  SEQ_RETURN_IF_ERROR(CheckNotNegative(key + ".lr_decay", adagrad->lr_decay()));
  return CheckPositive(key + ".epsilon", adagrad->epsilon());
}

Status ResolveNAdam(v1::NAdam* nadam) {
  if (nadam->lr() == 0) nadam->set_lr(0.002);
  if (!nadam->has_momentum_decay()) nadam->set_momentum_decay(0.004);
  SEQ_RETURN_IF_ERROR(CheckNotNegative("optimizer.nadam.momentum_decay", nadam->momentum_decay()));
  return ResolveMoments("optimizer.nadam", nadam);
}

Status ResolveStep(v1::Schedule::Step* step) {
  if (step->factor() == 0) step->set_factor(0.1);
  if ((step->every_updates() > 0) == (step->every_epochs() > 0)) {
    return Bad("schedule.step", "one of every_updates and every_epochs",
               step->every_updates() > 0 ? "both" : "none");
  }
  return CheckPositive("schedule.step.factor", step->factor());
}

Status ResolvePlateau(v1::Schedule::Plateau* plateau) {
  const std::string key = "schedule.plateau";
  if (plateau->factor() == 0) plateau->set_factor(0.5);
  if (plateau->patience() == 0) plateau->set_patience(2);
  SEQ_RETURN_IF_ERROR(ResolveMonitor(key, plateau->mutable_monitor(), plateau->mutable_mode()));
  SEQ_RETURN_IF_ERROR(CheckFraction(key + ".factor", plateau->factor()));
  SEQ_RETURN_IF_ERROR(CheckFraction(key + ".min_factor", plateau->min_factor()));
  return CheckNotNegative(key + ".min_delta", plateau->min_delta());
}

}  // namespace

Status ResolveOptimizer(v1::Optimizer* optimizer) {
  if (!optimizer->has_decay_biases()) optimizer->set_decay_biases(true);
  switch (optimizer->kind_case()) {
    case v1::Optimizer::kSgd:
      return CheckSgd(optimizer->sgd());
    case v1::Optimizer::kRmsprop:
      return ResolveRmsProp(optimizer->mutable_rmsprop());
    case v1::Optimizer::kAdagrad:
      return ResolveAdagrad(optimizer->mutable_adagrad());
    case v1::Optimizer::kNadam:
      return ResolveNAdam(optimizer->mutable_nadam());
    case v1::Optimizer::kAdamw:
      return ResolveAdamW(optimizer);
    default:
      return ResolveAdam("optimizer.adam", optimizer->mutable_adam());
  }
}

Status ResolveSchedule(v1::Schedule* schedule) {
  switch (schedule->kind_case()) {
    case v1::Schedule::kCosine: {
      const double factor = schedule->cosine().final_factor();
      if (factor >= 0 && factor <= 1) return absl::OkStatus();
      return Bad("schedule.cosine.final_factor", "0 <= x <= 1", StrCat(factor));
    }
    case v1::Schedule::kExponential: {
      v1::Schedule::Exponential* exponential = schedule->mutable_exponential();
      if (exponential->every_updates() == 0) exponential->set_every_updates(1);
      return CheckPositive("schedule.exponential.factor", exponential->factor());
    }
    case v1::Schedule::kStep:
      return ResolveStep(schedule->mutable_step());
    case v1::Schedule::kPlateau:
      return ResolvePlateau(schedule->mutable_plateau());
    case v1::Schedule::kInverseSqrt:
      return absl::OkStatus();
    default:
      schedule->mutable_constant();
      return absl::OkStatus();
  }
}

}  // namespace sequent::train
