#include "server/engine/histogram_tally.h"

#include <prometheus/histogram.h>

#include <algorithm>

namespace sequent::engine {

const std::vector<double>& SecondsBuckets() {
  static const auto* const kBuckets =
      new std::vector<double>{25e-6, 50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3,
                              0.01,  0.025, 0.05,   0.1,    0.25,   0.5,  1,      2.5};
  return *kBuckets;
}

SecondsTally::SecondsTally() : buckets_(SecondsBuckets().size() + 1) {}

void SecondsTally::Add(double seconds) {
  const std::vector<double>& bounds = SecondsBuckets();
  const auto bucket = std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin();
  buckets_[static_cast<size_t>(bucket)] += 1;
  sum_ += seconds;
  ++count_;
}

void SecondsTally::Flush(prometheus::Histogram* histogram) {
  if (count_ == 0) return;
  histogram->ObserveMultiple(buckets_, sum_);
  std::fill(buckets_.begin(), buckets_.end(), 0.0);
  sum_ = 0;
  count_ = 0;
}

}  // namespace sequent::engine
