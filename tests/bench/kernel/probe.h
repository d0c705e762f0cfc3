// What this core can do at best: multiply-adds in registers, and reading memory.
//
// A probe is some windows of a few hundred microseconds, the best of which counts, to be run beside
// the windows of a measurement: clocks and neighbours move.
#ifndef SEQUENT_TESTS_BENCH_KERNEL_PROBE_H_
#define SEQUENT_TESTS_BENCH_KERNEL_PROBE_H_

#include <cstddef>

#include "core/base/aligned.h"

namespace sequent::bench {

// fp32 operations per second, a multiply-add being two: independent fused chains in registers, on
// the SIMD target that the kernels' run-time dispatch takes.
double ProbeFlops();

// Reads a buffer of the size, and from memory of the kind, that weights have.
class BandwidthProbe {
 public:
  explicit BandwidthProbe(size_t bytes);

  // Bytes per second by the best of several ways of reading (one stream or four, with and without
  // prefetching), a window each, the buffer having been read a few times before.
  double Best() const;

 private:
  AlignedVector<float> buffer_;
};

}  // namespace sequent::bench

#endif  // SEQUENT_TESTS_BENCH_KERNEL_PROBE_H_
