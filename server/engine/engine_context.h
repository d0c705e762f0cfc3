// What the parts of an engine share.
//
//   rollout, session_calls ->  session_flow  -> scheduler, session_store
//                tick_runner ->  session_flow
//
// Thread safety: members are thread-safe or set once.
#ifndef SEQUENT_SERVER_ENGINE_ENGINE_CONTEXT_H_
#define SEQUENT_SERVER_ENGINE_ENGINE_CONTEXT_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/base/clock.h"
#include "core/base/status.h"
#include "server/engine/lane.h"
#include "server/engine/metrics.h"
#include "server/engine/model_registry.h"
#include "server/engine/options.h"
#include "server/engine/scheduler.h"
#include "server/engine/session_store.h"
#include "server/engine/step_pool.h"

namespace sequent::engine {

struct EngineContext {
  EngineContext(const EngineOptions& engine_options, ModelRegistry* model_registry,
                Metrics* engine_metrics, const Clock* engine_clock);

  // Counts `cost` more queued steps; false: they would be more than there may be.
  bool ReserveSteps(size_t cost);
  void ReleaseSteps(size_t cost) { queued_steps.fetch_sub(cost); }

  // The lane a new sequence of `model` runs on. BAD_REQUEST without a name, MODEL_UNKNOWN.
  StatusOr<Lane*> LaneFor(const std::string& model, int64_t version);
  // The same for a sequence that comes in pieces: MODEL_NOT_STREAMABLE if the model takes whole
  // ones.
  StatusOr<Lane*> LaneForPieces(const std::string& model, int64_t version);
  // Makes room for one more session or says why there is none: DRAINING, SESSION_LIMIT.
  Status ReserveSession();

  const EngineOptions options;
  ModelRegistry* const registry;
  Metrics* const metrics;
  const Clock* const clock;
  ItemPool items;
  const ReplyPool::Ptr replies = ReplyPool::Create();
  Scheduler scheduler;  // its lanes own the rows that sessions hold, so it goes last
  SessionStore store;
  std::atomic<size_t> queued_steps{0};
  std::atomic<size_t> in_flight{0};  // requests and rollouts accepted and not yet answered
  std::atomic<bool> draining{false};
  std::atomic<bool> stopping{false};
};

Status DrainingError();
Status StoppingError();

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_ENGINE_CONTEXT_H_
