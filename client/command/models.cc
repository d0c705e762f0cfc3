// sequent models: what the server can run.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "client/command/commands.h"

namespace sequent::client {
namespace {

std::string Inputs(const v1::ModelInfo& info) {
  if (info.input().kind() != "features") return info.input().kind();
  return StrCat("features x ", info.input().width());
}

std::string Heads(const v1::ModelInfo& info) {
  std::string heads;
  for (const v1::HeadInfo& head : info.heads()) {
    absl::StrAppend(&heads, heads.empty() ? "" : ", ", head.name(), " (", head.kind(), " ",
                    head.width(), ")");
  }
  return heads;
}

Status List(bool json, Client* client) {
  SEQ_ASSIGN_OR_RETURN(const v1::ListModelsResponse models, client->ListModels());
  if (json) {
    for (const v1::ModelInfo& info : models.models()) std::puts(ToJson(info).c_str());
    return absl::OkStatus();
  }
  std::vector<std::vector<std::string>> rows = {
      {"model", "version", "state", "task", "input", "heads", "weights", "sessions"}};
  for (const v1::ModelInfo& info : models.models()) {
    const bool failed = info.state() == v1::FAILED;
    rows.push_back({info.name(), StrCat(info.version(), info.is_default() ? "*" : ""),
                    v1::ModelState_Name(info.state()), info.task(),
                    failed ? info.message() : Inputs(info), Heads(info), StrCat(info.parameters()),
                    StrCat(info.sessions())});
  }
  PrintTable(rows);
  return absl::OkStatus();
}

Status Get(const std::string& name, int64_t version, bool json, Client* client) {
  SEQ_ASSIGN_OR_RETURN(const v1::GetModelResponse model, client->GetModel(name, version));
  if (json) {
    std::puts(ToJson(model).c_str());
    return absl::OkStatus();
  }
  const v1::ModelInfo& info = model.model();
  PrintTable({{"name", info.name()},
              {"version", StrCat(info.version(), info.is_default() ? " (default)" : "")},
              {"state", v1::ModelState_Name(info.state())},
              {"task", info.task()},
              {"input", Inputs(info)},
              {"heads", Heads(info)},
              {"weights", StrCat(info.parameters())},
              {"bytes of state per session", StrCat(info.state_bytes())},
              {"precision", info.precision()},
              {"sessions", StrCat(info.sessions())},
              {"fingerprint", info.fingerprint()}});
  for (const v1::Layer& layer : model.config().layers()) {
    std::printf("layer %s\n", ToJson(layer).c_str());
  }
  return absl::OkStatus();
}

}  // namespace

void AddModels(CLI::App* app, Globals* globals) {
  CLI::App* models = app->add_subcommand("models", "Models the server has (alone: list)");
  models->require_subcommand(0, 1);
  struct Options {
    std::string name;
    int64_t version = 0;
  };
  const auto options = std::make_shared<Options>();
  const auto list = [globals] {
    const auto client = ConnectOrFail(globals);
    if (client == nullptr) return;
    const Status status = List(globals->json, client.get());
    if (!status.ok()) Fail(globals, status);
  };
  models->add_subcommand("list", "All versions of all models (* = the default one)")
      ->callback(list);
  models->callback([models, list] {
    if (models->get_subcommands().empty()) list();
  });
  CLI::App* get = models->add_subcommand("get", "One model and its layers");
  get->add_option("name", options->name, "Model")->required();
  get->add_option("version", options->version, "Version; 0 = the default one");
  get->callback([options, globals] {
    const auto client = ConnectOrFail(globals);
    if (client == nullptr) return;
    const Status status = Get(options->name, options->version, globals->json, client.get());
    if (!status.ok()) Fail(globals, status);
  });
}

}  // namespace sequent::client
