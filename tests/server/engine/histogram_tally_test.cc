#include "server/engine/histogram_tally.h"

#include <gtest/gtest.h>
#include <prometheus/histogram.h>

namespace sequent::engine {
namespace {

TEST(SecondsTally, AddsWhatObservingOneByOneWouldHaveAdded) {
  prometheus::Histogram at_once(SecondsBuckets()), one_by_one(SecondsBuckets());
  SecondsTally tally;
  // Within buckets, on their bounds, below and beyond them all.
  for (const double seconds : {0.0, 25e-6, 26e-6, 1e-3, 0.0011, 2.5, 3.0, 100.0}) {
    tally.Add(seconds);
    one_by_one.Observe(seconds);
  }
  tally.Flush(&at_once);
  const auto got = at_once.Collect().histogram, expected = one_by_one.Collect().histogram;
  EXPECT_EQ(got.sample_count, 8u);
  EXPECT_DOUBLE_EQ(got.sample_sum, expected.sample_sum);
  ASSERT_EQ(got.bucket.size(), expected.bucket.size());
  for (size_t i = 0; i < got.bucket.size(); ++i) {
    EXPECT_EQ(got.bucket[i].cumulative_count, expected.bucket[i].cumulative_count) << i;
  }
}

TEST(SecondsTally, BeginsAnewOnceFlushed) {
  prometheus::Histogram histogram(SecondsBuckets());
  SecondsTally tally;
  tally.Add(0.001);
  tally.Flush(&histogram);
  EXPECT_EQ(tally.count(), 0u);
  tally.Flush(&histogram);
  EXPECT_EQ(histogram.Collect().histogram.sample_count, 1u);
}

}  // namespace
}  // namespace sequent::engine
