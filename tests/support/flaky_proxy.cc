#include "tests/support/flaky_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace sequent {
namespace {

sockaddr_in Loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void Require(bool ok, const char* what) {
  if (ok) return;
  std::perror(what);
  std::abort();
}

// Copies what is there; false when the connection is over.
bool Copy(int from, int to, size_t* copied) {
  char buffer[16384];
  const ssize_t got = recv(from, buffer, sizeof(buffer), 0);
  if (got <= 0) return false;
  *copied += static_cast<size_t>(got);
  for (ssize_t sent = 0; sent < got;) {
    const ssize_t n = send(to, buffer + sent, static_cast<size_t>(got - sent), MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += n;
  }
  return true;
}

}  // namespace

FlakyProxy::FlakyProxy(int target_port, size_t cut_after_bytes)
    : target_port_(target_port), cut_after_bytes_(cut_after_bytes) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  Require(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0, "bind");
  Require(listen(listener_, 64) == 0, "listen");
  socklen_t size = sizeof(address);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

FlakyProxy::~FlakyProxy() {
  std::vector<std::thread> forwarders;
  {
    MutexLock lock(&mutex_);
    stopping_ = true;
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    MutexLock lock(&mutex_);
    forwarders = std::move(forwarders_);
  }
  for (std::thread& forwarder : forwarders) forwarder.join();
  close(listener_);
}

void FlakyProxy::Accept() {
  while (true) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    MutexLock lock(&mutex_);
    if (stopping_) {
      close(client);
      return;
    }
    open_.push_back(client);
    forwarders_.emplace_back([this, client] { Forward(client); });
  }
}

void FlakyProxy::Forward(int client) {
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(target_port_);
  bool alive = connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  {
    MutexLock lock(&mutex_);
    open_.push_back(server);
    alive = alive && !stopping_;
  }
  size_t to_server = 0, to_client = 0;
  pollfd fds[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
  while (alive && poll(fds, 2, -1) > 0) {
    if (fds[0].revents != 0 && !Copy(client, server, &to_server)) break;
    if (fds[1].revents != 0 && !Copy(server, client, &to_client)) break;
    if (cut_after_bytes_ > 0 && to_client >= cut_after_bytes_) {
      ++cuts_;
      break;
    }
  }
  MutexLock lock(&mutex_);
  for (const int fd : {client, server}) {
    open_.erase(std::remove(open_.begin(), open_.end(), fd), open_.end());
    close(fd);
  }
}

}  // namespace sequent
