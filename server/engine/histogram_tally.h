// Observations of one histogram, gathered and added at once: a histogram takes a lock per call,
// and what is observed per request is many times a tick.
//
// Thread safety: one user at a time.
#ifndef SEQUENT_SERVER_ENGINE_HISTOGRAM_TALLY_H_
#define SEQUENT_SERVER_ENGINE_HISTOGRAM_TALLY_H_

#include <cstddef>
#include <vector>

namespace prometheus {
class Histogram;
}  // namespace prometheus

namespace sequent::engine {

// The buckets of all metrics in seconds: upper bounds, rising.
const std::vector<double>& SecondsBuckets();

// For histograms with these buckets.
class SecondsTally {
 public:
  SecondsTally();
  void Add(double seconds);
  size_t count() const { return count_; }
  // Adds what has been gathered to `histogram` and begins anew.
  void Flush(prometheus::Histogram* histogram);

 private:
  std::vector<double> buckets_;  // observations per bucket
  double sum_ = 0;
  size_t count_ = 0;
};

}  // namespace sequent::engine

#endif  // SEQUENT_SERVER_ENGINE_HISTOGRAM_TALLY_H_
