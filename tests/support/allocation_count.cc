#include "tests/support/allocation_count.h"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

std::atomic<int64_t> allocations{0};

void* Counted(size_t bytes, size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

void* CountedOrAbort(size_t bytes, size_t alignment) {
  void* memory = Counted(bytes, alignment);
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

namespace sequent {

int64_t AllocationCount() { return allocations.load(); }

}  // namespace sequent

// Out of line, or the compiler sees free() meet operator new and warns. The array forms call these.
#define NOT_INLINE __attribute__((noinline))
NOT_INLINE void* operator new(size_t bytes) {
  return CountedOrAbort(bytes, alignof(std::max_align_t));
}
NOT_INLINE void* operator new(size_t bytes, std::align_val_t alignment) {
  return CountedOrAbort(bytes, static_cast<size_t>(alignment));
}
NOT_INLINE void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  return Counted(bytes, alignof(std::max_align_t));
}
NOT_INLINE void* operator new(size_t bytes, std::align_val_t alignment,
                              const std::nothrow_t&) noexcept {
  return Counted(bytes, static_cast<size_t>(alignment));
}
NOT_INLINE void operator delete(void* memory) noexcept { std::free(memory); }
NOT_INLINE void operator delete(void* memory, size_t) noexcept { std::free(memory); }
NOT_INLINE void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
NOT_INLINE void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  std::free(memory);
}
