#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "server/engine/item.h"

namespace sequent::engine {
namespace {

struct Counted final : Item {
  explicit Counted(int* alive) : Item(Kind::kStep), count(alive) { ++*count; }
  ~Counted() override { --*count; }
  int* const count;
};

class ItemQueueTest : public testing::Test {
 protected:
  Item* Append() {
    auto item = std::make_unique<Counted>(&alive);
    Item* const added = item.get();
    queue.Append(std::move(item));
    return added;
  }

  int alive = 0;
  ItemQueue queue;
};

TEST_F(ItemQueueTest, IsEmptyAtFirst) {
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.front(), nullptr);
  EXPECT_EQ(queue.back(), nullptr);
}

TEST_F(ItemQueueTest, ItemsComeOutInTheOrderTheyCameIn) {
  std::vector<Item*> added;
  for (int i = 0; i < 5; ++i) added.push_back(Append());
  for (Item* item : added) {
    EXPECT_EQ(queue.front(), item);
    EXPECT_EQ(queue.back(), added.back());
    EXPECT_EQ(queue.PopFront().get(), item);
  }
  EXPECT_TRUE(queue.empty());
}

TEST_F(ItemQueueTest, GoesOnAfterItWasEmpty) {
  Append();
  queue.PopFront();
  Item* const next = Append();
  EXPECT_EQ(queue.front(), next);
  EXPECT_EQ(queue.back(), next);
}

TEST(ItemQueue, ItsItemsGoWithIt) {
  int alive = 0;
  {
    ItemQueue queue;
    for (int i = 0; i < 3; ++i) queue.Append(std::make_unique<Counted>(&alive));
    queue.PopFront();
    EXPECT_EQ(alive, 2);
  }
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace sequent::engine
