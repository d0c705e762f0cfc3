// The flags of sequent-server. Each is also SEQUENT_<NAME> in the environment and a key of the
// --config file (TOML or INI); the command line wins over the file, the file over the environment.
#ifndef SEQUENT_SERVER_FLAGS_H_
#define SEQUENT_SERVER_FLAGS_H_

#include <optional>
#include <string>

#include "server/rpc/options.h"

namespace sequent {

struct ProgramOptions {
  rpc::ServerOptions server;
  std::string log_level = "info";   // info | warning | error
  std::string log_format = "text";  // text | json
};

inline constexpr int kExitUsage = 2;
inline constexpr int kExitCannotStart = 3;

// Fills `options`; an exit code if the program is to end here: 0 after --help and --version,
// kExitUsage after a bad flag, which is named on stderr.
std::optional<int> ParseFlags(int argc, const char* const* argv, ProgramOptions* options);

}  // namespace sequent

#endif  // SEQUENT_SERVER_FLAGS_H_
