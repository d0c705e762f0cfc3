// What a rollout will do, resolved against the model and checked before anything runs.
//
// Thread safety: pure functions and plain data.
#ifndef SEQUENT_SERVER_ENGINE_ROLLOUT_PLAN_H_
#define SEQUENT_SERVER_ENGINE_ROLLOUT_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/base/status.h"
#include "core/nn/model.h"
#include "server/engine/options.h"
#include "server/engine/request.h"

namespace sequent::engine {

struct RolloutPlan {
  size_t head = 0;     // index of the head that is fed back
  bool text = false;   // its draws are pieces of text
  bool drawn = false;  // a regression head whose values are drawn, not its most probable ones
  // Feature models: which of the drawn values (>= 0) or known inputs (< 0: -1 - index) each input
  // column gets.
  std::vector<int32_t> sources;
  size_t known_width = 0;
};

// BAD_REQUEST for bounds, stop strings and options that do not go together; does not need the
// model.
Status CheckRollout(const EngineOptions& options, const RolloutRequest& request);

// BAD_REQUEST, INPUT_*, OUTPUT_TOO_LONG; FAILED_PRECONDITION if the model feeds nothing back.
StatusOr<RolloutPlan> PlanRollout(const EngineOptions& options, const Model& model,
                                  const RolloutRequest& request);

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_ROLLOUT_PLAN_H_
