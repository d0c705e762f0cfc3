// Whether floats are numbers: the engine looks at every output and every state it keeps.
//
// Thread safety: pure functions.
#ifndef SEQUENT_CORE_KERNELS_FINITE_H_
#define SEQUENT_CORE_KERNELS_FINITE_H_

#include <cstddef>

namespace sequent::kernels {

// No infinity and no NaN among the n values, which need not be aligned.
bool AllFinite(size_t n, const float* x);

// Nothing but zeros, of either sign.
bool AllZero(size_t n, const float* x);

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_FINITE_H_
