#include "server/engine/scheduler.h"

#include <utility>

namespace sequent::engine {

Lane* Scheduler::LaneOf(const std::shared_ptr<const ModelVersion>& version) {
  MutexLock lock(&mutex_);
  for (const auto& lane : lanes_) {
    if (lane->version->model == version->model) return lane.get();
  }
  lanes_.push_back(make_lane_(version));
  return lanes_.back().get();
}

const Lane* Scheduler::FindLane(const std::string& model, int64_t version) const {
  MutexLock lock(&mutex_);
  for (const auto& lane : lanes_) {
    if (lane->version->name == model && lane->version->version == version) return lane.get();
  }
  return nullptr;
}

size_t Scheduler::SessionBytes() const {
  MutexLock lock(&mutex_);
  size_t bytes = 0;
  for (const auto& lane : lanes_) {
    bytes += lane->RowBytes() + lane->reply_bytes.load();
  }
  return bytes;
}

void Scheduler::SetGauges() const {
  MutexLock lock(&mutex_);
  for (const auto& lane : lanes_) lane->SetGauges();
}

bool Scheduler::Enqueue(Lane* lane, SessionChain* sessions) {
  MutexLock lock(&lane->mutex);
  while (Session* session = sessions->PopFront()) lane->ready.Push(session);
  return !std::exchange(lane->scheduled, true);
}

void Scheduler::Push(Lane* lane, Session* session) {
  SessionChain one;
  one.Append(session);
  if (Enqueue(lane, &one)) AddRunnable(lane);
}

void Scheduler::Pushes::Push(Lane* lane, Session* session) {
  if (lane != lane_) Enqueue();
  lane_ = lane;
  waiting_.Append(session);
}

void Scheduler::Pushes::Enqueue() {
  if (waiting_.empty() || !Scheduler::Enqueue(lane_, &waiting_)) return;
  Wake();
  idle_ = lane_;
}

void Scheduler::Pushes::Wake() {
  if (Lane* lane = std::exchange(idle_, nullptr)) scheduler_->AddRunnable(lane);
}

Lane* Scheduler::Pushes::Take() {
  Enqueue();
  return std::exchange(idle_, nullptr);
}

void Scheduler::AddRunnable(Lane* lane) {
  {
    MutexLock lock(&mutex_);
    if (runnable_.full()) runnable_.set_capacity(2 * runnable_.capacity());
    runnable_.push_back(lane);
    if (sleepers_ == 0) return;
  }
  runnable_changed_.NotifyOne();  // without the lock, which the worker wants at once
}

Lane* Scheduler::TakeLocked() {
  if (runnable_.empty() || stopped_) return nullptr;
  Lane* lane = runnable_.front();
  runnable_.pop_front();
  return lane;
}

Lane* Scheduler::Take() {
  MutexLock lock(&mutex_);
  return TakeLocked();
}

Lane* Scheduler::WaitAndTake(int64_t nanos) {
  MutexLock lock(&mutex_);
  if (runnable_.empty() && !stopped_) {
    ++sleepers_;
    runnable_changed_.WaitFor(&mutex_, nanos);
    --sleepers_;
  }
  return TakeLocked();
}

bool Scheduler::Idle() const {
  MutexLock lock(&mutex_);
  return runnable_.empty();
}

bool Scheduler::AllAsleep(size_t workers) const {
  MutexLock lock(&mutex_);
  return runnable_.empty() && sleepers_ == workers;
}

void Scheduler::Give(Lane* lane) {
  {
    MutexLock lock(&lane->mutex);
    lane->scheduled = !lane->ready.empty();
    if (!lane->scheduled) return;
  }
  AddRunnable(lane);
}

void Scheduler::Stop() {
  MutexLock lock(&mutex_);
  stopped_ = true;
  runnable_changed_.NotifyAll();
}

Session* Scheduler::PopAny() {
  MutexLock lock(&mutex_);
  for (const auto& lane : lanes_) {
    MutexLock lane_lock(&lane->mutex);
    if (Session* session = lane->ready.Pop()) return session;
  }
  return nullptr;
}

}  // namespace sequent::engine
