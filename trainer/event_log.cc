#include "trainer/event_log.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "core/base/hash.h"
#include "sequent/v1/event.pb.h"

namespace sequent {
namespace {

constexpr char kPrefix[] = "events.out.tfevents.";

template <typename T>
std::string LittleEndian(T value) {
  std::string bytes;
  for (size_t i = 0; i < sizeof(T); ++i) bytes += static_cast<char>((value >> (8 * i)) & 0xFF);
  return bytes;
}

uint32_t Masked(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8u; }

double Now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(since).count();
}

v1::Event EventAt(uint64_t step) {
  v1::Event event;
  event.set_wall_time(Now());
  event.set_step(static_cast<int64_t>(step));
  return event;
}

void AddValue(const std::string& tag, double value, v1::Event* event) {
  v1::Summary::Value* added = event->mutable_summary()->add_value();
  added->set_tag(tag);
  added->set_simple_value(static_cast<float>(value));
}

void RemoveOld(const std::string& run_dir) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(run_dir, ignored)) {
    if (entry.path().filename().string().starts_with(kPrefix)) {
      std::filesystem::remove(entry.path(), ignored);
    }
  }
}

}  // namespace

std::string EventRecord(const std::string& bytes) {
  const std::string length = LittleEndian<uint64_t>(bytes.size());
  return length + LittleEndian(Masked(Crc32c(length))) + bytes +
         LittleEndian(Masked(Crc32c(bytes)));
}

StatusOr<std::unique_ptr<EventLog>> EventLog::Open(const std::string& run_dir,
                                                   uint64_t keep_update) {
  if (keep_update == 0) RemoveOld(run_dir);
  // Files are read in the order of their names: by time, then by update.
  const std::string path = StrCat(run_dir, "/", kPrefix, static_cast<int64_t>(Now()), ".",
                                  absl::Dec(keep_update, absl::kZeroPad12), ".", getpid());
  std::unique_ptr<EventLog> log(new EventLog(path));
  v1::Event version = EventAt(0);
  version.set_file_version("brain.Event:2");
  log->out_ << EventRecord(version.SerializeAsString());
  v1::Event start = EventAt(keep_update + 1);
  start.mutable_session_log()->set_status(v1::SessionLog::START);
  log->out_ << EventRecord(start.SerializeAsString()) << std::flush;
  if (!log->out_) return absl::UnavailableError(StrCat(path, ": cannot be written"));
  return log;
}

void EventLog::Add(const train::UpdateEvent& update) {
  v1::Event event = EventAt(update.update);
  AddValue("train/loss", update.loss, &event);
  AddValue("train/grad_norm", update.grad_norm, &event);
  AddValue("train/lr", update.lr, &event);
  out_ << EventRecord(event.SerializeAsString());
}

void EventLog::Add(const train::ValidationEvent& validation) {
  v1::Event event = EventAt(validation.update);
  for (const auto& [name, value] : validation.measures) {
    AddValue("validation/" + name, value, &event);
  }
  out_ << EventRecord(event.SerializeAsString()) << std::flush;
}

Status EventLog::Close() {
  out_.close();
  if (out_) return absl::OkStatus();
  return absl::UnavailableError(StrCat(path_, ": could not be written"));
}

}  // namespace sequent
