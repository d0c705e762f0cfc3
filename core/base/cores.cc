#include "core/base/cores.h"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace sequent {

size_t UsableCores() {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) {
    return static_cast<size_t>(std::max(CPU_COUNT(&cores), 1));
  }
  return std::max(std::thread::hardware_concurrency(), 1u);
}

void WaitForTurn(bool wait) {
  thread_local bool waits = false;
  if (waits == wait) return;
  waits = wait;
  const int from = wait ? SCHED_OTHER : SCHED_BATCH, to = wait ? SCHED_BATCH : SCHED_OTHER;
  const sched_param none = {};
  // Somebody may have chosen another policy, or may not allow any choice: then it stays.
  if (sched_getscheduler(0) == from) sched_setscheduler(0, to, &none);
}

}  // namespace sequent
