#include "server/engine/recycler.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace sequent::engine {
namespace {

// Each test has a type of its own: what its thread keeps, no other test finds.
template <int kTest>
struct Object {
  Object() { ++made; }
  ~Object() { ++gone; }
  static inline int made = 0, gone = 0;
};

TEST(Recycler, MakesWhatNobodyHasGiven) {
  using One = Object<1>;
  Recycler<One> recycler;
  const auto a = recycler.Take(), b = recycler.Take();
  EXPECT_NE(a, b);
  EXPECT_EQ(One::made, 2);
}

TEST(Recycler, GivesOutWhatItWasGiven) {
  using One = Object<2>;
  Recycler<One> recycler;
  std::unique_ptr<One> object = recycler.Take();
  One* const same = object.get();
  recycler.Give(std::move(object));
  EXPECT_EQ(recycler.Take().get(), same);
  EXPECT_EQ(One::made, 1);
}

TEST(Recycler, WhatOneThreadGivesAnotherTakes) {
  using One = Object<3>;
  constexpr int kCount = 1000;
  Recycler<One> recycler;
  std::vector<std::unique_ptr<One>> objects;
  for (int i = 0; i < kCount; ++i) objects.push_back(recycler.Take());
  std::thread([&] {
    for (auto& object : objects) recycler.Give(std::move(object));
  }).join();
  std::set<std::unique_ptr<One>> taken;
  for (int i = 0; i < kCount; ++i) taken.insert(recycler.Take());
  EXPECT_EQ(taken.size(), static_cast<size_t>(kCount));
  // All but what that thread had kept, and took along.
  EXPECT_GT(One::gone, 0);
  EXPECT_LT(One::gone, kCount / 10);
  EXPECT_EQ(One::made, kCount + One::gone);
}

TEST(Recycler, KeepsABoundedNumber) {
  using One = Object<4>;
  constexpr int kCount = 10'000;
  Recycler<One> recycler;
  std::vector<std::unique_ptr<One>> objects;
  for (int i = 0; i < kCount; ++i) objects.push_back(recycler.Take());
  for (auto& object : objects) recycler.Give(std::move(object));
  EXPECT_GT(One::gone, kCount / 2);
  EXPECT_LT(One::gone, kCount);
}

}  // namespace
}  // namespace sequent::engine
