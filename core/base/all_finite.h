// Whether floats are numbers. Looked at as bits and without a branch per element, so that compilers
// make vectors of it: the engine looks at every output and every state it keeps.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_BASE_ALL_FINITE_H_
#define SEQUENT_CORE_BASE_ALL_FINITE_H_

#include <bit>
#include <cstddef>
#include <cstdint>

namespace sequent {

// No infinity and no NaN among the n values.
inline bool AllFinite(const float* values, size_t n) {
  constexpr uint32_t kExponent = 0x7f800000;
  uint32_t bad = 0;
  for (size_t i = 0; i < n; ++i) {
    bad |= (std::bit_cast<uint32_t>(values[i]) & kExponent) == kExponent ? 1 : 0;
  }
  return bad == 0;
}

// Nothing but zeros, of either sign.
inline bool AllZero(const float* values, size_t n) {
  uint32_t bits = 0;
  for (size_t i = 0; i < n; ++i) bits |= std::bit_cast<uint32_t>(values[i]) << 1;
  return bits == 0;
}

}  // namespace sequent

#endif  // SEQUENT_CORE_BASE_ALL_FINITE_H_
