// The vector width of the SIMD target that the run-time dispatch chose, in floats.
#ifndef SEQUENT_CORE_KERNELS_LANES_H_
#define SEQUENT_CORE_KERNELS_LANES_H_

#include <cstddef>

namespace sequent::kernels {

size_t Lanes();

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_LANES_H_
