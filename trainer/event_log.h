// Training curves as TensorBoard reads them: `tensorboard --logdir RUN_DIR`.
//
// A file of records, each `u64 length | u32 masked CRC-32C of the length | bytes | u32 masked
// CRC-32C of the bytes`, little-endian, the bytes being an Event (proto/sequent/v1/event.proto);
// masked is
// ((crc >> 15) | (crc << 17)) + 0xa282ead8. A run that goes on writes another file beside the
// first. Thread safety: one user at a time.
#ifndef SEQUENT_TRAINER_EVENT_LOG_H_
#define SEQUENT_TRAINER_EVENT_LOG_H_

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

#include "core/base/status.h"
#include "core/train/trainer.h"

namespace sequent {

class EventLog {
 public:
  // A new file in `run_dir`, for what comes after update `keep_update`. 0: the files of earlier
  // runs are removed. UNAVAILABLE: it can not be written.
  static StatusOr<std::unique_ptr<EventLog>> Open(const std::string& run_dir, uint64_t keep_update);

  // train/loss, train/grad_norm, train/lr; validation/<measure>.
  void Add(const train::UpdateEvent& event);
  void Add(const train::ValidationEvent& event);
  // Errors of the disk are found here.
  Status Close();

 private:
  explicit EventLog(const std::string& path) : path_(path), out_(path, std::ios::binary) {}

  const std::string path_;
  std::ofstream out_;
};

// One record of such a file.
std::string EventRecord(const std::string& bytes);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_EVENT_LOG_H_
