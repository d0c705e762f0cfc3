// State rows of one model version: fixed-size, 64-byte aligned, addressed by index.
//
// Rows live in blocks that never move, so a row's address is good until it is released. A released row
// is reused; it is zeroed first, so no state crosses sessions. Every allocation gets a new generation:
// a holder of a stale (index, generation) is found out.
//
// Thread safety: thread-safe; Data() of a row one holds needs no lock.
#ifndef SEQUENT_CORE_NN_STATE_SLAB_H_
#define SEQUENT_CORE_NN_STATE_SLAB_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

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
  // `row_bytes` is rounded up to a multiple of 64.
  explicit StateSlab(size_t row_bytes);
  ~StateSlab();
  StateSlab(const StateSlab&) = delete;
  StateSlab& operator=(const StateSlab&) = delete;

  // A zeroed row. nullopt only if 2^32 - 2 rows are out.
  std::optional<RowRef> Allocate();
  // Ignored (and false) if the generation is stale.
  bool Release(RowRef row);
  // The row's bytes, or nullptr if the generation is stale.
  std::byte* Data(RowRef row) const;

  size_t row_bytes() const { return row_bytes_; }
  size_t rows_in_use() const;

 private:
  // Implementation details belong to state_slab.cc's author; blocks of about 1 MiB, a free list.
  const size_t row_bytes_;
  struct Impl;
  Impl* impl_;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_STATE_SLAB_H_
