#include "server/engine/expired_ids.h"

namespace sequent::engine {

void ExpiredIds::Add(uint64_t hash, int64_t now) {
  if (max_ids_ == 0) return;
  expired_at_[hash] = now;
  order_.push_back({hash, now});
  while (order_.size() > max_ids_ || order_.front().at + keep_nanos_ <= now) {
    DropOldest();
    if (order_.empty()) return;
  }
}

void ExpiredIds::DropOldest() {
  const Record record = order_.front();
  order_.pop_front();
  const auto found = expired_at_.find(record.hash);
  if (found != expired_at_.end() && found->second == record.at) expired_at_.erase(found);
}

bool ExpiredIds::Contains(uint64_t hash, int64_t now) const {
  const auto found = expired_at_.find(hash);
  return found != expired_at_.end() && now < found->second + keep_nanos_;
}

}  // namespace sequent::engine
