// sequent sessions: what lives on the server.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "client/command/commands.h"
#include "core/base/file.h"

namespace sequent::client {
namespace {

struct Options {
  std::string id, other, file, model;
  bool close = false;
};

std::string Tenths(double seconds) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f", seconds);
  return text;
}

std::vector<std::string> Row(const v1::SessionInfo& info) {
  return {info.session_id(),           StrCat(info.model(), "/", info.version()),
          StrCat(info.next_step()),    StrCat(info.queued_requests()),
          Tenths(info.idle_seconds()), StrCat(info.state_bytes()),
          StrCat(info.epoch())};
}

const std::vector<std::string> kHeading = {"session", "model",       "next step", "queued",
                                           "idle s",  "state bytes", "epoch"};

void PrintInfo(const v1::SessionInfo& info, bool json) {
  if (json) {
    std::puts(ToJson(info).c_str());
  } else {
    PrintTable({kHeading, Row(info)});
  }
}

Status List(const Options& options, bool json, Client* client) {
  std::vector<std::vector<std::string>> rows = {kHeading};
  v1::ListSessionsRequest request;
  request.set_model(options.model);
  request.set_page_size(1000);
  do {
    SEQ_ASSIGN_OR_RETURN(const v1::ListSessionsResponse page, client->ListSessions(request));
    for (const v1::SessionInfo& info : page.sessions()) {
      if (json) {
        std::puts(ToJson(info).c_str());
      } else {
        rows.push_back(Row(info));
      }
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  if (!json) PrintTable(rows);
  return absl::OkStatus();
}

Status Get(const Options& options, bool json, Client* client) {
  SEQ_ASSIGN_OR_RETURN(const v1::SessionInfo info, client->GetSession(options.id));
  PrintInfo(info, json);
  return absl::OkStatus();
}

Status Close(const Options& options, bool, Client* client) {
  return client->CloseSession(options.id);
}

Status Fork(const Options& options, bool json, Client* client) {
  SEQ_ASSIGN_OR_RETURN(const v1::SessionInfo info, client->ForkSession(options.id, options.other));
  PrintInfo(info, json);
  return absl::OkStatus();
}

Status Export(const Options& options, bool, Client* client) {
  SEQ_ASSIGN_OR_RETURN(const v1::SessionState state,
                       client->ExportSession(options.id, options.close));
  SEQ_RETURN_IF_ERROR(WriteFileAtomically(options.file, state.SerializeAsString()));
  std::fprintf(stderr, "wrote %s: %s/%lld, next step %llu\n", options.file.c_str(),
               state.model().c_str(), static_cast<long long>(state.version()),
               static_cast<unsigned long long>(state.next_step()));
  return absl::OkStatus();
}

Status Import(const Options& options, bool json, Client* client) {
  SEQ_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(options.file));
  v1::SessionState state;
  if (!state.ParseFromString(bytes)) {
    return absl::InvalidArgumentError(
        StrCat(options.file, ": expected a file written by `sequent sessions export`"));
  }
  SEQ_ASSIGN_OR_RETURN(const v1::SessionInfo info, client->ImportSession(options.id, state));
  PrintInfo(info, json);
  return absl::OkStatus();
}

}  // namespace

void AddSessions(CLI::App* app, Globals* globals) {
  CLI::App* sessions =
      app->add_subcommand("sessions", "Sessions that live on the server (alone: list)");
  sessions->require_subcommand(0, 1);
  const auto options = std::make_shared<Options>();
  using Action = Status (*)(const Options&, bool, Client*);
  const auto run = [options, globals](Action action) {
    const auto client = ConnectOrFail(globals);
    if (client == nullptr) return;
    const Status status = action(*options, globals->json, client.get());
    if (!status.ok()) Fail(globals, status);
  };
  sessions->callback([sessions, run] {
    if (sessions->get_subcommands().empty()) run(List);
  });
  const auto add = [&](const char* name, const char* help, Action action) {
    CLI::App* command = sessions->add_subcommand(name, help);
    command->callback([run, action] { run(action); });
    return command;
  };
  const auto needs_id = [&](CLI::App* command) {
    command->add_option("id", options->id, "Session id")->required();
    return command;
  };
  add("list", "All sessions, by id", List)
      ->add_option("-m,--model", options->model, "Only this model's");
  needs_id(add("get", "One session", Get));
  needs_id(add("close", "End a session", Close));
  needs_id(add("fork", "Copy a session under a new id", Fork))
      ->add_option("new-id", options->other, "The copy's id")
      ->required();
  CLI::App* export_command = needs_id(add("export", "Write a session's state to a file", Export));
  export_command->add_option("file", options->file, "File to write")->required();
  export_command->add_flag("--close", options->close, "End the session as well");
  needs_id(add("import", "Bring a session to life from a file", Import))
      ->add_option("file", options->file, "File to read")
      ->required();
}

}  // namespace sequent::client
