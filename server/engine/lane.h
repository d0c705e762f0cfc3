// Everything the engine keeps for one model version: its rows, its ready queue, its ticks.
//
// Thread safety: `ready` and `scheduled` are guarded by `mutex`; `tick` belongs to the worker that
// took the lane from the scheduler; the rest is thread-safe.
#ifndef SEQUENT_SERVER_ENGINE_LANE_H_
#define SEQUENT_SERVER_ENGINE_LANE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/mutex.h"
#include "core/nn/model.h"
#include "core/nn/state_slab.h"
#include "server/engine/metrics.h"
#include "server/engine/model_registry.h"
#include "server/engine/options.h"
#include "server/engine/ready_queue.h"
#include "server/engine/state_row.h"

namespace sequent::engine {

class Tick;

struct Lane {
  Lane(std::shared_ptr<const ModelVersion> model_version, const ModelMetrics* model_metrics,
       const EngineOptions& options);
  ~Lane();

  // Of the state rows that sessions and their steps hold.
  size_t RowBytes() const;
  // Sets the version's gauges to what is.
  void SetGauges() SEQ_EXCLUDES(mutex);

  const std::shared_ptr<const ModelVersion> version;
  const Model& model;
  const ModelMetrics* const metrics;
  const std::vector<size_t> longest_labels;  // per head, bytes
  StateSlab slab;
  SpareRows spare_rows;                // of that worker, too
  std::atomic<uint64_t> sessions{0};   // live
  std::atomic<size_t> reply_bytes{0};  // of all its sessions' reply caches
  std::unique_ptr<Tick> tick;

  Mutex mutex;
  ReadyQueue ready SEQ_GUARDED_BY(mutex);
  bool scheduled SEQ_GUARDED_BY(mutex) = false;  // among the scheduler's runnable ones, or ticking
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_LANE_H_
