// sequent health: is the server, or one model, ready to serve? Made for HEALTHCHECK lines and
// scripts.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "client/command/commands.h"

namespace sequent::client {

void AddHealth(CLI::App* app, Globals* globals) {
  CLI::App* command =
      app->add_subcommand("health", "Exit 0 if the server (or --model) is SERVING, 1 otherwise");
  const auto model = std::make_shared<std::string>();
  command->add_option("-m,--model", *model, "Ask for one model");
  command->callback([model, globals] {
    const auto client = ConnectOrFail(globals);
    if (client == nullptr) return;
    const auto status = client->Health(*model);
    if (!status.ok()) return Fail(globals, status.status());
    if (globals->json) {
      std::printf("{\"status\":\"%s\"}\n", status->c_str());
    } else {
      std::puts(status->c_str());
    }
    if (*status != "SERVING") globals->exit_code = kExitFailed;
  });
}

}  // namespace sequent::client
