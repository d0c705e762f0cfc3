// The subcommands of `sequent`: each adds itself to the parser and does its work in its callback,
// leaving the exit code in Globals.
#ifndef SEQUENT_CLIENT_COMMAND_COMMANDS_H_
#define SEQUENT_CLIENT_COMMAND_COMMANDS_H_

#include "client/command/common.h"

namespace sequent::client {

void AddPredict(CLI::App* app, Globals* globals);
void AddStream(CLI::App* app, Globals* globals);
void AddRollout(CLI::App* app, Globals* globals);
void AddSessions(CLI::App* app, Globals* globals);
void AddModels(CLI::App* app, Globals* globals);
void AddHealth(CLI::App* app, Globals* globals);
void AddBench(CLI::App* app, Globals* globals);

}  // namespace sequent::client

#endif  // SEQUENT_CLIENT_COMMAND_COMMANDS_H_
