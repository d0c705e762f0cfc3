// What validations decide: which weights are the best, when to stop early, and the factor of the
// plateau schedule.
//
// Thread safety: one user at a time.
#ifndef SEQUENT_CORE_TRAIN_SELECTION_H_
#define SEQUENT_CORE_TRAIN_SELECTION_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/status.h"
#include "core/train/checkpoint.h"
#include "core/train/trainer.h"

namespace sequent::train {

// Whether of this measure, named as in Measures ("loss", "macro_f1", "topic/f1.sport"), the
// greatest is the best: accuracy, f1, macro_f1, precision, recall and skill, with its interval.
bool LargerIsBetter(std::string_view measure);

// Fills in monitor and mode, and checks them. `key`: "early_stopping".
Status ResolveMonitor(const std::string& key, std::string* monitor, std::string* mode);

class Selection {
 public:
  // `options` as ResolveTrainOptions left them.
  explicit Selection(const v1::TrainOptions& options);

  // INVALID_ARGUMENT: a measure that is monitored is not among them. OUT_OF_RANGE: it, or the
  // loss, is not finite.
  Status Check(const Measures& measures) const;
  // After Check. True if these are the best measures so far.
  bool Take(uint64_t update, const Measures& measures);

  bool has_best() const { return best_update_ > 0; }
  uint64_t best_update() const { return best_update_; }
  const Measures& best_measures() const { return best_measures_; }
  bool OutOfPatience() const;
  // What the plateau schedule multiplies the rate by; 1 for all others.
  double rate_factor() const { return plateau_.factor; }

  void Save(Checkpoint* checkpoint) const;
  void Restore(const Checkpoint& checkpoint);

 private:
  void TakePlateau(double value);

  const v1::TrainOptions options_;
  Measures best_measures_;
  uint64_t best_update_ = 0;  // 0: nothing was validated yet
  Patience patience_;
  PlateauState plateau_;
};

}  // namespace sequent::train

#endif  // SEQUENT_CORE_TRAIN_SELECTION_H_
