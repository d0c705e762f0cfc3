// Sessions that have work, fair between principals (deficit round robin by steps) and first come
// first served within one.
//
// M. Shreedhar, G. Varghese, "Efficient fair queueing using deficit round robin", 1995. A principal
// in turn may spend its quantum of steps; what a session costs is `ready_cost`, set by whoever
// pushes it. Sessions are linked through `ready_next`: pushing allocates nothing. Thread safety:
// one user at a time.
#ifndef SEQUENT_SERVER_ENGINE_READY_QUEUE_H_
#define SEQUENT_SERVER_ENGINE_READY_QUEUE_H_

#include <boost/circular_buffer.hpp>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "server/engine/session.h"

namespace sequent::engine {

// Sessions in the order they came, linked as in a queue: each in one chain or queue at a time.
class SessionChain {
 public:
  bool empty() const { return head_ == nullptr; }
  Session* front() const { return head_; }
  void Append(Session* session) {
    session->ready_next = nullptr;
    (empty() ? head_ : tail_->ready_next) = session;
    tail_ = session;
  }
  Session* PopFront() {  // nullptr: empty
    Session* const session = head_;
    if (session != nullptr) head_ = std::exchange(session->ready_next, nullptr);
    return session;
  }

 private:
  Session* head_ = nullptr;
  Session* tail_ = nullptr;
};

class ReadyQueue {
 public:
  // `quantum`: steps one principal takes before the next one's turn.
  explicit ReadyQueue(size_t quantum) : quantum_(quantum) {}

  // `session` must not be in a queue.
  void Push(Session* session);
  Session* Pop();  // nullptr: empty

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  struct Line {
    SessionChain sessions;
    size_t deficit = 0;
  };

  const size_t quantum_;
  size_t size_ = 0;
  absl::flat_hash_map<uint32_t, Line> lines_;  // by principal; only those with sessions
  boost::circular_buffer<uint32_t> turns_{8};  // principals in lines_, in order of their turn
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_READY_QUEUE_H_
