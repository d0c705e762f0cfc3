#include "server/engine/ready_queue.h"

#include <algorithm>

namespace sequent::engine {

void ReadyQueue::Push(Session* session) {
  session->ready_next = nullptr;
  const auto [entry, fresh] = lines_.try_emplace(session->principal);
  Line& line = entry->second;
  if (fresh) {
    if (turns_.full()) turns_.set_capacity(2 * turns_.capacity());
    turns_.push_back(session->principal);
  }
  if (line.tail != nullptr) {
    line.tail->ready_next = session;
  } else {
    line.head = session;
  }
  line.tail = session;
  ++size_;
}

Session* ReadyQueue::Pop() {
  if (size_ == 0) return nullptr;
  while (true) {
    const uint32_t principal = turns_.front();
    const auto entry = lines_.find(principal);
    Line& line = entry->second;
    Session* session = line.head;
    if (line.deficit < session->ready_cost && turns_.size() > 1) {
      line.deficit += quantum_;
      turns_.pop_front();
      turns_.push_back(principal);
      continue;
    }
    line.deficit -= std::min<size_t>(line.deficit, session->ready_cost);
    line.head = session->ready_next;
    session->ready_next = nullptr;
    --size_;
    if (line.head == nullptr) {
      lines_.erase(entry);
      turns_.pop_front();
    }
    return session;
  }
}

}  // namespace sequent::engine
