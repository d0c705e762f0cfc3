// A server under load in a process of its own, on a core of its own: the echo, or a real server
// with one model. The program starts itself again for it.
//
// The parent talks to the child over its stdin and stdout: the child says on which port it
// listens, answers "k" with its KernelTime, and ends when its stdin does.
#ifndef SEQUENT_TESTS_BENCH_ECHO_BENCH_CHILD_H_
#define SEQUENT_TESTS_BENCH_ECHO_BENCH_CHILD_H_

#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "tests/bench/echo/kernel_timer.h"

namespace sequent::echo {

// Keeps the calling thread, and those it starts, on this core; < 0: anywhere.
Status StayOnCore(int core);

// The child's side; returns the program's exit code.
// The echo of the answer stored in the file `pattern`.
int ServeEcho(const std::string& pattern);
// A server of `repository`.
int ServeModels(const std::string& repository);

// The parent's side. Thread safety: one caller.
class BenchChild {
 public:
  // Starts this very program with `arguments`.
  explicit BenchChild(const std::vector<std::string>& arguments);
  // Ends it.
  ~BenchChild();
  BenchChild(const BenchChild&) = delete;
  BenchChild& operator=(const BenchChild&) = delete;

  std::string address() const;  // empty: it did not start
  pid_t pid() const { return pid_; }
  int64_t CpuNanos() const;  // of all its threads so far
  KernelTime Kernel();

 private:
  pid_t pid_ = -1;
  int port_ = 0;
  std::FILE* to_ = nullptr;
  std::FILE* from_ = nullptr;
};

}  // namespace sequent::echo

#endif  // SEQUENT_TESTS_BENCH_ECHO_BENCH_CHILD_H_
