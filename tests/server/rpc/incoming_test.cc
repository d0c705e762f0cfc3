#include "server/rpc/incoming.h"

#include <gtest/gtest.h>

#include <utility>

namespace sequent::rpc {
namespace {

TEST(IncomingPool, AMessageThatIsUsedAgainIsEmpty) {
  IncomingPool pool;
  std::unique_ptr<Incoming> incoming = pool.Take();
  Incoming* const first = incoming.get();
  incoming->message->add_requests()->set_session_id("s");
  incoming->pending.resize(1);
  incoming->pending[0].reply = std::make_shared<engine::StepReply>();
  const std::weak_ptr<const engine::StepReply> reply = incoming->pending[0].reply;
  pool.Give(std::move(incoming));
  EXPECT_TRUE(reply.expired());
  incoming = pool.Take();
  ASSERT_EQ(incoming.get(), first);
  EXPECT_EQ(incoming->message->requests_size(), 0);
  EXPECT_TRUE(incoming->pending.empty());
  EXPECT_EQ(incoming->stream, nullptr);
}

TEST(IncomingPool, TheSameMemoryServesTheNextMessage) {
  IncomingPool pool;
  std::unique_ptr<Incoming> incoming = pool.Take();
  for (int i = 0; i < 32; ++i) incoming->message->add_requests()->set_session_id("session");
  const char* const begin = incoming->block;
  const auto* where = reinterpret_cast<const char*>(&incoming->message->requests(31));
  EXPECT_TRUE(where >= begin && where < begin + Incoming::kBlockBytes);
  pool.Give(std::move(incoming));
  incoming = pool.Take();
  for (int i = 0; i < 32; ++i) incoming->message->add_requests();
  where = reinterpret_cast<const char*>(&incoming->message->requests(31));
  EXPECT_TRUE(where >= begin && where < begin + Incoming::kBlockBytes);
}

TEST(IncomingPool, AMessageOfManyRequestsIsNotKept) {
  IncomingPool pool;
  std::unique_ptr<Incoming> incoming = pool.Take();
  incoming->pending.resize(10'000);
  pool.Give(std::move(incoming));
  EXPECT_EQ(pool.Take()->pending.capacity(), 0u);
}

}  // namespace
}  // namespace sequent::rpc
