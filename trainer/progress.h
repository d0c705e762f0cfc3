// How a fit is going, for people: a bar on a terminal, plain lines every so many seconds elsewhere.
//
// Thread safety: one user at a time.
#ifndef SEQUENT_TRAINER_PROGRESS_H_
#define SEQUENT_TRAINER_PROGRESS_H_

#include <cstdio>
#include <string>

#include "core/base/status.h"
#include "core/train/trainer.h"

namespace sequent {

enum class ProgressKind { kNone, kPlain, kBar };

// "auto" (a bar if `out` is a terminal, else plain), "bar", "plain", "none".
StatusOr<ProgressKind> ParseProgress(const std::string& text, std::FILE* out);

class Progress {
 public:
  // `unit`: what a symbol is called, "characters". Does not own `out`.
  Progress(ProgressKind kind, std::string unit, std::FILE* out)
      : kind_(kind), unit_(std::move(unit)), out_(out) {}

  void Update(const train::UpdateEvent& event);
  void Validation(const train::ValidationEvent& event);
  // Takes the bar away, so that other text can follow.
  void Clear();

 private:
  std::string Describe(const train::UpdateEvent& event) const;

  const ProgressKind kind_;
  const std::string unit_;
  std::FILE* const out_;
  uint64_t first_update_ = 0, symbols_ = 0;
  double shown_at_ = -1e9;  // seconds
  bool bar_shown_ = false;
};

}  // namespace sequent

#endif  // SEQUENT_TRAINER_PROGRESS_H_
