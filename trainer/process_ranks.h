// The ranks that this process trains with.
#ifndef SEQUENT_TRAINER_PROCESS_RANKS_H_
#define SEQUENT_TRAINER_PROCESS_RANKS_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/status.h"
#include "core/train/ranks.h"

namespace sequent {

// "PMI_SIZE=2" if `environment` says that mpirun (or another starter of MPI programs) has started
// this process as one of several, else "": schedulers say 1 of any program.
std::string MarkOfRanks(const std::vector<std::pair<std::string, std::string>>& environment);

// Null if there is no mark. Else the module sequent_mpi.so joins the others, who wait for it;
// destroying the result leaves them, and waits for them to do so too. To be called once, by the
// main thread, which is the only one that may use the result. UNIMPLEMENTED: the module is not
// there; names the variable that says so.
StatusOr<std::unique_ptr<train::Ranks>> JoinRanks(
    const std::vector<std::pair<std::string, std::string>>& environment);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_PROCESS_RANKS_H_
