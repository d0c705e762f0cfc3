// metrics.jsonl: one JSON object per update and per validation.
//
// Thread safety: one user at a time.
#ifndef SEQUENT_TRAINER_METRICS_LOG_H_
#define SEQUENT_TRAINER_METRICS_LOG_H_

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

#include "core/base/status.h"
#include "core/train/trainer.h"

namespace sequent {

// {"loss":1.5,...}; numbers read back bit for bit; what is not finite is null.
std::string MeasuresToJson(const train::Measures& measures);

class MetricsLog {
 public:
  // Opens `path` for appending, after cutting off everything past the update that `start` is after
  // (0: everything), a half-written last line and a validation that is not part of the run
  // included. UNAVAILABLE: it can not be written.
  static StatusOr<std::unique_ptr<MetricsLog>> Open(const std::string& path,
                                                    const train::StartEvent& start);

  // Each line is whole on disk's way when these return; errors of the disk are found by Close.
  void Add(const train::UpdateEvent& event);
  void Add(const train::ValidationEvent& event);
  Status Close();

 private:
  explicit MetricsLog(const std::string& path) : path_(path), out_(path, std::ios::app) {}

  const std::string path_;
  std::ofstream out_;
};

}  // namespace sequent

#endif  // SEQUENT_TRAINER_METRICS_LOG_H_
