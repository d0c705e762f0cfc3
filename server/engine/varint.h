// Unsigned numbers in as many bytes as they need: seven bits each, the lowest first, the top bit
// set in all but the last.
//
// For memory of our own: nothing is checked. Thread safety: pure functions.
#ifndef SEQUENT_SERVER_ENGINE_VARINT_H_
#define SEQUENT_SERVER_ENGINE_VARINT_H_

#include <cstddef>
#include <cstdint>

namespace sequent::engine {

inline size_t VarintBytes(uint64_t number) {
  size_t bytes = 1;
  while (number >>= 7) ++bytes;
  return bytes;
}

// Returns what is behind it.
inline std::byte* PutVarint(uint64_t number, std::byte* to) {
  for (; number > 0x7f; number >>= 7) *to++ = std::byte(number | 0x80);
  *to++ = std::byte(number);
  return to;
}

// Moves `from` behind it.
inline uint64_t GetVarint(const std::byte** from) {
  uint64_t number = 0;
  for (int shift = 0;; shift += 7) {
    const auto bits = static_cast<uint64_t>(*(*from)++);
    number |= (bits & 0x7f) << shift;
    if (bits < 0x80) return number;
  }
}

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_VARINT_H_
