// A TCP proxy on 127.0.0.1 that cuts connections: networks as they are.
//
// Thread safety: thread-safe.
#ifndef SEQUENT_TESTS_SUPPORT_FLAKY_PROXY_H_
#define SEQUENT_TESTS_SUPPORT_FLAKY_PROXY_H_

#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

#include "core/base/mutex.h"

namespace sequent {

class FlakyProxy {
 public:
  // Forwards to 127.0.0.1:`target_port`. Each connection is cut, both ways and at once, when it has
  // carried `cut_after_bytes` from the server to the client; 0 = never.
  FlakyProxy(int target_port, size_t cut_after_bytes);
  ~FlakyProxy();
  FlakyProxy(const FlakyProxy&) = delete;
  FlakyProxy& operator=(const FlakyProxy&) = delete;

  int port() const { return port_; }
  size_t cuts() const { return cuts_.load(); }

 private:
  void Accept();
  void Forward(int client);

  const int target_port_;
  const size_t cut_after_bytes_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<size_t> cuts_{0};
  Mutex mutex_;
  bool stopping_ SEQ_GUARDED_BY(mutex_) = false;
  std::vector<int> open_ SEQ_GUARDED_BY(mutex_);
  std::vector<std::thread> forwarders_ SEQ_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

}  // namespace sequent

#endif  // SEQUENT_TESTS_SUPPORT_FLAKY_PROXY_H_
