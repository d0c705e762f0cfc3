#include "server/engine/lane.h"

#include "server/engine/tick.h"

namespace sequent::engine {

Lane::Lane(std::shared_ptr<const ModelVersion> model_version, const ModelMetrics* model_metrics,
           const EngineOptions& options)
    : version(std::move(model_version)),
      model(*version->model),
      metrics(model_metrics),
      slab(model.state_size()),
      tick(std::make_unique<Tick>(options)),
      ready(options.max_tick_steps) {}

Lane::~Lane() = default;

}  // namespace sequent::engine
