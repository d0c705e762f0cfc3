#include "server/engine/engine_context.h"

#include <utility>

#include "core/base/error.h"

namespace sequent::engine {

EngineContext::EngineContext(const EngineOptions& engine_options, ModelRegistry* model_registry,
                             Metrics* engine_metrics, const Clock* engine_clock)
    : options(engine_options),
      registry(model_registry),
      metrics(engine_metrics),
      clock(engine_clock),
      scheduler([this](std::shared_ptr<const ModelVersion> version) {
        const ModelMetrics* series = metrics->OfModel(version->name, version->version);
        return std::make_unique<Lane>(std::move(version), series, options);
      }),
      store(engine_options, engine_clock->Nanos()) {}

bool EngineContext::ReserveSteps(size_t cost) {
  size_t queued = queued_steps.load();
  while (cost <= options.max_queued_steps && queued <= options.max_queued_steps - cost) {
    if (queued_steps.compare_exchange_weak(queued, queued + cost)) return true;
  }
  return false;
}

StatusOr<Lane*> EngineContext::LaneFor(const std::string& model, int64_t version) {
  if (model.empty()) {
    return MakeError(Reason::kBadRequest, "model: expected the name of a model, got none");
  }
  SEQ_ASSIGN_OR_RETURN(const auto resolved, registry->Resolve(model, version));
  return scheduler.LaneOf(resolved);
}

StatusOr<Lane*> EngineContext::LaneForPieces(const std::string& model, int64_t version) {
  SEQ_ASSIGN_OR_RETURN(Lane* const lane, LaneFor(model, version));
  if (lane->model.graph().streamable) return lane;
  return MakeError(Reason::kModelNotStreamable,
                   StrCat("model '", Quoted(model),
                          "' takes whole sequences: expected a request without a session that has "
                          "all steps, got a session or a rollout"));
}

Status EngineContext::ReserveSession() {
  if (draining.load()) return DrainingError();
  if (options.max_session_bytes > 0 && scheduler.SessionBytes() >= options.max_session_bytes) {
    return MakeError(Reason::kSessionLimit,
                     StrCat("sessions take ", scheduler.SessionBytes(), " bytes, expected under ",
                            options.max_session_bytes, " (--max-session-bytes)"));
  }
  if (!store.Reserve()) {
    return MakeError(Reason::kSessionLimit,
                     StrCat("there are ", options.max_sessions,
                            " live sessions, as many as there may be (--max-sessions)"));
  }
  return absl::OkStatus();
}

Status DrainingError() {
  return MakeError(Reason::kDraining, "the server is draining and begins no new sessions");
}

Status StoppingError() { return MakeError(Reason::kDraining, "the server is shutting down"); }

}  // namespace sequent::engine
