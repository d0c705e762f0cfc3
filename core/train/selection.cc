#include "core/train/selection.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>
#include <vector>

#include "core/model/config_check.h"
#include "core/train/option_checks.h"

namespace sequent::train {
namespace {

constexpr std::string_view kPrefix = "validation.";

std::string MeasureOf(const std::string& monitor) { return monitor.substr(kPrefix.size()); }

bool Better(const std::string& mode, double value, double than, double by) {
  return mode == "max" ? value > than + by : value < than - by;
}

Status CheckMeasured(const std::string& key, const std::string& monitor, const Measures& measures) {
  const std::string measure = MeasureOf(monitor);
  const auto found = measures.find(measure);
  if (found == measures.end()) {
    std::vector<std::string> names;
    for (const auto& [name, value] : measures) names.push_back(std::string(kPrefix) + name);
    const std::vector<std::string_view> choices(names.begin(), names.end());
    return sequent::CheckChoice(StrCat("train.", key, ".monitor"), monitor, choices).status();
  }
  if (std::isfinite(found->second)) return absl::OkStatus();
  return absl::OutOfRangeError(StrCat("expected a finite ", monitor, ", got ", found->second));
}

}  // namespace

// "<head>/<kind>.<label>": a label may have any characters in it, a head neither '/' nor '.'.
bool LargerIsBetter(std::string_view measure) {
  static constexpr std::string_view kKinds[] = {"accuracy", "f1",    "macro_f1",  "precision",
                                                "recall",   "skill", "skill_low", "skill_high"};
  std::string_view kind = measure.substr(0, measure.find('.'));
  kind.remove_prefix(kind.find('/') + 1);  // npos + 1 is 0
  return std::find(std::begin(kKinds), std::end(kKinds), kind) != std::end(kKinds);
}

Status ResolveMonitor(const std::string& key, std::string* monitor, std::string* mode) {
  if (monitor->empty()) *monitor = "validation.loss";
  if (!monitor->starts_with(kPrefix) || monitor->size() == kPrefix.size()) {
    return Bad(key + ".monitor", "validation.<measure>", StrCat("'", *monitor, "'"));
  }
  if (mode->empty()) *mode = LargerIsBetter(MeasureOf(*monitor)) ? "max" : "min";
  return CheckChoice(key + ".mode", *mode, "min", "max");
}

Selection::Selection(const v1::TrainOptions& options) : options_(options) {}

Status Selection::Check(const Measures& measures) const {
  SEQ_RETURN_IF_ERROR(CheckMeasured("early_stopping", "validation.loss", measures));
  SEQ_RETURN_IF_ERROR(
      CheckMeasured("early_stopping", options_.early_stopping().monitor(), measures));
  if (!options_.schedule().has_plateau()) return absl::OkStatus();
  return CheckMeasured("schedule.plateau", options_.schedule().plateau().monitor(), measures);
}

bool Selection::Take(uint64_t update, const Measures& measures) {
  const v1::EarlyStopping& stopping = options_.early_stopping();
  const std::string measure = MeasureOf(stopping.monitor());
  const double value = measures.at(measure);
  const bool best = !has_best() || Better(stopping.mode(), value, best_measures_.at(measure), 0);
  if (!has_best() || Better(stopping.mode(), value, patience_.best, stopping.min_delta())) {
    patience_ = {value, 0};
  } else {
    ++patience_.bad_validations;
  }
  if (options_.schedule().has_plateau()) {
    TakePlateau(measures.at(MeasureOf(options_.schedule().plateau().monitor())));
  }
  if (best) {
    best_measures_ = measures;
    best_update_ = update;
  }
  return best;
}

void Selection::TakePlateau(double value) {
  const v1::Schedule::Plateau& plateau = options_.schedule().plateau();
  if (!has_best() || Better(plateau.mode(), value, plateau_.patience.best, plateau.min_delta())) {
    plateau_.patience = {value, 0};
  } else {
    ++plateau_.patience.bad_validations;
  }
  if (plateau_.cooldown > 0) {
    --plateau_.cooldown;
    plateau_.patience.bad_validations = 0;
  }
  if (plateau_.patience.bad_validations < plateau.patience()) return;
  plateau_.factor =
      std::min(plateau_.factor, std::max(plateau_.factor * plateau.factor(), plateau.min_factor()));
  plateau_.patience.bad_validations = 0;
  plateau_.cooldown = plateau.cooldown();
}

bool Selection::OutOfPatience() const {
  const uint32_t patience = options_.early_stopping().patience();
  return patience > 0 && patience_.bad_validations >= patience;
}

void Selection::Save(Checkpoint* checkpoint) const {
  checkpoint->best_update = best_update_;
  checkpoint->best_measures = best_measures_;
  checkpoint->patience = patience_;
  checkpoint->plateau = plateau_;
}

void Selection::Restore(const Checkpoint& checkpoint) {
  best_update_ = checkpoint.best_update;
  best_measures_ = checkpoint.best_measures;
  patience_ = checkpoint.patience;
  plateau_ = checkpoint.plateau;
}

}  // namespace sequent::train
