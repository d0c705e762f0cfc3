// Memory for many small objects, each of which may live long: slots of 16, 32, 48 ... bytes without
// headers, cut from blocks of one size each.
//
// A slot that was given back is the next one taken. Blocks stay until the pool goes, so that what
// long-lived objects once took is theirs again, and short-lived allocations never settle among
// them. What is larger comes from the heap and goes back to it, but for a few pieces that are kept
// for the next one of their size. Thread safety: one user at a time.
#ifndef SEQUENT_SERVER_ENGINE_SLOT_POOL_H_
#define SEQUENT_SERVER_ENGINE_SLOT_POOL_H_

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace sequent::engine {

class SlotPool {
 public:
  SlotPool() = default;
  ~SlotPool();
  SlotPool(const SlotPool&) = delete;
  SlotPool& operator=(const SlotPool&) = delete;

  // How many bytes Take(bytes) really gives: at most 15 more, or a quarter.
  static size_t SizeOf(size_t bytes);

  // Room for `bytes` > 0, aligned for any object.
  void* Take(size_t bytes);
  // What Take(bytes) gave.
  void Give(void* memory, size_t bytes);

 private:
  static constexpr size_t kStep = 16;
  static constexpr size_t kMaxSlot = 512;
  // Few enough that a pool with a single object is small.
  static constexpr size_t kSlotsPerBlock = 32;
  static constexpr size_t kMaxPieces = 8;
  static constexpr size_t kMaxPiece = 16 << 10;

  // What a free slot holds.
  struct Free {
    Free* next;
  };
  // Memory from the heap.
  struct Piece {
    size_t bytes;
    void* memory;
  };

  static size_t ClassOf(size_t bytes) { return (bytes - 1) / kStep; }
  void AddBlock(size_t size_class);
  void* TakePiece(size_t bytes);
  void GivePiece(Piece piece);

  std::array<Free*, kMaxSlot / kStep> free_{};  // by size class
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::vector<Piece> pieces_;  // kept ones, the oldest first
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_SLOT_POOL_H_
