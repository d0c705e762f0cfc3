// sequent predict: one request, its answer.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "client/command/commands.h"

namespace sequent::client {
namespace {

struct Options {
  ModelFlags model;
  InputFlags input;
  OutputFlags output;
  std::string session;
  bool start = false, end = false;
  uint64_t step = 0, epoch = 0;
};

StatusOr<v1::PredictResponse> Run(const Options& options, Client* client) {
  if (options.session.empty() && !options.input.Given()) {
    return absl::InvalidArgumentError(
        "nothing to predict from: expected --text, --tokens, --values, --file or --session");
  }
  std::string kind;
  if (!options.input.file.empty()) {
    SEQ_ASSIGN_OR_RETURN(kind, InputKind(options.model, options.session, client));
  }
  SEQ_ASSIGN_OR_RETURN(Input input, options.input.Read(kind));
  v1::PredictRequest request;
  request.set_session_id(options.session);
  request.set_model(options.model.model);
  request.set_version(options.model.version);
  request.set_start(options.start);
  request.set_end(options.end);
  request.set_step(options.step);
  request.set_epoch(options.epoch);
  *request.mutable_output() = options.output.Selection();
  if (options.input.Given()) std::move(input).MoveTo(&request);
  return client->Predict(std::move(request));
}

}  // namespace

void AddPredict(CLI::App* app, Globals* globals) {
  CLI::App* command = app->add_subcommand(
      "predict", "One request: a whole stateless sequence, or steps of a session");
  const auto options = std::make_shared<Options>();
  options->model.Add(command, false);
  options->input.Add(command);
  options->output.Add(command);
  command->add_option("-s,--session", options->session, "Session id (none: stateless)");
  command->add_flag("--start", options->start, "Begin the session anew");
  command->add_flag("--end", options->end, "End the session after this request");
  command->add_option("--step", options->step, "Number of the first unit; 0 = unnumbered");
  command->add_option("--epoch", options->epoch, "Which life of the session; 0 = none");
  command->callback([options, globals] {
    const auto client = ConnectOrFail(globals);
    if (client == nullptr) return;
    const auto response = Run(*options, client.get());
    if (!response.ok()) return Fail(globals, response.status());
    if (globals->json) {
      std::puts(ToJson(*response).c_str());
    } else {
      PrintPrediction(*response);
    }
  });
}

}  // namespace sequent::client
