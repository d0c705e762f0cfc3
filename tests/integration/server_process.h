// The real program, sequent-server, as a child process on 127.0.0.1 with free ports.
#ifndef SEQUENT_TESTS_INTEGRATION_SERVER_PROCESS_H_
#define SEQUENT_TESTS_INTEGRATION_SERVER_PROCESS_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "sequent/v1/predictor.grpc.pb.h"

namespace sequent::rpc {

class ServerProcess {
 public:
  // Starts it with `flags`, which need not say where to listen, and waits until it listens or has
  // ended.
  explicit ServerProcess(const std::vector<std::string>& flags);
  // Kills it if it still runs.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  int port() const { return port_; }  // of gRPC; 0: it never listened
  int metrics_port() const { return metrics_port_; }
  pid_t pid() const { return pid_; }  // -1: it has not started, or has been waited for
  std::unique_ptr<v1::Predictor::Stub> NewStub() const;

  void Signal(int number);
  // Waits for its end. The exit code; 128 + signal if a signal ended it.
  int Wait();
  // What it has said on stderr so far; everything after Wait.
  const std::string& log() const { return log_; }

 private:
  // Appends to the log; false at its end.
  bool ReadLog();
  // The number behind "<key>=" in the log, 0 if there is none.
  int NumberOf(const std::string& key) const;

  pid_t pid_ = -1;
  int stderr_ = -1;
  int port_ = 0, metrics_port_ = 0;
  std::string log_;
};

}  // namespace sequent::rpc

#endif  // SEQUENT_TESTS_INTEGRATION_SERVER_PROCESS_H_
