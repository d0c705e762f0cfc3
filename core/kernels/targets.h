// Which SIMD targets are compiled. Included before Highway by every .cc of this folder.
//
// Left out: scalable vectors, which cannot stand in arrays of accumulators; SSSE3 and AVX3_DL,
// which offer nothing over their neighbours here.
#ifndef SEQUENT_CORE_KERNELS_TARGETS_H_
#define SEQUENT_CORE_KERNELS_TARGETS_H_

#define HWY_DISABLED_TARGETS \
  (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV | HWY_SSSE3 | HWY_AVX3_DL)

#endif  // SEQUENT_CORE_KERNELS_TARGETS_H_
