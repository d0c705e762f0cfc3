#include "tests/integration/server_process.h"

#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

extern char** environ;

namespace sequent::rpc {
namespace {

// The program's process id, or -1; its stderr goes to `stderr_fd`.
pid_t Spawn(std::vector<std::string> arguments, int stderr_fd) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, stderr_fd, STDERR_FILENO);
  pid_t pid = -1;
  if (posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ) != 0) pid = -1;
  posix_spawn_file_actions_destroy(&actions);
  return pid;
}

bool HasFlag(const std::vector<std::string>& flags, const std::string& start) {
  return std::any_of(flags.begin(), flags.end(),
                     [&](const std::string& flag) { return flag.rfind(start, 0) == 0; });
}

std::string ProgramPath() {
  const char* build = std::getenv("SEQUENT_BINARY_DIR");
  return std::string(build == nullptr ? "." : build) + "/bin/sequent-server";
}

}  // namespace

ServerProcess::ServerProcess(const std::vector<std::string>& flags) {
  std::vector<std::string> arguments = flags;
  arguments.insert(arguments.begin(), ProgramPath());
  arguments.push_back("--metrics-listen=127.0.0.1:0");
  if (!HasFlag(flags, "--listen=")) arguments.push_back("--listen=127.0.0.1:0");
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return;
  stderr_ = ends[0];
  pid_ = Spawn(std::move(arguments), ends[1]);
  close(ends[1]);
  while (NumberOf("metrics_port") == 0 && ReadLog()) {
  }
  port_ = NumberOf("grpc_port");
  metrics_port_ = NumberOf("metrics_port");
}

ServerProcess::~ServerProcess() {
  Signal(SIGKILL);
  Wait();
  close(stderr_);
}

std::unique_ptr<v1::Predictor::Stub> ServerProcess::NewStub() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return v1::Predictor::NewStub(grpc::CreateCustomChannel(
      "127.0.0.1:" + std::to_string(port_), grpc::InsecureChannelCredentials(), arguments));
}

void ServerProcess::Signal(int number) {
  if (pid_ > 0) kill(pid_, number);
}

int ServerProcess::Wait() {
  if (pid_ <= 0) return -1;
  while (ReadLog()) {
  }
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool ServerProcess::ReadLog() {
  char buffer[4096];
  const ssize_t count = read(stderr_, buffer, sizeof buffer);
  if (count <= 0) return false;
  log_.append(buffer, static_cast<size_t>(count));
  return true;
}

int ServerProcess::NumberOf(const std::string& key) const {
  const size_t at = log_.find(key + "=");
  // Not before the whole line is there.
  if (at == std::string::npos || log_.find('\n', at) == std::string::npos) return 0;
  return std::atoi(log_.c_str() + at + key.size() + 1);
}

}  // namespace sequent::rpc
