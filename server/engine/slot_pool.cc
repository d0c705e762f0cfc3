#include "server/engine/slot_pool.h"

#include <algorithm>
#include <bit>
#include <new>

// Under AddressSanitizer a free slot is as untouchable as freed memory.
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes)
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes)
#endif

namespace sequent::engine {

SlotPool::~SlotPool() {
  for (const Piece& piece : pieces_) ::operator delete(piece.memory);
}

size_t SlotPool::SizeOf(size_t bytes) {
  const size_t step = bytes <= kMaxSlot ? kStep : std::bit_floor(bytes - 1) / 4;
  return (bytes + step - 1) / step * step;
}

void* SlotPool::Take(size_t bytes) {
  if (bytes > kMaxSlot) return TakePiece(SizeOf(bytes));
  const size_t size_class = ClassOf(bytes);
  if (free_[size_class] == nullptr) AddBlock(size_class);
  Free* const slot = free_[size_class];
  ASAN_UNPOISON_MEMORY_REGION(slot, (size_class + 1) * kStep);
  free_[size_class] = slot->next;
  return slot;
}

void SlotPool::Give(void* memory, size_t bytes) {
  if (bytes > kMaxSlot) return GivePiece({SizeOf(bytes), memory});
  const size_t size_class = ClassOf(bytes);
  free_[size_class] = new (memory) Free{free_[size_class]};
  ASAN_POISON_MEMORY_REGION(memory, (size_class + 1) * kStep);
}

void SlotPool::AddBlock(size_t size_class) {
  const size_t bytes = (size_class + 1) * kStep;
  blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(kSlotsPerBlock * bytes));
  std::byte* const block = blocks_.back().get();
  for (size_t i = kSlotsPerBlock; i-- > 0;) Give(block + i * bytes, bytes);
}

void* SlotPool::TakePiece(size_t bytes) {
  const auto kept = std::find_if(pieces_.begin(), pieces_.end(),
                                 [&](const Piece& piece) { return piece.bytes == bytes; });
  if (kept == pieces_.end()) return ::operator new(bytes);
  void* const memory = kept->memory;
  pieces_.erase(kept);
  return memory;
}

void SlotPool::GivePiece(Piece piece) {
  if (piece.bytes > kMaxPiece) return ::operator delete(piece.memory);
  if (pieces_.size() == kMaxPieces) {
    ::operator delete(pieces_.front().memory);
    pieces_.erase(pieces_.begin());
  }
  pieces_.push_back(piece);
}

}  // namespace sequent::engine
