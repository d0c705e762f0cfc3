// The figures of a run as JSON, for tools/bench_report.py.
#ifndef SEQUENT_TESTS_BENCH_KERNEL_REPORT_H_
#define SEQUENT_TESTS_BENCH_KERNEL_REPORT_H_

#include <string>
#include <vector>

#include "tests/bench/kernel/bound.h"
#include "tests/bench/kernel/point.h"

namespace sequent::bench {

// {"target", "products" (winograd or multiply-add), "peak" (operations/s),
//  "neighbours" (processor seconds per second),
//  "bandwidth": [{"bytes", "bytes_per_second"}],
//  "points": [{"kind", "cell", "units", "rows", "steps", "rounds",
//              "seconds": {name: median per call}, "bounds": {name: seconds per call},
//              "ratios": {name: median of its time / the first one's}}]}
std::string Report(const std::vector<PointResult>& results, const Bound& bound, double neighbours);

}  // namespace sequent::bench

#endif  // SEQUENT_TESTS_BENCH_KERNEL_REPORT_H_
