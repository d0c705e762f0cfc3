// What of a process's CPU time went into the kernels: the CPU time of the threads that called
// Model::Run, from its beginning to its end.
//
// The program must be linked with the option that kernel_timer.cc names; Model::Run is then timed
// wherever it is called, without a line in the engine. Work that Run gives to other threads of a
// pool is not seen, so tick on one thread. The timer's own two system calls per tick count as the
// server's time, not as the kernels'.
//
// Thread safety: thread-safe.
#ifndef SEQUENT_TESTS_BENCH_ECHO_KERNEL_TIMER_H_
#define SEQUENT_TESTS_BENCH_ECHO_KERNEL_TIMER_H_

#include <cstdint>

namespace sequent::echo {

struct KernelTime {
  int64_t nanos = 0;
  int64_t ticks = 0;  // calls of Model::Run
  int64_t rows = 0;   // of them all
};

// Since the program began.
KernelTime KernelTimeNow();

}  // namespace sequent::echo

#endif  // SEQUENT_TESTS_BENCH_ECHO_KERNEL_TIMER_H_
