#include "server/rpc/pump_queue.h"

#include <functional>
#include <utility>

namespace sequent::rpc {

void PumpQueue::Add(std::shared_ptr<Pumped> pumped) {
  MutexLock lock(&mutex_);
  waiting_.push_back(std::move(pumped));
  any_.store(true, std::memory_order_release);
}

void PumpQueue::Flush(bool here) {
  if (!any_.load(std::memory_order_acquire)) return;
  std::vector<std::shared_ptr<Pumped>> all;
  {
    MutexLock lock(&mutex_);
    all.swap(waiting_);
    any_.store(false, std::memory_order_relaxed);
  }
  if (here) {
    for (const auto& one : all) one->PumpAnswers();
    return;
  }
  std::vector<std::function<void()>> tasks;
  for (auto& one : all) tasks.emplace_back([pumped = std::move(one)] { pumped->PumpAnswers(); });
  executor_->PostAll(std::move(tasks));
}

}  // namespace sequent::rpc
