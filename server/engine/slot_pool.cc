#include "server/engine/slot_pool.h"

#include <new>

// Under AddressSanitizer a free slot is as untouchable as freed memory.
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, bytes)
#define ASAN_UNPOISON_MEMORY_REGION(address, bytes)
#endif

namespace sequent::engine {

void* SlotPool::Take(size_t bytes) {
  const size_t size_class = ClassOf(bytes);
  if (free_[size_class] == nullptr) AddBlock(size_class);
  Free* const slot = free_[size_class];
  ASAN_UNPOISON_MEMORY_REGION(slot, (size_class + 1) * kStep);
  free_[size_class] = slot->next;
  return slot;
}

void SlotPool::Give(void* slot, size_t bytes) {
  const size_t size_class = ClassOf(bytes);
  free_[size_class] = new (slot) Free{free_[size_class]};
  ASAN_POISON_MEMORY_REGION(slot, (size_class + 1) * kStep);
}

void SlotPool::AddBlock(size_t size_class) {
  const size_t bytes = (size_class + 1) * kStep;
  blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(kSlotsPerBlock * bytes));
  std::byte* const block = blocks_.back().get();
  for (size_t i = kSlotsPerBlock; i-- > 0;) Give(block + i * bytes, bytes);
}

}  // namespace sequent::engine
