// State rows of one model version: fixed-size, 64-byte aligned, addressed by index.
//
// Rows live in blocks of 1 to 2 MiB, or one row, that never move, so a row's address is good until
// it is released. A row is zeroed before it is handed out, so no state crosses sessions. Every
// allocation gets a new generation: a holder of a stale (index, generation) is found out.
//
// Thread safety: thread-safe; Data() takes no lock. A row's bytes belong to whoever holds it.
#ifndef SEQUENT_CORE_NN_STATE_SLAB_H_
#define SEQUENT_CORE_NN_STATE_SLAB_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/base/aligned.h"
#include "core/base/mutex.h"

namespace sequent {

struct RowRef {
  uint32_t index = UINT32_MAX;
  uint32_t generation = 0;
  bool valid() const { return index != UINT32_MAX; }
};

class StateSlab {
 public:
  // `row_bytes` > 0 is rounded up to a multiple of 64.
  explicit StateSlab(size_t row_bytes);
  ~StateSlab();
  StateSlab(const StateSlab&) = delete;
  StateSlab& operator=(const StateSlab&) = delete;

  // A zeroed row. nullopt if there is no memory, or 2^20 blocks (at least 1 TiB) or 2^32 - 2 rows
  // are out.
  std::optional<RowRef> Allocate();
  // The same, but with anything in it: for a caller that writes all of it at once.
  std::optional<RowRef> AllocateUnset();
  // Ignored (and false) if the generation is stale.
  bool Release(RowRef row);
  // The row's bytes, or nullptr if the generation is stale.
  std::byte* Data(RowRef row) const;

  // Begins to bring a row that is held, of up to a few KB, close to the processor: a million rows
  // are in no cache, and who knows that one will be used soon need not wait for it then.
  void Prefetch(RowRef row) const;

  size_t row_bytes() const { return row_bytes_; }
  size_t rows_in_use() const;

 private:
  struct Block;
  // Blocks are found through a table of two levels, each entry written once: readers need no lock.
  static constexpr size_t kFanout = 1024;
  using Leaf = std::array<std::atomic<Block*>, kFanout>;

  Block* FindBlock(uint32_t index) const;
  uint32_t InBlock(uint32_t index) const { return index & ((uint32_t{1} << block_bits_) - 1); }
  std::byte* RowBytes(Block* block, uint32_t index) const;
  bool AddBlock() SEQ_REQUIRES(mutex_);
  std::optional<uint32_t> TakeIndex();

  const size_t row_bytes_;
  const size_t block_bits_;  // a block has 2^block_bits_ rows, so that finding one divides nothing
  std::array<std::atomic<Leaf*>, kFanout> leaves_{};

  mutable Mutex mutex_;
  uint32_t free_head_ SEQ_GUARDED_BY(mutex_) = UINT32_MAX;  // free rows hold the next one's index
  uint64_t rows_made_ SEQ_GUARDED_BY(mutex_) = 0;           // rows ever handed out once
  uint64_t rows_backed_ SEQ_GUARDED_BY(mutex_) = 0;         // rows that blocks have been made for
  size_t in_use_ SEQ_GUARDED_BY(mutex_) = 0;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_STATE_SLAB_H_
