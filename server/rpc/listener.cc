#include "server/rpc/listener.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace sequent::rpc {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

Status SystemError(const std::string& what) {
  return absl::UnavailableError(StrCat(what, ": ", std::strerror(errno)));
}

Descriptor OpenReserve() { return Descriptor(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

StatusOr<Descriptor> BindTo(const addrinfo& address) {
  Descriptor fd(socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return SystemError("socket");
  const int on = 1, off = 0;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ai_family == AF_INET6) {
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (bind(fd.get(), address.ai_addr, address.ai_addrlen) != 0) return SystemError("bind");
  if (listen(fd.get(), SOMAXCONN) != 0) return SystemError("listen");
  return fd;
}

int PortOf(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

bool Watch(int epoll, int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

StatusOr<HostPort> HostPort::Parse(const std::string& address) {
  const auto error = [&](const char* why) {
    return absl::InvalidArgumentError(
        StrCat("expected host:port, got '", address, "' (", why, ")"));
  };
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return error("no port");
  HostPort result;
  result.host = address.substr(0, colon);
  if (result.host.size() >= 2 && result.host.front() == '[' && result.host.back() == ']') {
    result.host = result.host.substr(1, result.host.size() - 2);
  } else if (result.host.find(':') != std::string::npos) {
    return error("an IPv6 address needs brackets");
  }
  if (result.host.empty()) return error("no host; 0.0.0.0 is every IPv4 address");
  const char* const first = address.data() + colon + 1;
  const char* const last = address.data() + address.size();
  const auto [end, code] = std::from_chars(first, last, result.port);
  if (code != std::errc() || end != last || result.port < 0 || result.port > 65535) {
    return error("the port must be 0 to 65535");
  }
  return result;
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void Descriptor::Close() {
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

StatusOr<std::unique_ptr<Listener>> Listener::Bind(const std::string& address,
                                                   size_t max_connections, ProblemLog* problems) {
  SEQ_ASSIGN_OR_RETURN(const HostPort parsed, HostPort::Parse(address));
  std::unique_ptr<Listener> listener(new Listener(max_connections, problems));
  if (const Status status = listener->Open(parsed); !status.ok()) {
    return Status(status.code(), StrCat("cannot listen on ", address, ": ", status.message()));
  }
  return listener;
}

Status Listener::Open(const HostPort& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (error != 0) return absl::UnavailableError(gai_strerror(error));
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(found);
  SEQ_ASSIGN_OR_RETURN(listen_, BindTo(*addresses));
  port_ = PortOf(listen_.get());
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  stop_ = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  reserve_ = OpenReserve();
  if (!epoll_.valid() || !stop_.valid() || !reserve_.valid()) return SystemError("epoll");
  if (!Watch(epoll_.get(), listen_.get(), EPOLLIN) || !Watch(epoll_.get(), stop_.get(), EPOLLIN)) {
    return SystemError("epoll_ctl");
  }
  return absl::OkStatus();
}

Listener::~Listener() {
  Stop();
  for (const int fd : watched_) close(fd);
}

void Listener::Start(Handler handler) {
  handler_ = std::move(handler);
  thread_ = std::thread([this] { Loop(); });
}

void Listener::Stop() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  // An eventfd that can be written takes eight bytes or none, and this one is never full.
  if (write(stop_.get(), &one, sizeof one) != sizeof one) return;
  thread_.join();
  listen_.Close();
}

void Listener::Loop() {
  std::array<epoll_event, 64> events;
  while (true) {
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == stop_.get()) return;
      fd == listen_.get() ? AcceptAll() : Forget(fd);
    }
  }
}

void Listener::AcceptAll() {
  while (true) {
    const int fd = accept4(listen_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      Hand(fd);
    } else if (errno == EMFILE || errno == ENFILE) {
      // Said also when nobody waits; who does is reported again.
      return MakeRoomForOne();
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;  // EAGAIN: no more for now
    }
  }
}

void Listener::Hand(int fd) {
  Descriptor connection(fd);
  if (connections_.load() >= max_connections_) {
    problems_->Note("MAX_CONNECTIONS", StrCat("refused a connection: there are ", max_connections_,
                                              " already (--max-connections)"));
    return;
  }
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  Descriptor watch(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!watch.valid() || !Watch(epoll_.get(), watch.get(), 0)) {
    problems_->Note("NO_DESCRIPTORS", "refused a connection: no file descriptors left");
    return;
  }
  watched_.insert(watch.Release());
  connections_.fetch_add(1);
  handler_(listen_.get(), connection.Release());
}

// Without a free descriptor a waiting connection can be neither taken nor refused, and epoll would
// report it forever.
void Listener::MakeRoomForOne() {
  problems_->Note("NO_DESCRIPTORS", "refused a connection: no file descriptors left");
  reserve_.Close();
  Descriptor refused(accept4(listen_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  refused.Close();
  reserve_ = OpenReserve();
}

void Listener::Forget(int watch_fd) {
  if (watched_.erase(watch_fd) == 0) return;
  // A closed descriptor stays in the set while gRPC's own, of the same socket, is open.
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, watch_fd, nullptr);
  close(watch_fd);
  connections_.fetch_sub(1);
}

size_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return limit.rlim_cur;
}

}  // namespace sequent::rpc
