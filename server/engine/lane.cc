#include "server/engine/lane.h"

#include <prometheus/gauge.h>

#include <algorithm>

#include "server/engine/output_plan.h"
#include "server/engine/tick.h"

namespace sequent::engine {

Lane::Lane(std::shared_ptr<const ModelVersion> model_version, const ModelMetrics* model_metrics,
           const EngineOptions& options)
    : version(std::move(model_version)),
      model(*version->model),
      metrics(model_metrics),
      longest_labels(LongestLabels(model)),
      slab(model.state_size()),
      spare_rows(slab.row_bytes()),
      tick(std::make_unique<Tick>(options)),
      ready(options.max_tick_steps) {}

Lane::~Lane() = default;

size_t Lane::RowBytes() const {
  const size_t spare = spare_rows.bytes(), held = slab.rows_in_use() * slab.row_bytes();
  return held - std::min(held, spare);
}

void Lane::SetGauges() {
  metrics->state_bytes_memory->Set(static_cast<double>(RowBytes()));
  metrics->state_bytes_replies->Set(static_cast<double>(reply_bytes.load()));
  MutexLock lock(&mutex);
  metrics->ready_sessions->Set(static_cast<double>(ready.size()));
}

}  // namespace sequent::engine
