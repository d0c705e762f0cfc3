// The linker sends calls of Model::Run to __wrap_<its mangled name>, and __real_<...> is the
// function itself:
// -Wl,--wrap=_ZNK7sequent5Model3RunERKNS_9TickBatchEPNS_9WorkspaceEPNS_10ThreadPoolERKNS_11SharingPlanE
#include "tests/bench/echo/kernel_timer.h"

#include <time.h>

#include <atomic>

#include "core/nn/model.h"

namespace sequent::echo {
namespace {

std::atomic<int64_t> nanos{0}, ticks{0}, rows{0};

int64_t ThreadNanos() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace

KernelTime KernelTimeNow() { return {nanos.load(), ticks.load(), rows.load()}; }

}  // namespace sequent::echo

// A member function is called as a function whose first argument is the object.
extern "C" {

void __real__ZNK7sequent5Model3RunERKNS_9TickBatchEPNS_9WorkspaceEPNS_10ThreadPoolERKNS_11SharingPlanE(
    const sequent::Model* model, const sequent::TickBatch& batch, sequent::Workspace* workspace,
    sequent::ThreadPool* pool, const sequent::SharingPlan& plan);

void __wrap__ZNK7sequent5Model3RunERKNS_9TickBatchEPNS_9WorkspaceEPNS_10ThreadPoolERKNS_11SharingPlanE(
    const sequent::Model* model, const sequent::TickBatch& batch, sequent::Workspace* workspace,
    sequent::ThreadPool* pool, const sequent::SharingPlan& plan) {
  using namespace sequent::echo;
  const int64_t begin = ThreadNanos();
  __real__ZNK7sequent5Model3RunERKNS_9TickBatchEPNS_9WorkspaceEPNS_10ThreadPoolERKNS_11SharingPlanE(
      model, batch, workspace, pool, plan);
  nanos.fetch_add(ThreadNanos() - begin, std::memory_order_relaxed);
  ticks.fetch_add(1, std::memory_order_relaxed);
  rows.fetch_add(static_cast<int64_t>(batch.rows.size()), std::memory_order_relaxed);
}

}  // extern "C"
