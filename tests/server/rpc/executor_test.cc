#include "server/rpc/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <vector>

namespace sequent::rpc {
namespace {

TEST(Executor, RunsWhatWasPostedBeforeItEnds) {
  std::atomic<int> ran{0};
  {
    Executor executor(2);
    for (int i = 0; i < 100; ++i) executor.Post([&] { ++ran; });
  }
  EXPECT_EQ(ran.load(), 100);
}

TEST(Executor, OfOneThreadKeepsTheOrder) {
  std::vector<int> order;
  {
    Executor executor(1);
    for (int i = 0; i < 100; ++i) executor.Post([&order, i] { order.push_back(i); });
  }
  for (int i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(Executor, ATaskMayPostAnother) {
  std::promise<void> inner;
  Executor executor(1);
  executor.Post([&] { executor.Post([&] { inner.set_value(); }); });
  inner.get_future().wait();
}

TEST(Executor, RunsAsManyTasksAtATimeAsItHasThreads) {
  std::promise<void> first, second;
  Executor executor(2);
  executor.Post([&] {
    first.set_value();
    second.get_future().wait();
  });
  executor.Post([&] {
    first.get_future().wait();
    second.set_value();
  });
}

}  // namespace
}  // namespace sequent::rpc
