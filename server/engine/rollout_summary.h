// What a rollout says at its end: its texts, and its forecasts over all samples.
//
// Thread safety: pure function.
#ifndef SEQUENT_SERVER_ENGINE_ROLLOUT_SUMMARY_H_
#define SEQUENT_SERVER_ENGINE_ROLLOUT_SUMMARY_H_

#include <vector>

#include "core/nn/model.h"
#include "server/engine/request.h"
#include "server/engine/rollout_path.h"
#include "server/engine/rollout_plan.h"

namespace sequent::engine {

// All paths are done. Drawn paths: mean, standard deviation (population) and quantiles (linear
// between order statistics) over the samples. Paths of most probable values are all the same one:
// its own mean and spread, quantiles of the normal distribution they stand for.
RolloutSummary Summarize(const Model& model, const RolloutPlan& plan, const RolloutRequest& request,
                         const std::vector<RolloutPath>& paths);

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_ROLLOUT_SUMMARY_H_
