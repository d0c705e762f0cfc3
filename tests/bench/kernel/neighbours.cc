#include "tests/bench/kernel/neighbours.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>

namespace sequent::bench {
namespace {

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

}  // namespace

Neighbours::Times Neighbours::Now() {
  Times now;
  now.wall =
      std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  rusage own = {};
  getrusage(RUSAGE_SELF, &own);
  now.own = Seconds(own.ru_utime) + Seconds(own.ru_stime);
  std::ifstream file("/proc/stat");
  std::string word;
  double user = 0, nice = 0, system = 0;
  if (file >> word >> user >> nice >> system) {
    now.all = (user + nice + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  return now;
}

double Neighbours::Busy() const {
  const Times now = Now();
  const double others = (now.all - begin_.all) - (now.own - begin_.own);
  return std::max(0.0, others / (now.wall - begin_.wall));
}

}  // namespace sequent::bench
