#include "core/base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cfenv>
#include <cstddef>
#include <limits>
#include <set>
#include <thread>
#include <vector>

namespace sequent {
namespace {

TEST(ThreadPool, CallsEachPartOnce) {
  for (size_t threads = 1; threads <= 5; ++threads) {
    ThreadPool pool(threads);
    for (const size_t parts : {0, 1, 2, 3, 7, 100}) {
      std::vector<std::atomic<int>> calls(parts);
      pool.Run(parts, [&](size_t part) { ++calls[part]; });
      for (size_t part = 0; part < parts; ++part) EXPECT_EQ(calls[part], 1) << part;
    }
  }
}

TEST(ThreadPool, CountsTheCallerAmongItsThreads) {
  EXPECT_EQ(ThreadPool(1).threads(), 1u);
  EXPECT_EQ(ThreadPool(4).threads(), 4u);
}

TEST(ThreadPool, OfOneThreadRunsOnTheCaller) {
  ThreadPool pool(1);
  std::set<std::thread::id> ids;
  pool.Run(10, [&](size_t) { ids.insert(std::this_thread::get_id()); });
  EXPECT_EQ(ids, std::set{std::this_thread::get_id()});
}

// Every part waits for all the others to be under way: this ends only if four threads take part.
TEST(ThreadPool, RunsAsManyPartsSideBySideAsItHasThreads) {
  ThreadPool pool(4);
  std::atomic<int> under_way{0};
  pool.Run(4, [&](size_t) {
    ++under_way;
    while (under_way < 4) std::this_thread::yield();
  });
  EXPECT_EQ(under_way, 4);
}

TEST(ThreadPool, EverythingAPartWroteIsSeenAfterRun) {
  ThreadPool pool(3);
  for (int round = 0; round < 500; ++round) {
    std::vector<int> written(20);  // plain memory: a race would be ThreadSanitizer's to report
    pool.Run(written.size(), [&](size_t part) { written[part] = round; });
    EXPECT_EQ(written, std::vector<int>(20, round));
  }
}

TEST(ThreadPool, ConcurrentCallersEachGetAllOfTheirParts) {
  ThreadPool pool(3);
  std::vector<std::thread> callers;
  std::vector<std::vector<int>> calls(4, std::vector<int>(50));
  for (auto& mine : calls) {
    callers.emplace_back([&pool, &mine] {
      for (int job = 0; job < 100; ++job) {
        pool.Run(mine.size(), [&mine](size_t part) { ++mine[part]; });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  for (const auto& mine : calls) EXPECT_EQ(mine, std::vector<int>(50, 100));
}

TEST(ThreadPool, MayBeDestroyedWithoutARun) {
  for (int i = 0; i < 50; ++i) ThreadPool pool(4);
}

// Of the calling thread. A comparison flushes its operands too, so it is made here and now.
bool FlushesDenormals() {
  volatile float smallest = std::numeric_limits<float>::min();
  return smallest * 0.5f == 0.0f;
}

TEST(ThreadPool, ComputesWithDenormalsFlushedToZeroOnEveryThread) {
  ThreadPool pool(4);
  std::vector<char> flushes(4);
  std::atomic<int> under_way{0};
  pool.Run(4, [&](size_t part) {
    ++under_way;
    while (under_way < 4) std::this_thread::yield();
    flushes[part] = FlushesDenormals();
  });
  EXPECT_EQ(flushes, std::vector<char>(4, true));
}

// A thread inherits its creator's floating-point environment: this one begins with the default.
TEST(FlushDenormals, ChangesTheCallingThreadOnly) {
  bool before = true, after = false, elsewhere = true;
  std::thread([&] {
    std::fesetenv(FE_DFL_ENV);
    before = FlushesDenormals();
    std::thread([&] {
      FlushDenormals();
      after = FlushesDenormals();
    }).join();
    elsewhere = FlushesDenormals();
  }).join();
  EXPECT_FALSE(before);
  EXPECT_TRUE(after);
  EXPECT_FALSE(elsewhere);
}

}  // namespace
}  // namespace sequent
