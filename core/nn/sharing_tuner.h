// How the threads of a pool share the ticks of a model that is being served: as a plan says, until
// the ticks themselves say otherwise.
//
// A plan was measured in some moment before anyone was served. A virtual machine's other core may
// have been away in it, and later on other programs, or the server's own other threads, may want
// the cores. So now and then some ticks are shared in another way (a trial). A way that keeps
// winning trials takes over; one that keeps losing them is tried less and less often, down to one
// trial in some thousand ticks. It changes no bits (batch invariance).
//
// Thread safety: one user at a time.
#ifndef SEQUENT_CORE_NN_SHARING_TUNER_H_
#define SEQUENT_CORE_NN_SHARING_TUNER_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/nn/sharing.h"

namespace sequent {

class SharingTuner {
 public:
  // Never shares.
  SharingTuner() = default;
  // Begins with `plan`.
  explicit SharingTuner(const SharingPlan& plan);

  // How the next tick, of so many rows, is to be shared. Took() must follow.
  Sharing Next(size_t rows);
  // Whether that is a trial: its time says nothing about the ticks to come.
  bool trying() const { return sizes_[size_].runs_left > 0; }
  // What that tick took: seconds for ticks that are all alike, else seconds over those that were
  // expected of its rows and steps; 0: not known.
  void Took(double cost);

 private:
  struct Challenger {
    uint32_t wait, left;  // ticks from one trial to the next, and to go
    uint32_t wins;        // more than losses
  };
  // What is known of one class of sizes.
  struct Size {
    Sharing best = Sharing::kNone;
    double cost = 0;  // of the last tick that was no trial
    Sharing tried = Sharing::kNone;
    int runs_left = 0;  // of the trial under way
    std::array<Challenger, kSharings> challengers = {};
  };

  static void SetBest(Sharing best, Size* size);
  static void Judge(bool won, Size* size);

  bool shares_ = false;
  std::array<Size, SharingPlan::kClasses> sizes_;
  size_t size_ = 0;  // class of the last tick
};

}  // namespace sequent

#endif  // SEQUENT_CORE_NN_SHARING_TUNER_H_
