// The numbered folders of runs below a run folder: folds/<n>, tries/<n>.
//
// Thread safety: one user of a folder at a time.
#ifndef SEQUENT_TRAINER_RUN_FOLDERS_H_
#define SEQUENT_TRAINER_RUN_FOLDERS_H_

#include <string>

#include "core/base/status.h"

namespace sequent {

// Removes from `folder` the folders of runs before: those whose name is a number and that hold
// metrics.jsonl or checkpoints. Whatever else is there is somebody else's and stays. No such folder
// is fine. UNAVAILABLE: one could not be read or removed.
Status RemoveRunFolders(const std::string& folder);

}  // namespace sequent

#endif  // SEQUENT_TRAINER_RUN_FOLDERS_H_
