#include "tests/bench/echo/bench_child.h"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <fstream>
#include <iostream>

#include "server/rpc/server.h"
#include "tests/bench/echo/echo_server.h"

extern char** environ;

namespace sequent::echo {
namespace {

int Talk(int port) {
  std::cout << port << std::endl;
  std::string line;
  while (std::getline(std::cin, line)) {
    const KernelTime time = KernelTimeNow();
    std::cout << time.nanos << ' ' << time.ticks << ' ' << time.rows << std::endl;
  }
  return 0;
}

// Both ends of a pipe, closed in whatever this process starts.
struct Pipe {
  Pipe() {
    if (pipe2(ends, O_CLOEXEC) != 0) std::perror("pipe");
  }
  int ends[2] = {-1, -1};
};

}  // namespace

Status StayOnCore(int core) {
  if (core < 0) return absl::OkStatus();
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  if (sched_setaffinity(0, sizeof cores, &cores) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(StrCat("cannot run on core ", core));
}

int ServeEcho(const std::string& pattern) {
  v1::PredictResponse response;
  std::ifstream file(pattern, std::ios::binary);
  if (!response.ParseFromIstream(&file)) return 1;
  const EchoServer server(response);
  return Talk(server.port());
}

int ServeModels(const std::string& repository) {
  rpc::ServerOptions options;
  options.repository = repository;
  options.listen = options.metrics_listen = "127.0.0.1:0";
  options.engine.threads = 1;  // the kernel timer sees the ticking thread only
  const auto server = rpc::Server::Start(options, [](const rpc::Event& event) {
    if (event.level == rpc::Event::Level::kInfo) return;
    std::cerr << event.name << '\n';
    for (const auto& [key, value] : event.fields) std::cerr << "  " << key << '=' << value << '\n';
  });
  if (!server.ok()) {
    std::cerr << server.status() << '\n';
    return 1;
  }
  return Talk((*server)->port());
}

BenchChild::BenchChild(const std::vector<std::string>& arguments) {
  std::vector<std::string> own = arguments;
  own.insert(own.begin(), "/proc/self/exe");
  std::vector<char*> argv;
  for (std::string& argument : own) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const Pipe to, from;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to.ends[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from.ends[1], STDOUT_FILENO);
  if (posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) pid_ = -1;
  posix_spawn_file_actions_destroy(&actions);
  close(to.ends[0]);
  close(from.ends[1]);
  to_ = fdopen(to.ends[1], "w");
  from_ = fdopen(from.ends[0], "r");
  if (std::fscanf(from_, "%d", &port_) != 1) port_ = 0;
}

BenchChild::~BenchChild() {
  std::fclose(to_);
  if (pid_ > 0) waitpid(pid_, nullptr, 0);
  std::fclose(from_);
}

std::string BenchChild::address() const {
  return port_ == 0 ? "" : "127.0.0.1:" + std::to_string(port_);
}

int64_t BenchChild::CpuNanos() const {
  clockid_t clock;
  timespec now = {};
  if (clock_getcpuclockid(pid_, &clock) == 0) clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

KernelTime BenchChild::Kernel() {
  std::fputs("k\n", to_);
  std::fflush(to_);
  long long nanos = 0, ticks = 0, rows = 0;
  if (std::fscanf(from_, "%lld %lld %lld", &nanos, &ticks, &rows) != 3) return {};
  return {nanos, ticks, rows};
}

}  // namespace sequent::echo
