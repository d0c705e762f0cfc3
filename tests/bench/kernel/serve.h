// A contestant at another program's service: tools/bench_peers.py runs ours between its own.
#ifndef SEQUENT_TESTS_BENCH_KERNEL_SERVE_H_
#define SEQUENT_TESTS_BENCH_KERNEL_SERVE_H_

#include <istream>
#include <ostream>

namespace sequent::bench {

// Answers each line of `in` with one of `out`, until the end:
//
//   make NAME CELL H B T    "ok": contestant NAME (ours, onednn, eigen) made; "none" if it is not
//                           there. At most one of each name is kept.
//   time NAME SECONDS       seconds per call, over a window of about that length
//   outputs NAME            the hidden states [T, B, H] of a first call, separated by blanks
//
// Anything else: "error ...". Returns the program's exit status.
int Serve(std::istream& in, std::ostream& out);

}  // namespace sequent::bench

#endif  // SEQUENT_TESTS_BENCH_KERNEL_SERVE_H_
