// Counter-based random numbers: a value is a pure function of a key and a counter, so any part of a
// computation can be redone, split or resumed and draws the same numbers.
//
// Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC
// 2011. Thread safety: all functions are pure.
#ifndef SEQUENT_CORE_BASE_RANDOM_H_
#define SEQUENT_CORE_BASE_RANDOM_H_

#include <array>
#include <cstdint>

namespace sequent {

// 128 random bits for (key, counter).
std::array<uint32_t, 4> Philox(uint64_t key, std::array<uint32_t, 4> counter);

// A family of independent streams: each (a, b) names one, and element i of it is drawn directly.
class RandomStream {
 public:
  // Any change of seed, a or b gives an unrelated stream.
  RandomStream(uint64_t seed, uint64_t a, uint64_t b);

  uint64_t Bits(uint64_t i) const;
  // In [0, 1), a multiple of 2^-53.
  double Uniform(uint64_t i) const;
  // Standard normal (Box-Muller on one Philox block).
  double Normal(uint64_t i) const;

 private:
  uint64_t key_;
};

// Where index i of 0..n-1 stands in the keyed random permutation of 0..n-1 (a Feistel network with
// cycle walking): seeks to any place in an epoch's order without making the whole order.
uint64_t Permute(uint64_t key, uint64_t n, uint64_t i);

}  // namespace sequent

#endif  // SEQUENT_CORE_BASE_RANDOM_H_
