#include "server/engine/process_metrics.h"

#include <dirent.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <sstream>
#include <string>

namespace sequent::engine {
namespace {

prometheus::Gauge* AddGauge(prometheus::Registry* registry, const char* name, const char* help) {
  return &prometheus::BuildGauge().Name(name).Help(help).Register(*registry).Add({});
}

prometheus::Counter* AddCounter(prometheus::Registry* registry, const char* name,
                                const char* help) {
  return &prometheus::BuildCounter().Name(name).Help(help).Register(*registry).Add({});
}

std::optional<int> CountOpenFiles() {
  DIR* directory = opendir("/proc/self/fd");
  if (directory == nullptr) return std::nullopt;
  int count = -3;  // ".", ".." and the directory itself
  while (readdir(directory) != nullptr) ++count;
  closedir(directory);
  return count;
}

// The start time in clock ticks after boot: field 22 of /proc/self/stat, counted behind the
// program's name, which may hold spaces.
std::optional<double> StartTicks() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream fields(line.substr(name_end + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) {
    if (!(fields >> field)) return std::nullopt;
  }
  return std::stod(field);
}

std::optional<double> BootSeconds() {
  std::ifstream file("/proc/stat");
  std::string key;
  double value = 0;
  for (std::string line; std::getline(file, line);) {
    if (std::istringstream(line) >> key >> value && key == "btime") return value;
  }
  return std::nullopt;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

ProcessMetrics::ProcessMetrics(prometheus::Registry* registry)
    : cpu_seconds_(
          AddCounter(registry, "process_cpu_seconds_total", "User and system CPU time spent.")),
      resident_bytes_(AddGauge(registry, "process_resident_memory_bytes", "Resident memory size.")),
      virtual_bytes_(AddGauge(registry, "process_virtual_memory_bytes", "Virtual memory size.")),
      open_fds_(AddGauge(registry, "process_open_fds", "Open file descriptors.")),
      max_fds_(AddGauge(registry, "process_max_fds", "Most file descriptors allowed.")),
      start_seconds_(AddGauge(registry, "process_start_time_seconds",
                              "Start time of the process since the Unix epoch.")) {
  const std::optional<double> ticks = StartTicks(), boot = BootSeconds();
  if (ticks && boot)
    start_seconds_->Set(*boot + *ticks / static_cast<double>(sysconf(_SC_CLK_TCK)));
}

void ProcessMetrics::UpdateCpuSeconds() {
  const double more = CpuSeconds() - cpu_seconds_->Value();
  if (more > 0) cpu_seconds_->Increment(more);
}

void ProcessMetrics::Update() {
  MutexLock lock(&mutex_);
  UpdateCpuSeconds();
  double virtual_pages = 0, resident_pages = 0;
  if (std::ifstream("/proc/self/statm") >> virtual_pages >> resident_pages) {
    const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
    virtual_bytes_->Set(virtual_pages * page);
    resident_bytes_->Set(resident_pages * page);
  }
  if (const std::optional<int> count = CountOpenFiles()) open_fds_->Set(*count);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) max_fds_->Set(static_cast<double>(limit.rlim_cur));
}

}  // namespace sequent::engine
