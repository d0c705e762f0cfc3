#include "server/program.h"

#include <signal.h>
#include <time.h>

#include <cmath>
#include <string>

#include "server/log.h"
#include "server/rpc/server.h"

namespace sequent {
namespace {

// Blocks the signals that end the server, here and in every thread made from now on, so that only
// the waits below see them.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signals;
}

void WaitForSignal(const sigset_t& signals) {
  int number = 0;
  while (sigwait(&signals, &number) != 0) {
  }
}

// Whether a signal came within `seconds`.
bool SignalWithin(const sigset_t& signals, double seconds) {
  timespec wait{};
  wait.tv_sec = static_cast<time_t>(seconds);
  wait.tv_nsec = static_cast<long>((seconds - std::floor(seconds)) * 1e9);
  return sigtimedwait(&signals, nullptr, &wait) > 0;
}

}  // namespace

int RunProgram(const ProgramOptions& options) {
  const sigset_t signals = BlockStopSignals();
  const rpc::EventSink log = MakeLog(options.log_level, options.log_format);
  auto server = rpc::Server::Start(options.server, log);
  if (!server.ok()) {
    log({rpc::Event::Level::kError,
         "cannot_start",
         {{"message", std::string(Message(server.status()))}}});
    return kExitCannotStart;
  }
  WaitForSignal(signals);
  (*server)->BeginDrain();
  (*server)->WaitDrained([&](double seconds) { return SignalWithin(signals, seconds); });
  (*server)->Shutdown();
  return 0;
}

}  // namespace sequent
