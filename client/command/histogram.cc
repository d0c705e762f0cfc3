#include "client/command/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sequent::client {
namespace {

constexpr int kPartBits = 7;  // 128 parts of each power of two
constexpr uint64_t kParts = 1 << kPartBits;
constexpr int kPowers = 45;  // up to 2^52 ns, about 52 days

// Values below 2 * kParts have a bucket each; above, the leading kPartBits + 1 bits name the
// bucket.
size_t BucketOf(uint64_t value) {
  const int power = std::max(0, static_cast<int>(std::bit_width(value)) - (kPartBits + 1));
  return static_cast<size_t>(power) * kParts + (value >> power);
}

int64_t UpperBound(size_t bucket) {
  if (bucket < 2 * kParts) return static_cast<int64_t>(bucket);
  const uint64_t power = bucket / kParts - 1;
  const uint64_t part = bucket - power * kParts;
  return static_cast<int64_t>(((part + 1) << power) - 1);
}

}  // namespace

Histogram::Histogram() : buckets_((kPowers + 1) * kParts) {}

void Histogram::Add(int64_t nanos) {
  nanos = std::max<int64_t>(nanos, 0);
  ++buckets_[std::min(BucketOf(static_cast<uint64_t>(nanos)), buckets_.size() - 1)];
  ++count_;
  max_ = std::max(max_, nanos);
  sum_ += static_cast<double>(nanos);
}

void Histogram::Merge(const Histogram& other) {
  for (size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

int64_t Histogram::Quantile(double fraction) const {
  if (count_ == 0) return 0;
  const auto wanted = std::max<uint64_t>(
      1, static_cast<uint64_t>(std::ceil(fraction * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return std::min(UpperBound(i), max_);
  }
  return max_;
}

}  // namespace sequent::client
