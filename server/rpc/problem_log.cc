#include "server/rpc/problem_log.h"

namespace sequent::rpc {
namespace {

constexpr int64_t kMinNanosBetween = 1'000'000'000;

}  // namespace

void ProblemLog::Note(std::string_view kind, std::string_view message) {
  if (!sink_) return;
  Event event{Event::Level::kWarning, "request_problem", {}};
  {
    MutexLock lock(&mutex_);
    auto it = kinds_.find(kind);
    if (it == kinds_.end()) it = kinds_.emplace(std::string(kind), Kind()).first;
    Kind& entry = it->second;
    const int64_t now = clock_->Nanos();
    if (entry.reported && now - entry.reported_nanos < kMinNanosBetween) {
      ++entry.unreported;
      return;
    }
    event.fields = {{"kind", std::string(kind)},
                    {"message", std::string(message)},
                    {"unreported", std::to_string(entry.unreported)}};
    entry = {now, true, 0};
  }
  sink_(event);
}

}  // namespace sequent::rpc
