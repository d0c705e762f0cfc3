// The life of the sequent-server process.
#ifndef SEQUENT_SERVER_PROGRAM_H_
#define SEQUENT_SERVER_PROGRAM_H_

#include "server/flags.h"

namespace sequent {

// Serves until SIGTERM or SIGINT, drains, and returns the exit code: 0, or kExitCannotStart. A
// second signal skips the wait. Must be called before any other thread is started.
int RunProgram(const ProgramOptions& options);

}  // namespace sequent

#endif  // SEQUENT_SERVER_PROGRAM_H_
