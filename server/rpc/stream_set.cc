#include "server/rpc/stream_set.h"

#include <utility>

namespace sequent::rpc {

uint64_t StreamSet::Add(std::weak_ptr<NoticeTarget> target) {
  MutexLock lock(&mutex_);
  targets_.emplace(next_id_, std::move(target));
  return next_id_++;
}

void StreamSet::Remove(uint64_t id) {
  MutexLock lock(&mutex_);
  targets_.erase(id);
}

void StreamSet::NotifyAll(const Status& status) {
  for (const auto& target : Open()) target->Notify(status);
}

void StreamSet::EndAll(const Status& status) {
  for (const auto& target : Open()) target->End(status);
}

// Targets are called without the lock: they may come back to Remove themselves.
std::vector<std::shared_ptr<NoticeTarget>> StreamSet::Open() {
  std::vector<std::shared_ptr<NoticeTarget>> open;
  MutexLock lock(&mutex_);
  for (const auto& [id, target] : targets_) {
    if (auto strong = target.lock()) open.push_back(std::move(strong));
  }
  return open;
}

}  // namespace sequent::rpc
