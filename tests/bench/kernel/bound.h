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
#ifndef SEQUENT_TESTS_BENCH_KERNEL_BOUND_H_
#define SEQUENT_TESTS_BENCH_KERNEL_BOUND_H_

#include <cstddef>
#include <map>
#include <memory>

#include "tests/bench/kernel/probe.h"
#include "tests/bench/kernel/shape.h"

namespace sequent::bench {

class Bound {
 public:
  // Runs one window of every probe that the bound of this shape needs. `weight_bytes`: of one
  // weight, 4, 2 or 1.
  void Probe(const Shape& shape, size_t weight_bytes);

  // Seconds per call, by the best of all windows so far; one at least must have been run for this
  // shape and size.
  double Seconds(const Shape& shape, size_t weight_bytes) const;

  double peak() const { return peak_; }  // operations per second
  // Bytes per second, by the size of the buffer in bytes.
  std::map<size_t, double> bandwidths() const;

 private:
  struct Reading {
    BandwidthProbe probe;
    double best = 0;
  };

  // Seconds of a product of `weights` weights, for `rows` rows.
  double Product(size_t weights, size_t weight_bytes, size_t rows, double bandwidth) const;

  double peak_ = 0;
  std::map<size_t, Reading> readings_;
};

}  // namespace sequent::bench

#endif  // SEQUENT_TESTS_BENCH_KERNEL_BOUND_H_
