// Which points are measured, and who takes part in them.
//
//   step       the grid, one step or sixteen, or whatever sizes are asked for: ours beside the
//              libraries
//   chunk      512 units, one row, 100 steps: ours beside the libraries
//   threads    512 units: Model::Run on one thread, on two
//   precision  Model::Run of fp32, bf16 and int8 weights; among the widths the largest multiple of
//              64 whose bf16 weights fit the L2 cache with room to spare
#ifndef SEQUENT_TESTS_BENCH_KERNEL_PLAN_H_
#define SEQUENT_TESTS_BENCH_KERNEL_PLAN_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "core/base/thread_pool.h"
#include "tests/bench/kernel/point.h"
#include "tests/bench/kernel/shape.h"

namespace sequent::bench {

// What is wanted; an empty list wants all that is planned.
struct Selection {
  std::vector<std::string> kinds, cells;
  std::vector<size_t> units, rows, steps;
};

struct Planned {
  std::string kind;
  Shape shape;
};

// The points of the plan that the selection has, neighbours sharing their weights.
std::vector<Planned> Plan(const Selection& selection);

// Makes the contestants of planned points. Thread safety: one caller.
class PointMaker {
 public:
  // Names of MakeContestant that ours is to be measured against; those that are not there are left
  // out. `two_threads` is for the points of that kind; it may be nullptr where there is one core.
  PointMaker(std::vector<std::string> against, ThreadPool* two_threads)
      : against_(std::move(against)), two_threads_(two_threads) {}

  std::unique_ptr<Point> Make(const Planned& planned);

  // How far the outputs of a point's contestants may be apart.
  static double Tolerance(const std::string& kind);

 private:
  const TensorMap& Weights(const Shape& shape);

  const std::vector<std::string> against_;
  ThreadPool* const two_threads_;
  Shape last_;
  TensorMap weights_;  // of last_
};

}  // namespace sequent::bench

#endif  // SEQUENT_TESTS_BENCH_KERNEL_PLAN_H_
