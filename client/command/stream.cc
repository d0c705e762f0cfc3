// sequent stream: a line in, a line out, one session.
//
// Lines are sent as they come, without waiting for answers; a window bounds what is under way.
// Answers come in order, so printing them as they arrive is printing them in order.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

#include "client/command/commands.h"
#include "core/base/mutex.h"

namespace sequent::client {
namespace {

struct Options {
  ModelFlags model;
  OutputFlags output;
  std::string session;
  bool attach = false, keep = false;
  size_t window = 256;
};

// Counts requests under way and remembers the first error.
class Window {
 public:
  explicit Window(size_t size) : size_(size) {}
  // Waits for room; false once something has failed.
  bool Enter() {
    MutexLock lock(&mutex_);
    while (open_ >= size_ && error_.ok()) changed_.Wait(&mutex_);
    if (!error_.ok()) return false;
    ++open_;
    return true;
  }
  void Leave(const Status& status) {
    MutexLock lock(&mutex_);
    --open_;
    if (error_.ok()) error_ = status;
    changed_.NotifyAll();
  }
  Status WaitForAll() {
    MutexLock lock(&mutex_);
    while (open_ > 0) changed_.Wait(&mutex_);
    return error_;
  }

 private:
  const size_t size_;
  Mutex mutex_;
  CondVar changed_;
  size_t open_ SEQ_GUARDED_BY(mutex_) = 0;
  Status error_ SEQ_GUARDED_BY(mutex_);
};

void Print(const v1::PredictResponse& response, bool json) {
  if (json) {
    std::puts(ToJson(response).c_str());
  } else {
    std::string line;
    for (const v1::HeadOutput& head : response.heads()) {
      const int steps = StepsOf(head);
      if (steps > 0)
        absl::StrAppend(&line, line.empty() ? "" : "\t", DescribeStep(head, steps - 1));
    }
    std::puts(line.c_str());
  }
  std::fflush(stdout);
}

StatusOr<std::unique_ptr<Session>> Open(const Options& options, Client* client) {
  if (options.attach) return client->AttachSession(options.session);
  SessionOptions session;
  session.model = options.model.model;
  session.version = options.model.version;
  session.id = options.session;
  return client->StartSession(session);
}

Status SendLines(const std::string& kind, const StepOptions& step, size_t window_size, bool json,
                 Session* session) {
  Window window(window_size);
  std::string line;
  Status bad_line;
  for (size_t number = 1; std::getline(std::cin, line); ++number) {
    auto input = ParseLine(kind, line);
    if (!input.ok()) {
      bad_line =
          absl::InvalidArgumentError(StrCat("line ", number, ": ", input.status().message()));
      break;
    }
    if (!window.Enter()) break;
    session->StepAsync(*std::move(input), step,
                       [&window, json](StatusOr<v1::PredictResponse> response) {
                         if (response.ok()) Print(*response, json);
                         window.Leave(response.status());
                       });
  }
  const Status status = window.WaitForAll();
  return status.ok() ? bad_line : status;
}

Status Run(const Options& options, bool json, Client* client) {
  if (options.attach && options.session.empty()) {
    return absl::InvalidArgumentError("--attach: expected --session with the id of a live session");
  }
  SEQ_ASSIGN_OR_RETURN(const std::string kind, InputKind(options.model, options.session, client));
  SEQ_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Open(options, client));
  StepOptions step;
  step.output = options.output.Selection();
  if (kind == "text") step.output.set_last_step_only(true);
  const uint64_t first = session->next_step();
  SEQ_RETURN_IF_ERROR(SendLines(kind, step, options.window, json, session.get()));
  if (options.keep || session->next_step() == first) {
    if (options.keep) std::fprintf(stderr, "session %s kept\n", session->id().c_str());
    return absl::OkStatus();
  }
  return session->End(step).status();
}

}  // namespace

void AddStream(CLI::App* app, Globals* globals) {
  CLI::App* command = app->add_subcommand(
      "stream", "A line in, a line out: values, token ids or text, as one session");
  const auto options = std::make_shared<Options>();
  options->model.Add(command, false);
  options->output.Add(command);
  command->add_option("-s,--session", options->session, "Session id (default: a random one)");
  command->add_flag("--attach", options->attach, "Go on with a live session");
  command->add_flag("--keep", options->keep, "Leave the session on the server at the end");
  command->add_option("--window", options->window, "Lines under way at once")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command->callback([options, globals] {
    const auto client = ConnectOrFail(globals);
    if (client == nullptr) return;
    const Status status = Run(*options, globals->json, client.get());
    if (!status.ok()) Fail(globals, status);
  });
}

}  // namespace sequent::client
