#include "server/flags.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <iostream>
#include <vector>

#include "server/flag_values.h"
#include "server/rpc/listener.h"

namespace sequent {
namespace {

// Adds flags to an App: each has a group, a name, a help text, and a parser that refuses bad values
// with the flag's name.
class FlagSet {
 public:
  explicit FlagSet(CLI::App* app) : app_(app) {}

  void Group(std::string group) { group_ = std::move(group); }

  void Count(const std::string& name, size_t* target, size_t min, const std::string& help) {
    Add(name, help, "N", *target == 0 ? "" : std::to_string(*target),
        [=](const std::string& text) { return Store(ParseCount(text, min), target); });
  }
  void Size(const std::string& name, size_t* target, const std::string& help) {
    Add(name, help, "SIZE", *target == 0 ? "" : FormatSize(*target),
        [=](const std::string& text) { return Store(ParseSize(text), target); });
  }
  void Duration(const std::string& name, double* target, const std::string& help) {
    Add(name, help, "DURATION", FormatDuration(*target),
        [=](const std::string& text) { return Store(ParseDuration(text), target); });
  }
  void Address(const std::string& name, std::string* target, const std::string& help) {
    Add(name, help, "HOST:PORT", *target, [=](const std::string& text) -> Status {
      SEQ_RETURN_IF_ERROR(rpc::HostPort::Parse(text).status());
      *target = text;
      return absl::OkStatus();
    });
  }
  CLI::Option* Text(const std::string& name, std::string* target, const std::string& type,
                    const std::string& help) {
    return Add(name, help, type, *target, [=](const std::string& text) {
      *target = text;
      return absl::OkStatus();
    });
  }
  void ModelPrecision(const std::string& name, std::optional<Precision>* target,
                      const std::string& help) {
    Add(name, help, "TYPE", "",
        [=](const std::string& text) { return Store(ParsePrecision(text), target); });
  }
  void Choice(const std::string& name, std::string* target, std::vector<std::string> choices,
              const std::string& help) {
    const std::string list = CLI::detail::join(choices, ", ");
    Add(name, help + " (" + list + ")", "", *target, [=](const std::string& text) -> Status {
      if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
        return absl::InvalidArgumentError("expected one of " + list + ", got '" + text + "'");
      }
      *target = text;
      return absl::OkStatus();
    });
  }

 private:
  using Parser = std::function<Status(const std::string&)>;

  template <typename T, typename Target>
  static Status Store(const StatusOr<T>& value, Target* target) {
    if (value.ok()) *target = *value;
    return value.status();
  }

  static std::string EnvironmentName(const std::string& name) {
    std::string result = "SEQUENT_";
    for (const char c : name) result.push_back(c == '-' ? '_' : static_cast<char>(std::toupper(c)));
    return result;
  }

  CLI::Option* Add(const std::string& name, const std::string& help, const std::string& type,
                   const std::string& default_text, Parser parser) {
    auto callback = [flag = "--" + name, parser = std::move(parser)](const std::string& text) {
      const Status status = parser(text);
      if (!status.ok()) throw CLI::ValidationError(flag, std::string(Message(status)));
    };
    CLI::Option* option = app_->add_option_function<std::string>("--" + name, callback, help);
    option->envname(EnvironmentName(name))->group(group_)->type_name(type);
    if (!default_text.empty()) option->default_str(default_text);
    return option;
  }

  CLI::App* const app_;
  std::string group_;
};

void AddServingFlags(FlagSet* flags, rpc::ServerOptions* server) {
  flags->Group("Serving");
  flags
      ->Text("repository", &server->repository, "DIR",
             "Models: <repository>/<model>/<version>/model.safetensors")
      ->required();
  flags->ModelPrecision("precision", &server->precision,
                        "Weights and arithmetic of all models: fp32, bf16 or int8; else each as "
                        "its file stores it");
  flags->Address("listen", &server->listen, "Address of gRPC; port 0: any free one");
  flags->Address("metrics-listen", &server->metrics_listen,
                 "Address of HTTP /metrics, /healthz, /readyz; port 0: any free one");
  flags->Duration("drain-timeout", &server->drain_timeout_seconds,
                  "After SIGTERM: how long live sessions are still served");
}

void AddEngineFlags(FlagSet* flags, engine::EngineOptions* engine) {
  flags->Group("Computing");
  flags->Count("threads", &engine->threads, 0,
               "Compute threads; 0: one less than there are cores, at least 1");
  flags->Count("max-batch-rows", &engine->max_batch_rows, 1, "Sessions in one tick");
  flags->Count("max-tick-steps", &engine->max_tick_steps, 1,
               "Steps of one session in one tick; the rest waits its turn");
  flags->Count("max-sequence-steps", &engine->max_sequence_steps, 1,
               "Steps of a sequence that a model takes whole; bytes, if it is a text");
  flags->Duration("tick-budget", &engine->tick_budget_seconds,
                  "A tick takes as many sessions and steps as fit into this time");
}

void AddSessionFlags(FlagSet* flags, engine::EngineOptions* engine) {
  flags->Group("Sessions");
  flags->Count("max-sessions", &engine->max_sessions, 1,
               "Live sessions; new ones are refused beyond");
  flags->Duration("session-ttl", &engine->session_ttl_seconds,
                  "A session without a request for so long expires");
  flags->Size("max-session-bytes", &engine->max_session_bytes,
              "States and cached replies of all sessions together; 0: no bound");
  flags->Duration("reply-retention", &engine->reply_retention_seconds,
                  "How long the last replies of an ended session stay answerable");
}

void AddLimitFlags(FlagSet* flags, rpc::ServerOptions* server) {
  engine::EngineOptions* engine = &server->engine;
  flags->Group("Limits");
  flags->Count("max-queued-steps", &engine->max_queued_steps, 1, "Steps waiting over all sessions");
  flags->Count("max-session-queue", &engine->max_session_queue, 1,
               "Requests waiting for one session, and replies cached for it");
  flags->Count("max-inflight-per-stream", &server->max_inflight_per_stream, 1,
               "Requests of one stream whose answers have not been written yet");
  flags->Size("max-message-bytes", &server->max_message_bytes, "Largest message of a client");
  flags->Size("max-reply-bytes", &engine->max_reply_bytes, "Largest answer");
  flags->Count("max-connections", &server->max_connections, 1, "Connections at a time");
  flags->Count("max-rollout-steps", &engine->max_rollout_steps, 1, "Steps of one rollout");
  flags->Count("max-rollout-samples", &engine->max_rollout_samples, 1, "Paths of one rollout");
}

void AddLogFlags(FlagSet* flags, ProgramOptions* options) {
  flags->Group("Logs");
  flags->Choice("log-level", &options->log_level, {"info", "warning", "error"}, "What is logged");
  flags->Choice("log-format", &options->log_format, {"text", "json"}, "How it is logged");
}

// What no single flag can see.
Status CheckTogether(const rpc::ServerOptions& server) {
  constexpr size_t kMaxMessageBytes = size_t{1} << 30;
  if (server.max_message_bytes < 1024 || server.max_message_bytes > kMaxMessageBytes) {
    return absl::InvalidArgumentError(StrCat("--max-message-bytes: expected 1KiB to 1GiB, got ",
                                             FormatSize(server.max_message_bytes)));
  }
  if (server.engine.max_reply_bytes < 1024 || server.engine.max_reply_bytes > kMaxMessageBytes) {
    return absl::InvalidArgumentError(StrCat("--max-reply-bytes: expected 1KiB to 1GiB, got ",
                                             FormatSize(server.engine.max_reply_bytes)));
  }
  if (server.engine.tick_budget_seconds <= 0) {
    return absl::InvalidArgumentError("--tick-budget: expected a duration > 0");
  }
  if (server.engine.session_ttl_seconds <= 0) {
    return absl::InvalidArgumentError("--session-ttl: expected a duration > 0");
  }
  return absl::OkStatus();
}

}  // namespace

std::optional<int> ParseFlags(int argc, const char* const* argv, ProgramOptions* options) {
  CLI::App app{
      "Serves recurrent sequence models over gRPC and keeps every session's state.\n"
      "Flags may also come from SEQUENT_<NAME> in the environment, or from --config.",
      "sequent-server"};
  app.set_version_flag("--version", "sequent-server " + options->server.version + " (" +
                                        options->server.revision + ")");
  app.set_config("--config", "", "A TOML or INI file with flags as keys: max-sessions = 1000")
      ->envname("SEQUENT_CONFIG");
  app.allow_config_extras(CLI::config_extras_mode::error);
  FlagSet flags(&app);
  AddServingFlags(&flags, &options->server);
  AddEngineFlags(&flags, &options->server.engine);
  AddSessionFlags(&flags, &options->server.engine);
  AddLimitFlags(&flags, &options->server);
  AddLogFlags(&flags, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << "sequent-server: " << error.what() << " (see --help)\n";
    return kExitUsage;
  }
  if (const Status status = CheckTogether(options->server); !status.ok()) {
    std::cerr << "sequent-server: " << status.message() << "\n";
    return kExitUsage;
  }
  return std::nullopt;
}

}  // namespace sequent
