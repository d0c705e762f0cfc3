// The process_* series that Prometheus' own client libraries have, read from /proc.
//
// Thread safety: thread-safe.
#ifndef SEQUENT_SERVER_ENGINE_PROCESS_METRICS_H_
#define SEQUENT_SERVER_ENGINE_PROCESS_METRICS_H_

#include "core/base/mutex.h"

namespace prometheus {
class Counter;
class Gauge;
class Registry;
}  // namespace prometheus

namespace sequent::engine {

class ProcessMetrics {
 public:
  explicit ProcessMetrics(prometheus::Registry* registry);
  // Reads /proc; what cannot be read keeps its last value.
  void Update();

 private:
  void UpdateCpuSeconds() SEQ_REQUIRES(mutex_);

  Mutex mutex_;
  prometheus::Counter* const cpu_seconds_;
  prometheus::Gauge* const resident_bytes_;
  prometheus::Gauge* const virtual_bytes_;
  prometheus::Gauge* const open_fds_;
  prometheus::Gauge* const max_fds_;
  prometheus::Gauge* const start_seconds_;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_PROCESS_METRICS_H_
