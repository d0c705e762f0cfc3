#include "core/nn/state_slab.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

namespace sequent {
namespace {

constexpr size_t kBlockBytes = 1 << 20;  // at least
constexpr uint64_t kMaxRows = UINT32_MAX - 1;

}  // namespace

// Generations are odd while their row is held and even while it is free.
struct StateSlab::Block {
  std::byte* rows = nullptr;
  std::unique_ptr<std::atomic<uint32_t>[]> generations;

  ~Block() { ::operator delete(rows, std::align_val_t(kAlignment)); }
};

StateSlab::StateSlab(size_t row_bytes)
    : row_bytes_(RoundUp(std::max<size_t>(row_bytes, 1), kAlignment)),
      block_bits_(std::bit_width((kBlockBytes - 1) / row_bytes_)) {}

StateSlab::~StateSlab() {
  for (std::atomic<Leaf*>& entry : leaves_) {
    Leaf* leaf = entry.load(std::memory_order_relaxed);
    if (leaf == nullptr) break;
    for (std::atomic<Block*>& block : *leaf) delete block.load(std::memory_order_relaxed);
    delete leaf;
  }
}

StateSlab::Block* StateSlab::FindBlock(uint32_t index) const {
  const size_t block = index >> block_bits_;
  if (block >= kFanout * kFanout) return nullptr;
  const Leaf* leaf = leaves_[block / kFanout].load(std::memory_order_acquire);
  return leaf == nullptr ? nullptr : (*leaf)[block % kFanout].load(std::memory_order_acquire);
}

std::byte* StateSlab::RowBytes(Block* block, uint32_t index) const {
  return block->rows + InBlock(index) * row_bytes_;
}

bool StateSlab::AddBlock() {
  const size_t number = rows_backed_ >> block_bits_;
  const size_t rows = size_t{1} << block_bits_;
  if (number >= kFanout * kFanout) return false;
  std::atomic<Leaf*>& entry = leaves_[number / kFanout];
  if (entry.load(std::memory_order_relaxed) == nullptr) {
    auto* leaf = new (std::nothrow) Leaf{};
    if (leaf == nullptr) return false;
    entry.store(leaf, std::memory_order_release);
  }
  std::unique_ptr<Block> block(new (std::nothrow) Block);
  if (block == nullptr) return false;
  block->generations.reset(new (std::nothrow) std::atomic<uint32_t>[rows] {});
  block->rows = static_cast<std::byte*>(
      ::operator new(rows * row_bytes_, std::align_val_t(kAlignment), std::nothrow));
  if (block->generations == nullptr || block->rows == nullptr) return false;
  (*entry.load(std::memory_order_relaxed))[number % kFanout].store(block.release(),
                                                                   std::memory_order_release);
  rows_backed_ += rows;
  return true;
}

std::optional<uint32_t> StateSlab::TakeIndex() {
  MutexLock lock(&mutex_);
  uint32_t index = free_head_;
  if (index != UINT32_MAX) {
    std::memcpy(&free_head_, RowBytes(FindBlock(index), index), sizeof(free_head_));
  } else {
    if (rows_made_ == kMaxRows) return std::nullopt;
    if (rows_made_ == rows_backed_ && !AddBlock()) return std::nullopt;
    index = static_cast<uint32_t>(rows_made_++);
  }
  ++in_use_;
  return index;
}

std::optional<RowRef> StateSlab::Allocate() {
  const std::optional<RowRef> row = AllocateUnset();
  if (row) std::memset(RowBytes(FindBlock(row->index), row->index), 0, row_bytes_);
  return row;
}

std::optional<RowRef> StateSlab::AllocateUnset() {
  const std::optional<uint32_t> index = TakeIndex();
  if (!index) return std::nullopt;
  Block* block = FindBlock(*index);
  const uint32_t generation = block->generations[InBlock(*index)].fetch_add(1) + 1;
  return RowRef{.index = *index, .generation = generation};
}

bool StateSlab::Release(RowRef row) {
  Block* block = FindBlock(row.index);
  if (block == nullptr || row.generation % 2 == 0) return false;
  uint32_t held = row.generation;
  if (!block->generations[InBlock(row.index)].compare_exchange_strong(held, held + 1)) {
    return false;
  }
  MutexLock lock(&mutex_);
  std::memcpy(RowBytes(block, row.index), &free_head_, sizeof(free_head_));
  free_head_ = row.index;
  --in_use_;
  return true;
}

std::byte* StateSlab::Data(RowRef row) const {
  Block* block = FindBlock(row.index);
  if (block == nullptr || row.generation % 2 == 0) return nullptr;
  const uint32_t now = block->generations[InBlock(row.index)].load(std::memory_order_acquire);
  return now == row.generation ? RowBytes(block, row.index) : nullptr;
}

void StateSlab::Prefetch(RowRef row) const {
  constexpr size_t kMost = 2048;  // what a core has under way at a time, about
  Block* block = FindBlock(row.index);
  if (block == nullptr) return;
  __builtin_prefetch(&block->generations[InBlock(row.index)]);
  const std::byte* const bytes = RowBytes(block, row.index);
  for (size_t at = 0; at < std::min(row_bytes_, kMost); at += 64) __builtin_prefetch(bytes + at);
}

size_t StateSlab::rows_in_use() const {
  MutexLock lock(&mutex_);
  return in_use_;
}

}  // namespace sequent
