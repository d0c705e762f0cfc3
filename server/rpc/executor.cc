#include "server/rpc/executor.h"

#include <utility>

namespace sequent::rpc {

Executor::Executor(size_t threads) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

Executor::~Executor() {
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
  }
  ready_.NotifyAll();
  for (auto& thread : threads_) thread.join();
}

void Executor::Post(std::function<void()> task) {
  {
    MutexLock lock(&mutex_);
    tasks_.push_back(std::move(task));
  }
  ready_.NotifyOne();
}

void Executor::PostAll(std::vector<std::function<void()>> tasks) {
  {
    MutexLock lock(&mutex_);
    for (auto& task : tasks) tasks_.push_back(std::move(task));
  }
  if (tasks.size() == 1) return ready_.NotifyOne();
  ready_.NotifyAll();
}

void Executor::Work() {
  while (true) {
    std::function<void()> task;
    {
      MutexLock lock(&mutex_);
      while (tasks_.empty() && !stopping_) ready_.Wait(&mutex_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace sequent::rpc
