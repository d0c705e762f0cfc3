// How the threads of a pool share a tick.
//
//   kRows    each thread takes some of the rows through all layers: no thread waits for another,
//            but each streams all weights
//   kPanels  all threads take every row through one layer, each for some of its outputs: each
//            streams its part of the weights only, but they meet after every product
//
// Which is faster depends on the layers, the rows and the machine's caches, so it is measured, at
// load and again while serving (sharing_tuner.h). It changes no bits (batch invariance).
#ifndef SEQUENT_CORE_NN_SHARING_H_
#define SEQUENT_CORE_NN_SHARING_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace sequent {

enum class Sharing : uint8_t { kNone, kRows, kPanels };
inline constexpr size_t kSharings = 3;

class SharingPlan {
 public:
  explicit SharingPlan(Sharing always = Sharing::kNone) { best_.fill(always); }

  // `run(rows, sharing)` runs one step of so many rows and returns the seconds it took. Takes up to
  // a quarter of a second, or as long as nine steps of one row take.
  static SharingPlan Measure(const std::function<double(size_t rows, Sharing sharing)>& run);

  Sharing For(size_t rows) const;

  // Sizes that are shared alike: 1, 2 .. 3, 4 .. 7, .., 512 and more rows.
  static constexpr size_t kClasses = 10;
  static size_t Class(size_t rows);

  // What another core has to win to be worth keeping from others: a tick's time falls below this
  // part of what it was.
  static constexpr double kWorthwhile = 0.9;

 private:
  std::array<Sharing, kClasses> best_;
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_SHARING_H_
