// Every metric of docs/operations.md, by its final name: the one table of names, help texts and
// buckets. Updated per tick or per request, never per step.
//
// A `model` label is set only after the name has been resolved. Thread safety: thread-safe.
#ifndef SEQUENT_SERVER_ENGINE_METRICS_H_
#define SEQUENT_SERVER_ENGINE_METRICS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace prometheus {
class Registry;
}

namespace sequent::engine {

class Metrics {
 public:
  Metrics(std::string_view version, std::string_view revision, std::string_view simd_target);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // For the /metrics page; process_* included.
  const std::shared_ptr<prometheus::Registry>& registry() const;
  // Brings process_* up to date; called before each scrape.
  void UpdateProcess();

  // The edge's: method is "Predict", "PredictStream", "Rollout", ...; code an rpc code's name.
  void RequestDone(std::string_view method, std::string_view code, double seconds);
  void Rejected(Reason reason);
  void StreamOpened();
  void StreamClosed();

  // The engine's own updates: see Impl-facing functions added by the engine's author below.
  class Impl;
  Impl* impl() { return impl_.get(); }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_METRICS_H_
