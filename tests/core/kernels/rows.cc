#include "tests/core/kernels/rows.h"

#include <algorithm>
#include <cstring>

#include "core/base/random.h"

namespace sequent::kernels {
namespace {

constexpr size_t kGuards = 3;  // odd, so that rows stand on every offset
constexpr float kGuard = -12345.678f;

}  // namespace

std::vector<float> RandomVector(size_t n, uint64_t seed, float deviation) {
  const RandomStream random(seed, 1, 1);
  std::vector<float> values(n);
  for (size_t i = 0; i < n; ++i) values[i] = static_cast<float>(random.Normal(i)) * deviation;
  return values;
}

bool SameBits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

Rows::Rows(size_t count, size_t width)
    : width_(width), data_(kGuards + count * (width + kGuards), kGuard) {
  for (size_t r = 0; r < count; ++r) {
    addresses_.push_back(data_.data() + kGuards + r * (width + kGuards));
  }
}

Rows::Rows(const Rows& other) : Rows(other.count(), other.width()) { data_ = other.data_; }

Rows Rows::Random(size_t count, size_t width, uint64_t seed) {
  Rows rows(count, width);
  for (size_t r = 0; r < count; ++r) {
    std::ranges::copy(RandomVector(width, seed * 1000 + r), rows[r].begin());
  }
  return rows;
}

Rows Rows::First(size_t count) const {
  Rows first(count, width_);
  std::copy_n(data_.begin(), first.data_.size(), first.data_.begin());
  return first;
}

bool Rows::GuardsHold() const {
  for (size_t at = 0; at < data_.size(); at += width_ + kGuards) {
    for (size_t i = 0; i < kGuards; ++i) {
      if (data_[at + i] != kGuard) return false;
    }
  }
  return true;
}

bool SameBits(const Rows& a, const Rows& b) {
  if (a.count() != b.count()) return false;
  for (size_t r = 0; r < a.count(); ++r) {
    if (!SameBits(a[r], b[r])) return false;
  }
  return true;
}

}  // namespace sequent::kernels
