// Finds out, for third_level.h, whether this machine's third-level cache keeps up.
#ifndef SEQUENT_CORE_KERNELS_THIRD_LEVEL_PROBE_H_
#define SEQUENT_CORE_KERNELS_THIRD_LEVEL_PROBE_H_

namespace sequent::kernels {

// Measures at the first call in a process, which takes some ten milliseconds, and sets the answer.
// Thread safety: any thread; all return when the first one has measured.
void ProbeThirdLevel();

}  // namespace sequent::kernels

#endif  // SEQUENT_CORE_KERNELS_THIRD_LEVEL_PROBE_H_
