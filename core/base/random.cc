#include "core/base/random.h"

#include <cmath>
#include <numbers>

namespace sequent {
namespace {

uint64_t Mix(uint64_t x) {  // splitmix64's finaliser
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

std::array<uint32_t, 4> Block(uint64_t key, uint64_t i) {
  return Philox(key, {static_cast<uint32_t>(i), static_cast<uint32_t>(i >> 32), 0, 0});
}

double ToUnit(uint32_t high, uint32_t low) {
  return static_cast<double>((static_cast<uint64_t>(high) << 32 | low) >> 11) * 0x1p-53;
}

}  // namespace

std::array<uint32_t, 4> Philox(uint64_t key, std::array<uint32_t, 4> counter) {
  uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = uint64_t{0xD2511F53} * counter[0];
    const uint64_t p1 = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(p1 >> 32) ^ counter[1] ^ k0, static_cast<uint32_t>(p1),
               static_cast<uint32_t>(p0 >> 32) ^ counter[3] ^ k1, static_cast<uint32_t>(p0)};
    k0 += 0x9E3779B9;
    k1 += 0xBB67AE85;
  }
  return counter;
}

RandomStream::RandomStream(uint64_t seed, uint64_t a, uint64_t b)
    : key_(Mix(Mix(Mix(seed) ^ a) ^ b)) {}

uint64_t RandomStream::Bits(uint64_t i) const {
  const auto block = Block(key_, i);
  return static_cast<uint64_t>(block[1]) << 32 | block[0];
}

double RandomStream::Uniform(uint64_t i) const {
  const auto block = Block(key_, i);
  return ToUnit(block[1], block[0]);
}

double RandomStream::Normal(uint64_t i) const {
  const auto block = Block(key_, i);
  const double radius = std::sqrt(-2.0 * std::log(1.0 - ToUnit(block[1], block[0])));
  return radius * std::cos(2.0 * std::numbers::pi * ToUnit(block[3], block[2]));
}

uint64_t Permute(uint64_t key, uint64_t n, uint64_t i) {
  int half_bits = 1;
  while (half_bits < 32 && (uint64_t{1} << (2 * half_bits)) < n) ++half_bits;
  const uint64_t mask = (uint64_t{1} << half_bits) - 1;
  do {
    uint64_t left = i >> half_bits, right = i & mask;
    for (uint32_t round = 0; round < 6; ++round) {
      const auto block = Philox(key, {static_cast<uint32_t>(right), round, 0, 1});
      const uint64_t next = left ^ (block[0] & mask);
      left = right;
      right = next;
    }
    i = left << half_bits | right;
  } while (i >= n);
  return i;
}

}  // namespace sequent
