// One row of a StateSlab, given back when its owner goes.
//
// Thread safety: one owner at a time.
#ifndef SEQUENT_SERVER_ENGINE_STATE_ROW_H_
#define SEQUENT_SERVER_ENGINE_STATE_ROW_H_

#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>

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

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_STATE_ROW_H_
