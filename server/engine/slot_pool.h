// Memory for many small objects of a few sizes, each of which may live long: slots of 16, 32, 48
// ... bytes without headers, cut from blocks of one size each.
//
// A slot that was given back is the next one taken. Blocks stay until the pool goes, so that what
// long-lived objects once took is theirs again, and short-lived allocations never settle among
// them. Thread safety: one user at a time.
#ifndef SEQUENT_SERVER_ENGINE_SLOT_POOL_H_
#define SEQUENT_SERVER_ENGINE_SLOT_POOL_H_

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace sequent::engine {

class SlotPool {
 public:
  static constexpr size_t kMaxBytes = 512;

  SlotPool() = default;
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;

  // Room for 1..kMaxBytes bytes, aligned for any object.
  void* Take(size_t bytes);
  // What Take(bytes) gave.
  void Give(void* slot, size_t bytes);

 private:
  static constexpr size_t kStep = 16;
  // Few enough that a pool with a single object is small.
  static constexpr size_t kSlotsPerBlock = 32;

  // What a free slot holds.
  struct Free {
    Free* next;
  };

  static size_t ClassOf(size_t bytes) { return (bytes - 1) / kStep; }
  void AddBlock(size_t size_class);

  std::array<Free*, kMaxBytes / kStep> free_{};  // by size class
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_SLOT_POOL_H_
