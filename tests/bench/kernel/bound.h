// The time that a layer cannot beat on this core: max(operations / peak, bytes / bandwidth), the
// bytes being the weights' and the bandwidth that of a buffer of their size.
//
// A call of one step reads both halves' weights in turn. In a call of several steps the input half
// is one product over all rows and steps, and the recurrent half runs step by step, reading its own
// weights again and again:
//
//   steps = 1:  one half of 2 weights            bandwidth at the size of both
//   steps > 1:  input half, all rows and steps   bandwidth at the size of both
//               + steps x recurrent half         bandwidth at the size of the recurrent half
//
// bf16 weights are half the bytes and computed with as fp32. int8 weights are a quarter of the
// bytes, and a vector instruction multiplies four times as many of them (where there is one).
//
// Clocks and neighbours move peak and bandwidth by several percent from one millisecond to the
// next, so a bound is probed beside the time that it is for.
#ifndef SEQUENT_TESTS_BENCH_KERNEL_BOUND_H_
#define SEQUENT_TESTS_BENCH_KERNEL_BOUND_H_

#include <cstddef>
#include <map>

#include "tests/bench/kernel/probe.h"
#include "tests/bench/kernel/shape.h"

namespace sequent::bench {

class Bound {
 public:
  // Seconds per call at this moment, by the probes that this shape needs. `weight_bytes`: of one
  // weight, 4, 2 or 1.
  double Probe(const Shape& shape, size_t weight_bytes);

  // The best of all moments so far. Operations per second:
  double peak() const { return peak_; }
  // Bytes per second, by the size of the buffer in bytes.
  std::map<size_t, double> bandwidths() const;

 private:
  struct Reading {
    BandwidthProbe probe;
    double best = 0;
  };

  double Bandwidth(size_t bytes);

  double peak_ = 0;
  std::map<size_t, Reading> readings_;
};

}  // namespace sequent::bench

#endif  // SEQUENT_TESTS_BENCH_KERNEL_BOUND_H_
