// Latencies counted in buckets of about 1 % width, from a nanosecond to hours, in constant memory:
// the idea of HdrHistogram (Tene), powers of two cut into equal parts.
//
// Thread safety: none; merge per-thread histograms.
#ifndef SEQUENT_CLIENT_COMMAND_HISTOGRAM_H_
#define SEQUENT_CLIENT_COMMAND_HISTOGRAM_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sequent::client {

class Histogram {
 public:
  Histogram();
  void Add(int64_t nanos);
  void Merge(const Histogram& other);

  uint64_t count() const { return count_; }
  int64_t max() const { return max_; }
  double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
  // The smallest bucket's upper bound that at least `fraction` of the values do not exceed; 0 if
  // empty.
  int64_t Quantile(double fraction) const;

 private:
  std::vector<uint64_t> buckets_;
  uint64_t count_ = 0;
  int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace sequent::client

#endif  // SEQUENT_CLIENT_COMMAND_HISTOGRAM_H_
