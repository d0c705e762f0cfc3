#include "server/rpc/pump_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>

namespace sequent::rpc {
namespace {

class Counted : public Pumped {
 public:
  void PumpAnswers() override {
    thread_ = std::this_thread::get_id();
    ++pumps_;
  }
  int pumps() const { return pumps_; }
  std::thread::id thread() const { return thread_; }

 private:
  std::atomic<int> pumps_{0};
  std::thread::id thread_;
};

class PumpQueueTest : public testing::Test {
 protected:
  std::unique_ptr<Executor> executor_ = std::make_unique<Executor>(1);
  PumpQueue queue_{executor_.get()};
  const std::shared_ptr<Counted> one_ = std::make_shared<Counted>();
  const std::shared_ptr<Counted> other_ = std::make_shared<Counted>();
};

TEST_F(PumpQueueTest, PumpsNothingBeforeItIsFlushed) {
  queue_.Add(one_);
  EXPECT_EQ(one_->pumps(), 0);
}

TEST_F(PumpQueueTest, PumpsEverythingOnceWhereItIsFlushed) {
  queue_.Add(one_);
  queue_.Add(other_);
  queue_.Flush(true);
  EXPECT_EQ(one_->pumps(), 1);
  EXPECT_EQ(other_->pumps(), 1);
  EXPECT_EQ(one_->thread(), std::this_thread::get_id());
  queue_.Flush(true);
  EXPECT_EQ(one_->pumps(), 1);
}

TEST_F(PumpQueueTest, PumpsOnTheExecutorForACallerThatIsBusy) {
  queue_.Add(one_);
  queue_.Add(other_);
  queue_.Flush(false);
  executor_.reset();  // runs what has been posted
  EXPECT_EQ(one_->pumps(), 1);
  EXPECT_EQ(other_->pumps(), 1);
  EXPECT_NE(one_->thread(), std::this_thread::get_id());
}

TEST_F(PumpQueueTest, KeepsAliveWhatItIsToPump) {
  auto short_lived = std::make_shared<Counted>();
  const std::weak_ptr<Counted> watch = short_lived;
  queue_.Add(std::move(short_lived));
  EXPECT_FALSE(watch.expired());
  queue_.Flush(true);
  EXPECT_TRUE(watch.expired());
}

}  // namespace
}  // namespace sequent::rpc
