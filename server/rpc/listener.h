// Accepts connections for a server, at most so many at a time.
//
// gRPC 1.51's own listener stops accepting for good after one "too many open files", has no bound
// on connections, and shares ports (SO_REUSEPORT), so that a second server on a taken port would
// start without a word. This one refuses what is beyond the bound by closing it at once, survives a
// lack of descriptors, and fails on a taken port.
//
// How it knows that a connection has ended: each accepted socket is duplicated, and the duplicate
// stands in an epoll set that reports nothing but hang-ups. gRPC shuts a socket down before it
// closes it, which shows as a hang-up on the duplicate. So a connection costs two descriptors.
//
// Thread safety: thread-safe, except that Start and Stop are called once, in this order.
#ifndef SEQUENT_SERVER_RPC_LISTENER_H_
#define SEQUENT_SERVER_RPC_LISTENER_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>

#include "core/base/status.h"
#include "server/rpc/problem_log.h"

namespace sequent::rpc {

// "host:port", "[v6 address]:port"; port 0 = any free one. INVALID_ARGUMENT otherwise.
struct HostPort {
  std::string host;
  int port = 0;
  static StatusOr<HostPort> Parse(const std::string& address);
};

// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor() { Close(); }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void Close();
  // Gives the descriptor away.
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

class Listener {
 public:
  // Takes over connected, non-blocking socket `fd`.
  using Handler = std::function<void(int listener_fd, int fd)>;

  // Binds and listens, so that clients wait instead of being refused, but accepts nothing yet.
  // `max_connections` >= 1. UNAVAILABLE (the port is taken, no such address) or INVALID_ARGUMENT.
  // `problems` must outlive the listener.
  static StatusOr<std::unique_ptr<Listener>> Bind(const std::string& address,
                                                  size_t max_connections, ProblemLog* problems);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }
  size_t connections() const { return connections_.load(); }

  void Start(Handler handler);
  // Accepts no more and joins the thread; connections live on.
  void Stop();

 private:
  Listener(size_t max_connections, ProblemLog* problems)
      : max_connections_(max_connections), problems_(problems) {}

  Status Open(const HostPort& address);
  void Loop();
  void AcceptAll();
  void Hand(int fd);
  void MakeRoomForOne();
  void Forget(int watch_fd);

  const size_t max_connections_;
  ProblemLog* const problems_;
  Handler handler_;
  int port_ = 0;
  Descriptor listen_, epoll_, stop_;
  Descriptor reserve_;  // given up for a moment when there are no descriptors left
  std::atomic<size_t> connections_{0};
  std::unordered_set<int> watched_;  // duplicates; the loop's own
  std::thread thread_;
};

// Raises the soft limit of open files to the hard one and returns it.
size_t RaiseDescriptorLimit();

}  // namespace sequent::rpc

#endif  // SEQUENT_SERVER_RPC_LISTENER_H_
