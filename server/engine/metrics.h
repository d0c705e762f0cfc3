// Every metric of docs/operations.md, by its final name: the one table of names, help texts and
// buckets. Updated per tick or per request, never per step.
//
// A `model` label is set only after the name has been resolved. Thread safety: thread-safe.
#ifndef SEQUENT_SERVER_ENGINE_METRICS_H_
#define SEQUENT_SERVER_ENGINE_METRICS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
class Registry;
}  // namespace prometheus

namespace sequent::engine {

// Why a session's life ended.
enum class EndReason { kClient, kExpired, kReset, kRetired, kDrained, kError };
inline constexpr int kEndReasonCount = 6;

// The series of one model version. Plain pointers into Metrics, good as long as it lives; any
// thread.
struct ModelMetrics {
  prometheus::Counter* steps;
  prometheus::Counter* steps_replayed;
  prometheus::Counter* rollout_steps;
  prometheus::Histogram* step_queue_seconds;
  prometheus::Histogram* tick_seconds;
  prometheus::Histogram* tick_rows;
  prometheus::Gauge* ready_sessions;
  prometheus::Gauge* sessions_active;
  prometheus::Gauge* state_bytes_memory;
  prometheus::Gauge* state_bytes_replies;
  prometheus::Counter* sessions_created;
  prometheus::Counter* sessions_ended[kEndReasonCount];

  void SessionCreated() const;
  void SessionEnded(EndReason reason) const;
  void TickDone(double seconds, size_t rows) const;
};

// The series of one method's answers that are no refusals. As good as ModelMetrics.
struct MethodMetrics {
  prometheus::Counter* answered;
  prometheus::Histogram* seconds;
};

class Metrics {
 public:
  Metrics(std::string_view version, std::string_view revision, std::string_view simd_target);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // For the /metrics page; process_* included.
  const std::shared_ptr<prometheus::Registry>& registry() const;
  // Brings the gauges and process_* up to date; called before each scrape.
  void Update();
  // Who sets the gauges at each Update; empty: nobody any more, once this has returned.
  void SetGauges(std::function<void()> set);

  // The edge's: method is "Predict", "PredictStream", "Rollout", ...; code an rpc code's name.
  void RequestDone(std::string_view method, std::string_view code, double seconds);
  // For who counts many at once.
  MethodMetrics OfMethod(const std::string& method);
  void Rejected(Reason reason);
  void StreamOpened();
  void StreamClosed();

  // The registry's: a version was loaded (or could not be), and goes.
  void ModelLoaded(std::string_view model, int64_t version, double seconds);
  void ModelLoadFailed(std::string_view model);
  void ModelUnloaded(std::string_view model, int64_t version);

  // The engine's. The first call for a version makes its series.
  const ModelMetrics* OfModel(const std::string& model, int64_t version);
  void SetQueuedSteps(size_t steps);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_METRICS_H_
