// Memory for the length of one pass: handed out by moving a pointer, taken back all at once.
//
// Thread safety: one user at a time.
#ifndef SEQUENT_CORE_NN_ARENA_H_
#define SEQUENT_CORE_NN_ARENA_H_

#include <cstddef>
#include <type_traits>
#include <vector>

#include "core/base/aligned.h"

namespace sequent {

class Arena {
 public:
  // `n` values of T, 64-byte aligned and uninitialised, good until Reset.
  template <typename T>
  T* Allocate(size_t n) {
    static_assert(std::is_trivially_destructible_v<T>);
    return reinterpret_cast<T*>(AllocateBytes(RoundUp(n * sizeof(T), kAlignment)));
  }

  // `rows` vectors of `width` floats on cache-line boundaries; returns their addresses.
  float** AllocateRows(size_t rows, size_t width) {
    const size_t stride = RoundUp(width, kAlignment / sizeof(float));
    float* values = Allocate<float>(rows * stride);
    float** addresses = Allocate<float*>(rows);
    for (size_t r = 0; r < rows; ++r) addresses[r] = values + r * stride;
    return addresses;
  }

  // Takes everything back. If it did not fit into one block, makes one that it fits into, so that
  // the same pass again allocates nothing.
  void Reset();

 private:
  std::byte* AllocateBytes(size_t bytes);

  std::vector<AlignedVector<std::byte>> blocks_;  // the last one is being filled
  size_t used_ = 0;                               // bytes of the last block
  size_t full_ = 0;                               // bytes of the blocks before it
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_ARENA_H_
