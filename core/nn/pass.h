// What one pass through the layers works with besides the window: scratch, and how its products
// are walked over.
//
// A pass belongs to one thread. If it has a pool, that thread shares large products out by panels:
// each thread computes some of the outputs for all rows, so each keeps its part of the weights in
// its own cache. Panels do not know of each other: the bits are the same.
#ifndef SEQUENT_CORE_NN_PASS_H_
#define SEQUENT_CORE_NN_PASS_H_

#include <algorithm>
#include <cstddef>

#include "core/base/thread_pool.h"
#include "core/kernels/panel_walk.h"
#include "core/nn/arena.h"
#include "core/nn/weights.h"

namespace sequent {

struct Pass {
  Arena arena;
  ThreadPool* pool = nullptr;  // nullptr: this thread alone
  // From which end of the panels the window's first step begins; every step turns. Weights that do
  // not fit the cache are found there in part if one comes back the way one went.
  bool backwards = false;

  // Ends a window of so many steps.
  void NextWindow(size_t steps) {
    arena.Reset();
    backwards ^= steps % 2 == 1;
  }
  bool BackwardsAt(size_t step) const { return backwards ^ (step % 2 == 1); }

  // Calls body(PanelWalk) for all panels of products with `matrix` for so many rows, on one thread
  // or on several.
  template <typename Body>
  void ForPanels(const Weights& matrix, size_t rows, size_t step, const Body& body) const {
    const bool back = BackwardsAt(step);
    const size_t panels = matrix.panels();
    const size_t parts =
        pool == nullptr || !WorthSharing(matrix, rows) ? 1 : std::min(pool->threads(), panels);
    if (parts <= 1) return body(kernels::PanelWalk{.backwards = back});
    const auto run = [&](size_t part) {
      body(kernels::PanelWalk{
          .begin = panels * part / parts, .end = panels * (part + 1) / parts, .backwards = back});
    };
    // One captured pointer fits into std::function without an allocation.
    pool->Run(parts, [&run](size_t part) { run(part); });
  }

 private:
  // From some ten microseconds on: several times what a job of the pool costs. A few rows take no
  // longer than one: their time is the weights' way.
  static bool WorthSharing(const Weights& matrix, size_t rows) {
    constexpr size_t kWork = 1 << 20, kRowsForFree = 4;
    return matrix.work() * std::max(rows, kRowsForFree) >= kWork;
  }
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_PASS_H_
