// The processor's cores as this process may use them.
//
// Thread safety: thread-safe.
#ifndef SEQUENT_CORE_BASE_CORES_H_
#define SEQUENT_CORE_BASE_CORES_H_

#include <cstddef>

namespace sequent {

// How many cores the calling thread may run on, at least 1: std::thread::hardware_concurrency
// counts those it is kept from too.
size_t UsableCores();

// Whether the calling thread, when it wakes, waits until whoever has its core comes to a rest or to
// the end of its time (SCHED_BATCH), or may interrupt it, as threads do at first (SCHED_OTHER).
// Costs next to nothing when nothing changes.
void WaitForTurn(bool wait);

}  // namespace sequent

#endif  // SEQUENT_CORE_BASE_CORES_H_
