// One point of the grid: several contestants on one shape, in rounds.
#ifndef SEQUENT_TESTS_BENCH_KERNEL_POINT_H_
#define SEQUENT_TESTS_BENCH_KERNEL_POINT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/kernel/bound.h"
#include "tests/bench/kernel/contestant.h"
#include "tests/bench/kernel/rounds.h"
#include "tests/bench/kernel/shape.h"

namespace sequent::bench {

// What a point says about one contestant.
struct Timing {
  std::string name;
  size_t weight_bytes;          // of one weight
  std::vector<double> seconds;  // per call, one a round
  std::vector<double> bounds;   // the same, probed beside it
};

struct PointResult {
  Shape shape;
  std::string kind;
  std::vector<Timing> timings;  // ours, or our usual way, first
};

class Point {
 public:
  Point(const Shape& shape, std::string kind) : result_{shape, std::move(kind), {}} {}

  void Add(std::string name, std::unique_ptr<Contestant> contestant,
           size_t weight_bytes = sizeof(float));

  // The largest difference between the first outputs of the first contestant and of the others.
  double LargestDifference();

  // One window for every contestant; the bound's before and after the first one's, and of those
  // with weights of another size. Returns the first one's seconds per call.
  double Round(double window, Bound* bound);

  const PointResult& result() const { return result_; }

 private:
  PointResult result_;
  std::vector<std::unique_ptr<Contestant>> contestants_;
  std::vector<Window> windows_;
};

}  // namespace sequent::bench

#endif  // SEQUENT_TESTS_BENCH_KERNEL_POINT_H_
