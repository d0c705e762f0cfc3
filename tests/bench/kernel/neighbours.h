// How much of the machine others used while we measured: figures taken beside a compiler are wrong.
#ifndef SEQUENT_TESTS_BENCH_KERNEL_NEIGHBOURS_H_
#define SEQUENT_TESTS_BENCH_KERNEL_NEIGHBOURS_H_

namespace sequent::bench {

class Neighbours {
 public:
  // Counts from here on.
  Neighbours() : begin_(Now()) {}

  // Processor seconds that other programs of this system took, by second; 0 where /proc does not
  // say. The hypervisor's other guests cannot be seen.
  double Busy() const;

 private:
  struct Times {
    double all = 0, own = 0, wall = 0;  // seconds
  };
  static Times Now();

  const Times begin_;
};

}  // namespace sequent::bench

#endif  // SEQUENT_TESTS_BENCH_KERNEL_NEIGHBOURS_H_
