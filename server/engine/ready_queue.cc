#include "server/engine/ready_queue.h"

#include <algorithm>

namespace sequent::engine {

void ReadyQueue::Push(Session* session) {
  const auto [entry, fresh] = lines_.try_emplace(session->principal);
  if (fresh) {
    if (turns_.full()) turns_.set_capacity(2 * turns_.capacity());
    turns_.push_back(session->principal);
  }
  entry->second.sessions.Append(session);
  ++size_;
}

Session* ReadyQueue::Pop() {
  if (size_ == 0) return nullptr;
  while (true) {
    const uint32_t principal = turns_.front();
    const auto entry = lines_.find(principal);
    Line& line = entry->second;
    const size_t cost = line.sessions.front()->ready_cost;
    if (line.deficit < cost && turns_.size() > 1) {
      line.deficit += quantum_;
      turns_.pop_front();
      turns_.push_back(principal);
      continue;
    }
    line.deficit -= std::min(line.deficit, cost);
    Session* const session = line.sessions.PopFront();
    --size_;
    if (line.sessions.empty()) {
      lines_.erase(entry);
      turns_.pop_front();
    }
    return session;
  }
}

}  // namespace sequent::engine
