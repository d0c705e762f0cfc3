// sequent: the client on the command line.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "client/command/commands.h"

int main(int argc, char** argv) {
  using namespace sequent::client;
  Globals globals;
  CLI::App app("Talks to a sequent-server: predictions, streams, rollouts, sessions, load.");
  app.set_version_flag("--version", "sequent " SEQUENT_VERSION " (" SEQUENT_REVISION ")");
  app.require_subcommand(1);
  app.fallthrough();
  app.add_option("-a,--address", globals.options.address, "Server, host:port")
      ->envname("SEQUENT_ADDRESS")
      ->capture_default_str();
  app.add_option("--timeout", globals.options.timeout_seconds,
                 "Seconds to wait for an answer, retries included; 0 = for ever")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_flag("--json", globals.json, "Answers as JSON, one object per line");
  for (const auto add :
       {AddPredict, AddStream, AddRollout, AddSessions, AddModels, AddHealth, AddBench}) {
    add(&app, &globals);
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    const auto unknown = app.remaining();
    const std::string problem = unknown.empty() ? std::string(error.what())
                                                : "unknown command or option " + unknown.front();
    std::fprintf(stderr, "sequent: %s (see --help)\n", problem.c_str());
    return kExitUsage;
  }
  return globals.exit_code;
}
