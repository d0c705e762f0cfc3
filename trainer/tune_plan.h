// What `sequent-train tune` looks for: train.proto's Tune, checked, as a space for core/search.
//
// Thread safety: plain data and pure functions.
#ifndef SEQUENT_TRAINER_TUNE_PLAN_H_
#define SEQUENT_TRAINER_TUNE_PLAN_H_

#include <string>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/search/search.h"
#include "sequent/v1/train.pb.h"

namespace sequent {

struct TunePlan {
  v1::TrainConfig base;  // as it was given, without `tune`
  std::vector<std::string> keys;
  std::vector<std::vector<std::string>> values;  // of each key; empty: a range
  search::Space space;
  search::SearchOptions search;
  std::string measure;  // of the validation part: "loss"
  bool maximize = false;
};

// INVALID_ARGUMENT: a key of tune.*, or one that it names, with its path.
StatusOr<TunePlan> MakeTunePlan(const v1::TrainConfig& config);

// What each key is set to at a point, as --set takes it. Real numbers have six digits.
std::vector<std::string> TextsAt(const TunePlan& plan, const search::Point& point);
// The point again; what has been rounded in TextsAt stays so.
StatusOr<search::Point> PointOf(const TunePlan& plan, const std::vector<std::string>& texts);

// The configuration of a try, with all defaults. INVALID_ARGUMENT: these values do not go together.
StatusOr<v1::TrainConfig> ConfigAt(const TunePlan& plan, const std::vector<std::string>& texts);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_TUNE_PLAN_H_
