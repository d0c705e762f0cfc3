// What this core can do at best: multiply-adds in registers, and reading memory.
//
// A probe is a window of a few hundred microseconds to be run between the windows of a measurement:
// clocks and neighbours move, and only the best of many windows says where the limit is.
#ifndef SEQUENT_TESTS_BENCH_KERNEL_PROBE_H_
#define SEQUENT_TESTS_BENCH_KERNEL_PROBE_H_

#include <cstddef>

#include "core/base/aligned.h"

namespace sequent::bench {

// fp32 operations per second, a multiply-add being two, over one window: independent fused chains
// in registers, on the SIMD target that the kernels' run-time dispatch takes.
double ProbeFlops();

// Reads a buffer of the size, and from memory of the kind, that weights have.
class BandwidthProbe {
 public:
  explicit BandwidthProbe(size_t bytes);

  // Bytes per second over one window, the buffer having been read a few times before. Windows take
  // turns between several ways of reading (one stream or four, with and without prefetching).
  double Window();

 private:
  AlignedVector<float> buffer_;
  size_t turn_ = 0;
};

}  // namespace sequent::bench

#endif  // SEQUENT_TESTS_BENCH_KERNEL_PROBE_H_
