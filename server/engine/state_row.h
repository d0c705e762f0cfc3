// One row of a StateSlab, given back when its owner goes.
//
// Thread safety: one owner at a time.
#ifndef SEQUENT_SERVER_ENGINE_STATE_ROW_H_
#define SEQUENT_SERVER_ENGINE_STATE_ROW_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "core/nn/state_slab.h"

namespace sequent::engine {

class StateRow {
 public:
  StateRow() = default;
  // A zeroed row; invalid if there is no memory.
  static StateRow Allocate(StateSlab* slab) {
    const std::optional<RowRef> ref = slab->Allocate();
    return ref ? StateRow(slab, *ref) : StateRow();
  }
  StateRow(StateRow&& other) noexcept
      : slab_(std::exchange(other.slab_, nullptr)), ref_(std::exchange(other.ref_, {})) {}
  StateRow& operator=(StateRow&& other) noexcept {
    if (this == &other) return *this;
    Reset();
    slab_ = std::exchange(other.slab_, nullptr);
    ref_ = std::exchange(other.ref_, {});
    return *this;
  }
  ~StateRow() { Reset(); }

  bool valid() const { return slab_ != nullptr; }
  std::byte* data() const { return slab_->Data(ref_); }
  size_t bytes() const { return slab_->row_bytes(); }
  // StateSlab::Prefetch; nothing if there is no row.
  void Prefetch() const {
    if (slab_ != nullptr) slab_->Prefetch(ref_);
  }
  void Reset() {
    if (slab_ != nullptr) slab_->Release(ref_);
    slab_ = nullptr;
    ref_ = {};
  }

  // Another row of the same slab with the same bytes; invalid if there is no memory.
  StateRow Copy() const {
    const std::optional<RowRef> ref = slab_->AllocateUnset();
    if (!ref) return StateRow();
    StateRow copy(slab_, *ref);
    std::memcpy(copy.data(), data(), bytes());
    return copy;
  }

 private:
  StateRow(StateSlab* slab, RowRef ref) : slab_(slab), ref_(ref) {}

  StateSlab* slab_ = nullptr;
  RowRef ref_;
};

// Rows of one slab that steps have worked in, kept for the next ones: every step takes a row and
// gives one back, and need not ask the slab for either.
//
// Thread safety: one user at a time, but for bytes().
class SpareRows {
 public:
  explicit SpareRows(size_t row_bytes)
      : row_bytes_(row_bytes), most_(std::min(kMostRows, kMostBytes / row_bytes)) {
    rows_.reserve(most_);
  }

  // StateRow::Copy, into one of these if there is one.
  StateRow Copy(const StateRow& row) {
    if (rows_.empty()) return row.Copy();
    StateRow copy = std::move(rows_.back());
    rows_.pop_back();
    bytes_.store(rows_.size() * row_bytes_, std::memory_order_relaxed);
    std::memcpy(copy.data(), row.data(), row_bytes_);
    return copy;
  }
  // Releases it if there are enough.
  void Keep(StateRow row) {
    if (rows_.size() == most_) return;
    rows_.push_back(std::move(row));
    bytes_.store(rows_.size() * row_bytes_, std::memory_order_relaxed);
  }
  // Of all that are kept.
  size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kMostRows = 512, kMostBytes = 1 << 20;

  const size_t row_bytes_, most_;
  std::vector<StateRow> rows_;
  std::atomic<size_t> bytes_{0};
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_STATE_ROW_H_
