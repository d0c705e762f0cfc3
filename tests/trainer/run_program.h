// The real sequent-train as a child process.
#ifndef SEQUENT_TESTS_TRAINER_RUN_PROGRAM_H_
#define SEQUENT_TESTS_TRAINER_RUN_PROGRAM_H_

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/trainer/temporary_folder.h"

namespace sequent {

struct Outcome {
  int exit_code = -1;  // 128 + signal if a signal ended it
  std::string out, error;
};

struct Surroundings {
  std::vector<std::pair<std::string, std::string>> environment;
  rlim_t largest_file = RLIM_INFINITY;  // bytes: past it the disk is full
  int error_to = -1;                    // a descriptor for stderr instead of Outcome::error
  std::vector<std::string> launcher;    // a command in front, found in PATH
};

class Child {
 public:
  explicit Child(const std::vector<std::string>& arguments, const Surroundings& around = {}) {
    const char* build = std::getenv("SEQUENT_BINARY_DIR");
    std::vector<std::string> all = around.launcher;
    all.push_back(std::string(build == nullptr ? "." : build) + "/bin/sequent-train");
    all.insert(all.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& argument : all) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const std::string out = files_.File("out"), error = files_.File("error");
    pid_ = fork();
    if (pid_ != 0) return;
    dup2(open(out.c_str(), O_WRONLY | O_CREAT, 0600), 1);
    dup2(around.error_to >= 0 ? around.error_to : open(error.c_str(), O_WRONLY | O_CREAT, 0600), 2);
    for (const auto& [name, value] : around.environment) setenv(name.c_str(), value.c_str(), 1);
    const rlimit limit = {around.largest_file, around.largest_file};
    setrlimit(RLIMIT_FSIZE, &limit);
    execvp(argv[0], argv.data());
    _exit(127);
  }

  // Returns when `condition` holds or the program has ended.
  template <class Condition>
  void WaitUntil(const Condition& condition) const {
    siginfo_t info{};
    while (!condition()) {
      if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0) return;
      if (info.si_pid == pid_) return;
      sched_yield();
    }
  }

  void Signal(int signal) const { kill(pid_, signal); }
  pid_t pid() const { return pid_; }

  Outcome Wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    Outcome outcome;
    outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    outcome.out = files_.Read("out");
    outcome.error = files_.Read("error");
    return outcome;
  }

 private:
  TemporaryFolder files_;
  pid_t pid_ = -1;
};

inline Outcome RunProgram(const std::vector<std::string>& arguments,
                          const Surroundings& around = {}) {
  return Child(arguments, around).Wait();
}

}  // namespace sequent

#endif  // SEQUENT_TESTS_TRAINER_RUN_PROGRAM_H_
