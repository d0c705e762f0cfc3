#include "core/nn/arena.h"

#include <algorithm>

namespace sequent {
namespace {

constexpr size_t kFirstBlock = 64 << 10;

}  // namespace

std::byte* Arena::AllocateBytes(size_t bytes) {
  if (blocks_.empty() || used_ + bytes > blocks_.back().size()) {
    const size_t last = blocks_.empty() ? 0 : blocks_.back().size();
    full_ += last;
    blocks_.emplace_back(std::max({bytes, 2 * last, kFirstBlock}));
    used_ = 0;
  }
  std::byte* result = blocks_.back().data() + used_;
  used_ += bytes;
  return result;
}

void Arena::Reset() {
  if (blocks_.size() > 1) {
    const size_t total = full_ + blocks_.back().size();
    blocks_.clear();
    blocks_.emplace_back(total);
  }
  used_ = full_ = 0;
}

}  // namespace sequent
