// sequent-server: flags -> options -> one call.
#include "server/flags.h"
#include "server/program.h"

int main(int argc, char** argv) {
  sequent::ProgramOptions options;
  options.server.version = SEQUENT_VERSION;
  options.server.revision = SEQUENT_REVISION;
  if (const auto code = sequent::ParseFlags(argc, argv, &options)) return *code;
  return sequent::RunProgram(options);
}
