// tries.jsonl: what has been tried, so that a search can be taken up where it was left.
//
// The first line says which search this is; then one line a try. A line is appended when its try is
// over, and is whole or cut off. Thread safety: one user at a time.
#ifndef SEQUENT_TRAINER_TUNE_JOURNAL_H_
#define SEQUENT_TRAINER_TUNE_JOURNAL_H_

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/train/trainer.h"
#include "trainer/tune_plan.h"

namespace sequent {

struct TuneTry {
  std::vector<std::string> texts;  // of each key of the plan
  double metric = 0;               // not finite: it failed
  train::Measures measures;        // of the validation part
  std::string failure;             // why, if it failed
  uint64_t updates = 0;
  double seconds = 0;
};

class TuneJournal {
 public:
  // Opens `path`; with `resume` keeps what is there, if it is of the same search on the same data
  // (else FAILED_PRECONDITION, naming what differs), and begins anew without. More or fewer tries,
  // other threads and another place for the output are the same search.
  static StatusOr<std::unique_ptr<TuneJournal>> Open(const std::string& path, const TunePlan& plan,
                                                     const std::string& data_sha256, bool resume);

  const std::vector<TuneTry>& tries() const { return tries_; }
  // UNAVAILABLE: it could not be written.
  Status Add(const TuneTry& one);

 private:
  TuneJournal(std::string path, const TunePlan& plan) : path_(std::move(path)), plan_(plan) {}
  // The lines of tries in `text`, up to the first that is not whole.
  Status Read(const std::string& text, std::string* kept);

  const std::string path_;
  const TunePlan plan_;
  std::ofstream out_;
  std::vector<TuneTry> tries_;
};

}  // namespace sequent

#endif  // SEQUENT_TRAINER_TUNE_JOURNAL_H_
